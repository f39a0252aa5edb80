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
  it("lets an edit that a write stood over be chosen, which is shown though it stands there no more", () => {
    for (const keep of ["connection", "entity"] as const) {
      const history = new History(() => 0)
      history.enter(APP, "D1", { closeDate: "1" }, false)
      history.enter(HUBSPOT, "D1", { closeDate: "" }, true)
      history.read("hubspot", HUBSPOT.id, "fields")
      history.enter(HUBSPOT, "D1", { closeDate: "2" }, false)
      history.told("hubspot", HUBSPOT.id, "closeDate")
      history.written({ name: "hubspot", isApp: false }, HUBSPOT.id, "D1", { closeDate: "1" })
      history.decided({ thing: "D1", group: "closeDate", side: "hubspot", record: HUBSPOT.id, keep })
      history.written({ name: "app", isApp: true }, APP.id, "D1", { closeDate: "2" })
      assert.deepStrictEqual(
        history.violations.map(({ invariant }) => invariant),
        keep === "connection" ? [] : ["lost"],
      )
    }
  })
  it("takes what was seen for the connection's, not an edit that nobody has read yet", () => {
    for (const isRead of [false, true]) {
      const { history, said } = decided("entity")
      history.enter(APP, "D1", { money: "250" }, false)
      history.enter(HUBSPOT, "D1", { money: "300" }, false)
      if (isRead) history.read("hubspot", HUBSPOT.id, "fields")
      history.decided({ thing: "D1", group: "money", side: "hubspot", record: HUBSPOT.id, keep: "connection" })
      history.written({ name: "app", isApp: true }, APP.id, "D1", { money: "200" })
      assert.deepStrictEqual(said(), isRead ? ["lost"] : [])
    }
  })
  it("knows whose value it was", () => {
    const { history } = decided("connection")
    assert.isTrue(history.decisions.chose("D1", "money", "hubspot"))
    assert.isFalse(decided("entity").history.decisions.chose("D1", "money", "hubspot"))
  })
})
