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
