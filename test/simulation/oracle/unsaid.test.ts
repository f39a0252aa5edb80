/** What the oracle holds against the engine where nobody has told it that a write was taken. */
import { assert, describe, it } from "vitest"
import { History } from "./history.ts"

const ODOO = { side: "odoo", isApp: false, id: "person:5" }
const HUBSPOT = { side: "hubspot", isApp: false, id: "person:9900" }
const IN_ODOO = { name: "odoo", isApp: false, keepsHistory: false }

const begun = () => {
  const history = new History(() => 0)
  for (const by of [ODOO, HUBSPOT]) history.enter(by, "P1", { title: "First" }, true)
  history.enter(HUBSPOT, "P1", { title: "Ours" }, false)
  return history
}

/** The engine writes to a system, somebody writes over that, and the engine writes the same once more. */
const said = (told: (history: History, when: "before" | "after") => void, side = IN_ODOO) => {
  const history = begun()
  history.written(side, ODOO.id, "P1", { title: "Ours" })
  told(history, "before")
  history.enter(ODOO, "P1", { title: "Later" }, false)
  told(history, "after")
  history.read("odoo", ODOO.id, "fields")
  history.written(side, ODOO.id, "P1", { title: "Ours" })
  return history.violations.map(({ invariant }) => invariant)
}

describe("a write without an answer, where nothing tells of it", () => {
  it("may be unknown to whoever writes over it", () => {
    assert.deepStrictEqual(
      said(() => {}),
      [],
    )
  })
  it("is known to him where the system keeps a history", () => {
    assert.deepStrictEqual(
      said(() => {}, { ...IN_ODOO, keepsHistory: true }),
      ["regression"],
    )
  })
  for (const when of ["before", "after"] as const)
    it(`is known to him where the journal has the answer, and it came ${when} him`, () => {
      const told = said((history, now) => (now === when ? history.unsaid.told("odoo", ODOO.id) : undefined))
      assert.deepStrictEqual(told, ["regression"])
    })
  it("is known to him where a read has shown it, also one that came later", () => {
    assert.deepStrictEqual(
      said((history, now) => (now === "before" ? history.read("odoo", ODOO.id, "fields") : undefined)),
      ["regression"],
    )
    let shown: ReturnType<History["answered"]> | undefined
    const late = said((history, now) => {
      if (now === "before") shown = history.answered()
      else history.read("odoo", ODOO.id, "fields", shown)
    })
    assert.deepStrictEqual(late, ["regression"])
  })
  it("what was there before it is replaced in any case", () => {
    const history = begun()
    history.written(IN_ODOO, ODOO.id, "P1", { title: "Ours" })
    history.enter(ODOO, "P1", { title: "Later" }, false)
    history.settle("P1", "title", "First")
    assert.deepStrictEqual(
      history.violations.map(({ invariant }) => invariant),
      ["lost"],
    )
    history.settle("P1", "title", "Later")
    history.settle("P1", "title", "Ours")
    assert.lengthOf(history.violations, 1)
  })
})
