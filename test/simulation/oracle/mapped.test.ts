/** What the oracle asks of a field that comes into a mapping, leaves it, or is only read. */
import { assert, describe, it } from "vitest"
import { History } from "./history.ts"

const APP = { side: "app", isApp: true, id: "person:c1" }
const HUBSPOT = { side: "hubspot", isApp: false, id: "person:5" }
const IN_HUBSPOT = { name: "hubspot", isApp: false }
const IN_APP = { name: "app", isApp: true }
const RECORDS = [{ id: HUBSPOT.id, thing: "P1" }]
const LATER = 20 * 60_000

describe("the oracle under a mapping that changes", () => {
  const made = (begins: "off" | "both") => {
    let now = 0
    const history = new History(() => now)
    if (begins === "off") history.mapped.set("hubspot", "person", "title", "off", null)
    history.enter(APP, "P1", { title: "Ours" }, true)
    history.enter(HUBSPOT, "P1", { title: "Theirs" }, true)
    const said = () => history.violations.map(({ invariant }) => invariant)
    return { history, said, pass: () => (now += LATER) }
  }

  it("lets nothing be written to a field that is only read, once that has reached everybody", () => {
    const { history, pass, said } = made("both")
    history.remapped(IN_HUBSPOT, "person", "title", "in", RECORDS)
    history.written(IN_HUBSPOT, HUBSPOT.id, "P1", { title: "Ours" })
    assert.deepStrictEqual(said(), [])
    history.enter(APP, "P1", { title: "Later" }, false)
    pass()
    history.written(IN_HUBSPOT, HUBSPOT.id, "P1", { title: "Later" })
    assert.deepStrictEqual(said(), ["unmapped"])
  })
  it("takes what was never in sight for a first sight: the rule decides, and nothing that was emptied wins", () => {
    const edited = made("off")
    edited.history.enter(HUBSPOT, "P1", { title: "Edited" }, false)
    edited.history.remapped(IN_HUBSPOT, "person", "title", "both", RECORDS)
    edited.history.written(IN_HUBSPOT, HUBSPOT.id, "P1", { title: "Ours" })
    assert.deepStrictEqual(edited.said(), ["lost"])
    const emptied = made("off")
    emptied.history.enter(HUBSPOT, "P1", { title: "" }, false)
    emptied.history.remapped(IN_HUBSPOT, "person", "title", "both", RECORDS)
    emptied.history.written(IN_APP, APP.id, "P1", { title: "" })
    assert.deepStrictEqual(emptied.said(), ["lost"])
  })
  it("takes either where a field that was in sight comes back", () => {
    const { history, said } = made("both")
    history.remapped(IN_HUBSPOT, "person", "title", "off", RECORDS)
    history.enter(HUBSPOT, "P1", { title: "Meanwhile" }, false)
    history.remapped(IN_HUBSPOT, "person", "title", "both", RECORDS)
    history.written(IN_HUBSPOT, HUBSPOT.id, "P1", { title: "Ours" })
    assert.deepStrictEqual(said(), [])
  })
})
