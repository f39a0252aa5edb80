/** What the oracle asks of two that an operator said are one. */
import { assert, describe, it } from "vitest"
import { History } from "./history.ts"

const IN_APP = { name: "app", isApp: true }
const RECORD = "person:c2"
const LATER = 20 * 60_000

describe("the oracle and two that are said to be one", () => {
  const joined = () => {
    let now = 0
    const history = new History(() => now)
    history.enter({ side: "app", isApp: true, id: "person:c1" }, "P1", { title: "", phone: "1" }, true)
    history.enter({ side: "app", isApp: true, id: RECORD }, "P2", { title: "Hers", phone: "2" }, true)
    now += LATER
    history.joined("P2", "P1")
    return { history, said: () => history.violations.map(({ invariant }) => invariant), pass: () => (now += LATER) }
  }

  it("lets what the one lacks be filled from the other, and nothing else", () => {
    const { history, said } = joined()
    history.written(IN_APP, "person:c1", "P1", { title: "Hers" })
    assert.deepStrictEqual(said(), [])
    history.written(IN_APP, "person:c1", "P1", { phone: "2" })
    assert.deepStrictEqual(said(), ["invented"])
  })
  it("lets what was never said of the one be filled too, and be empty again after a split", () => {
    const { history, said } = joined()
    history.enter({ side: "app", isApp: true, id: "deal:d2" }, "D2", { company: "C1" }, true)
    history.joined("D2", "D1")
    history.written(IN_APP, "deal:d1", "D1", { company: "C1" })
    history.parted("D2", [])
    history.written(IN_APP, "deal:d1", "D1", { company: "" })
    assert.deepStrictEqual(said(), [])
    history.written(IN_APP, "deal:d1", "D1", { company: "C2" })
    assert.deepStrictEqual(said(), ["invented"])
  })
  it("lets be filled what the one has where nobody has ever looked", () => {
    const history = new History(() => 0)
    history.mapped.set("odoo", "company", "phone", "off", null)
    history.enter({ side: "odoo", isApp: false, id: "company:7" }, "C1", { phone: "1" }, true)
    history.enter({ side: "app", isApp: true, id: "company:c2" }, "C2", { phone: "2" }, true)
    history.joined("C2", "C1")
    history.written(IN_APP, "company:c1", "C1", { phone: "2" })
    const said = () => history.violations.map(({ invariant }) => invariant)
    assert.deepStrictEqual(said(), [])
    history.mapped.set("odoo", "company", "phone", "in", 0)
    history.enter({ side: "odoo", isApp: false, id: "company:8" }, "C3", { phone: "3" }, true)
    history.joined("C2", "C3")
    history.written(IN_APP, "company:c3", "C3", { phone: "2" })
    assert.deepStrictEqual(said(), ["invented"])
  })
  it("takes either of two companies that are one for what somebody works for", () => {
    const history = new History(() => 0)
    history.enter({ side: "app", isApp: true, id: "person:c1" }, "P1", { company: "" }, true)
    history.enter({ side: "hubspot", isApp: false, id: "person:7" }, "P1", { company: "" }, true)
    history.joined("C2", "C1")
    history.enter({ side: "hubspot", isApp: false, id: "person:7" }, "P1", { company: "C2" }, false)
    history.written(IN_APP, "person:c1", "P1", { company: "C1" })
    history.settle("P1", "company", "C1")
    history.parted("C2", [])
    history.written(IN_APP, "person:c1", "P1", { company: "C2" })
    const said = () => history.violations.map(({ invariant }) => invariant)
    assert.deepStrictEqual([said(), history.joins.whole("C2")], [[], "C2"])
    history.written(IN_APP, "person:c1", "P1", { company: "C3" })
    assert.deepStrictEqual(said(), ["invented"])
  })
  it("asks for no edit that nobody had read when what the other brought was written over it", () => {
    const { history, said } = joined()
    const odoo = { side: "odoo", isApp: false, id: "person:7" }
    history.enter(odoo, "P1", { title: "" }, true)
    history.read("odoo", odoo.id, "fields")
    history.enter(odoo, "P1", { title: "Theirs" }, false)
    history.written({ name: "odoo", isApp: false }, odoo.id, "P1", { title: "Hers" })
    history.enter({ side: "app", isApp: true, id: "person:c1" }, "P1", { title: "Mine" }, false)
    history.settle("P1", "title", "Mine")
    assert.deepStrictEqual([history.gaps, said()], [1, []])
  })
  it("lets nothing be written to the other's records, once everybody knows", () => {
    const { history, pass, said } = joined()
    history.enter({ side: "hubspot", isApp: false, id: "person:7" }, "P2", { title: "Edited" }, false)
    history.written(IN_APP, RECORD, "P2", { title: "Edited" })
    assert.deepStrictEqual(said(), [])
    pass()
    history.written(IN_APP, RECORD, "P2", { title: "Hers" })
    assert.deepStrictEqual(said(), ["duplicate"])
  })
  it("lets their own be written to them from when somebody says that they are two, before there is an answer", () => {
    const { history, pass, said } = joined()
    history.enter({ side: "hubspot", isApp: false, id: "person:7" }, "P2", { title: "Edited" }, false)
    pass()
    history.joins.dispute("P2")
    history.written(IN_APP, RECORD, "P2", { title: "Edited" })
    assert.deepStrictEqual(said(), [])
    history.written(IN_APP, RECORD, "P2", { title: "Never" })
    assert.deepStrictEqual(said(), ["invented"])
  })
  it("lets the weaker side win no conflict of what people did in them meanwhile", () => {
    const { history, said } = joined()
    const hubspot = { side: "hubspot", isApp: false, id: "person:7" }
    history.enter(hubspot, "P2", { title: "Hers" }, true)
    history.read("hubspot", hubspot.id, "fields")
    history.enter(hubspot, "P2", { title: "Theirs" }, false)
    history.read("hubspot", hubspot.id, "fields")
    history.enter({ side: "app", isApp: true, id: RECORD }, "P2", { title: "Ours" }, false)
    history.parted("P2", [])
    history.written({ name: "hubspot", isApp: false }, hubspot.id, "P2", { title: "Ours" })
    assert.deepStrictEqual(said(), ["lost"])
  })
  it("takes what stands in them for a first sight when they are parted: either may stand", () => {
    const { history, pass, said } = joined()
    const inHubspot = { name: "hubspot", isApp: false }
    history.enter({ side: "hubspot", isApp: false, id: "person:7" }, "P2", { phone: "3" }, true)
    pass()
    history.parted("P2", [{ side: "hubspot", isApp: false, id: "person:7" }])
    history.written(inHubspot, "person:7", "P2", { phone: "2" })
    assert.deepStrictEqual(said(), [])
    history.written(IN_APP, RECORD, "P2", { phone: "4" })
    assert.deepStrictEqual(said(), ["invented"])
  })
})
