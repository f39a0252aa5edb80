/** What the oracle asks once a person has decided between two values of a deal. */
import { assert, describe, it } from "vitest"
import { History } from "./history.ts"

const APP = { side: "app", isApp: true, id: "deal:d1" }
const HUBSPOT = { side: "hubspot", isApp: false, id: "deal:5" }

describe("the oracle and what a person decides", () => {
  const decided = (keep: "connection" | "entity") => {
    let now = 0
    const history = new History(() => now)
    history.enter(APP, "D1", { money: "100" }, false)
    history.enter(HUBSPOT, "D1", { money: "200" }, false)
    history.read("hubspot", HUBSPOT.id, "fields")
    now = 3_600_000
    history.decided({ thing: "D1", group: "money", side: "hubspot", record: HUBSPOT.id, keep })
    const said = () => history.violations.map(({ invariant }) => invariant)
    return { history, said, inApp: () => history.written({ name: "app", isApp: true }, APP.id, "D1", { money: "200" }) }
  }

  it("lets what was chosen be written over the other, and not the other way round", () => {
    const connections = decided("connection")
    connections.inApp()
    assert.deepStrictEqual(connections.said(), [])
    const entitys = decided("entity")
    entitys.inApp()
    assert.deepStrictEqual(entitys.said(), ["lost"])
  })
  it("asks that it stands at the end, unless somebody has edited since", () => {
    const { history, said } = decided("connection")
    history.settle("D1", "money", "200")
    assert.deepStrictEqual(said(), [])
    history.settle("D1", "money", "100")
    assert.deepStrictEqual([...new Set(said())], ["lost"])
    const later = decided("connection")
    later.history.written({ name: "app", isApp: true }, APP.id, "D1", { money: "200" })
    later.history.enter(APP, "D1", { money: "300" }, false)
    later.history.settle("D1", "money", "300")
    assert.deepStrictEqual(later.said(), [])
  })
  it("knows whose value it was", () => {
    const { history } = decided("connection")
    assert.isTrue(history.decisions.chose("D1", "money", "hubspot"))
    assert.isFalse(decided("entity").history.decisions.chose("D1", "money", "hubspot"))
  })
})
