/** What people typed stands in the keys of documents: whatever it is, every store takes them, and like is found by like. */
import { assert, describe, it } from "vitest"
import { ada, scene } from "./scene.ts"

const LONG = "lorem ipsum dolor sit amet ".repeat(40)
const NO_TEXT = "a\0\ud800"

describe("what no store takes as a key", () => {
  const alike = [`${"a".repeat(600)}@lovelace.org`, "a\0da@lovelace.org", "a\ud800da@lovelace.org"]
  it.each(alike)("[R11] is an address that finds its contact all the same", (email) => {
    const core = scene()
    core.observe("app", "person", "p1", { ...ada, email, otherEmails: ["other@lovelace.org"] }, 1_000)
    core.observe("crm", "person", "c1", { ...ada, email }, 2_000)
    assert.lengthOf(core.entities("contact"), 1)
    core.observe("crm", "person", "c2", { ...ada, email: email.replace("a", "e") }, 3_000)
    assert.lengthOf(core.entities("contact"), 2)
  })

  it("[R11] two that differ in a lone surrogate alone are two", () => {
    const core = scene()
    core.observe("app", "person", "p1", { ...ada, email: "a\ud800@lovelace.org" }, 1_000)
    core.observe("crm", "person", "c1", { ...ada, email: "a\ud801@lovelace.org" }, 2_000)
    assert.lengthOf(core.entities("contact"), 2)
  })

  it("[R11] is a family name of a page, found by the number", () => {
    const core = scene()
    const person = { ...ada, email: null, phone: "+49301234567", lastName: LONG }
    core.observe("app", "person", "p1", person, 1_000)
    core.observe("crm", "person", "c1", person, 2_000)
    assert.lengthOf(core.entities("contact"), 1)
  })

  it("[R12] is a subject of a page: alike ones are a question", () => {
    const core = scene()
    core.observe("crm", "person", "c1", ada, 1_000)
    core.observe("app", "person", "p1", ada, 1_100)
    const call = { kind: "call", subject: LONG, time: "2026-01-31T08:00:00.000Z" }
    core.observe("crm", "call", "x1", { ...call, contacts: ["person:c1"] }, 2_000)
    core.observe("app", "call", "a1", { ...call, contacts: ["person:p1"] }, 3_000)
    assert.lengthOf(core.entities("activity"), 1)
    assert.lengthOf(core.loaded.range("question", "")!, 1)
  })

  it.each([LONG, NO_TEXT])("[R15] is a reference to nothing there is, until another stands there", (id) => {
    const core = scene()
    core.observe("crm", "firm", "f1", { name: "One", domain: "one.org" }, 1_000)
    core.observe("crm", "person", "c1", { ...ada, company: `firm:${id}` }, 2_000)
    assert.lengthOf(core.loaded.range("wait", "crm|")!, 1)
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 3_000)
    assert.deepStrictEqual(core.loaded.range("wait", "crm|"), [])
    assert.isString(core.entities("contact")[0]!.groups["company"]?.value["company"])
  })
})
