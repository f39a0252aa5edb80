/** Where the oracle lets systems show different companies. */
import { assert, describe, it } from "vitest"
import type { SideName } from "../script.ts"
import { History } from "./history.ts"
import { mayDiffer } from "./removed.ts"

/** A person of C1 in both, of whom people said these after that. */
const after = (...entered: ReadonlyArray<readonly [side: SideName, company: string]>) => {
  const history = new History(() => 0)
  const enter = (side: SideName, company: string, isFirst: boolean) =>
    history.enter({ side, isApp: side === "app", id: "person:1" }, "P1", { company }, isFirst)
  enter("app", "C1", true)
  enter("hubspot", "C1", true)
  for (const [side, company] of entered) enter(side, company, false)
  return (shown: Partial<Record<SideName, string>>, removed: Readonly<Record<string, ReadonlyArray<SideName>>>) =>
    mayDiffer(
      { removed: new Map(Object.entries(removed).map(([key, sides]) => [key, new Set(sides)])) },
      history,
      "P1",
      Object.entries(shown).map(([name, value]) => ({ side: { name }, value })),
    )
}

describe("the oracle and a company that is deleted in one system", () => {
  it("takes none there for it", () => {
    const may = after(["hubspot", ""])
    assert.isTrue(may({ app: "C1", hubspot: "" }, { C1: ["hubspot"] }))
    assert.isFalse(may({ app: "", hubspot: "C1" }, { C1: ["hubspot"] }))
  })
  it("asks of another company, whatever else is deleted", () => {
    assert.isFalse(after(["hubspot", "C2"])({ app: "C1", hubspot: "C2" }, { C3: ["hubspot"], P1: ["app"] }))
    assert.isFalse(after(["app", ""])({ app: "", hubspot: "C1" }, { C3: ["hubspot", "app"] }))
  })
  it("asks of what was chosen in its place there", () => {
    assert.isFalse(after(["hubspot", ""], ["hubspot", "C2"])({ app: "C1", hubspot: "C2" }, { C1: ["hubspot"] }))
  })
  it("lets stand there what took its place, where it was chosen again elsewhere since", () => {
    const replaced = [
      ["odoo", "C2"],
      ["odoo", "C3"],
    ] as const
    const shown = { app: "C2", odoo: "C3" }
    assert.isFalse(after(...replaced)(shown, { C2: ["odoo"] }))
    assert.isTrue(after(...replaced, ["app", "C2"])(shown, { C2: ["odoo"] }))
  })
  it("lets stand there what it was chosen for elsewhere, also where it is deleted there since", () => {
    assert.isTrue(after(["app", "C2"])({ app: "C2", hubspot: "C1" }, { C2: ["hubspot"] }))
    assert.isTrue(after(["app", "C2"], ["app", ""])({ app: "", hubspot: "C1" }, { C2: ["hubspot", "app"] }))
  })
})

/** What is said at the end of a deal in Odoo whose company C1 was deleted there, or that somebody has said is of none. */
const ofDeal = (isLeftEmpty: boolean, andThen: (history: History) => void = () => {}): ReadonlyArray<string> => {
  const history = new History(() => 0)
  history.enter({ side: "app", isApp: true, id: "deal:1" }, "D1", { company: "C1" }, true)
  history.stood("odoo", "deal:2", "D1", "company", "C1")
  const by = { side: "odoo", isApp: false, id: "deal:2" }
  for (const one of history.enter(by, "D1", { company: "" }, false)) one.isLeftEmpty = isLeftEmpty
  andThen(history)
  history.settle("D1", "company", "C1")
  return history.violations.map(({ invariant }) => invariant)
}

describe("the oracle and what a deletion left of no company", () => {
  it("lets the company stand in the systems that have it, and no other way", () => {
    assert.deepStrictEqual([ofDeal(true), ofDeal(false)], [[], ["lost"]])
  })
  it("asks for none once the engine has carried that anywhere", () => {
    const writes = (history: History): void =>
      void history.written({ name: "app", isApp: true }, "deal:1", "D1", { company: "" })
    assert.deepStrictEqual(ofDeal(true, writes), ["lost"])
  })
  it("asks for what was chosen there after it", () => {
    const chooses = (history: History): void =>
      void history.enter({ side: "odoo", isApp: false, id: "deal:2" }, "D1", { company: "C2" }, false)
    assert.deepStrictEqual(ofDeal(true, chooses), ["lost"])
  })
})
