/** A reference that is due in the place of another, and the two that they mean become one before it is written. */
import { assert, describe, it } from "vitest"
import type { Core } from "./core.ts"
import { ada, bertha, groupsDue, scene, write } from "./scene.ts"

describe("a reference that is due in the place of another", () => {
  /** Three companies and two people, known to the app and to the CRM each; Ada works for the second company. */
  const known = () => {
    const core = scene()
    for (const number of [1, 2, 3]) {
      const firm = { name: `Firm ${number}`, domain: `firm${number}.org` }
      core.observe("app", "firm", `a${number}`, firm, 1_000 + number)
      core.observe("crm", "firm", `f${number}`, firm, 1_100 + number)
    }
    core.observe("app", "person", "1", { ...ada, company: "firm:a2" }, 2_000)
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f2" }, 2_100)
    return core
  }
  const firm = (core: Core, number: number) =>
    core.entities("company").find(({ links }) => links["app"]?.primary?.id === `a${number}`)!.id
  const merge = (core: Core, from: string, into: string, at: number, type: "company" | "contact" = "company") =>
    core.append(at, { _tag: "MergeRequested", by: "ops", from: { type, id: from }, into: { type, id: into } })
  const notes = (core: Core) => core.loaded.range("replacing", "")

  for (const [what, from, into] of [
    ["the one that stands there into the one that is due", 2, 1],
    ["the one that is due into the one that stands there", 1, 2],
  ] as const) {
    it(`[R15] [R25] is due no more once they are one, ${what}, and is again after a split`, () => {
      const core = known()
      core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 3_000)
      assert.deepStrictEqual(groupsDue(core, "app"), [["company"]])
      const [part, whole] = [firm(core, from), firm(core, into)]
      merge(core, part, whole, 3_100)
      assert.deepStrictEqual([core.due("app"), core.due("crm"), notes(core)], [[], [], []])
      core.append(4_000, { _tag: "SplitRequested", by: "ops", entity: { type: "company", id: whole }, merged: part })
      assert.deepStrictEqual(core.value("contact", "company"), [firm(core, 1)])
      assert.deepStrictEqual(write(core, "app", 4_100).values, { company: "firm:a1" })
      assert.deepStrictEqual([core.due("app"), core.due("crm"), notes(core)], [[], [], []])
      assert.strictEqual(core.replayed().dump(), core.dump())
    })
  }
  it("[R15] is due no more once they are one, also where the one that stands there was deleted", () => {
    const core = known()
    const two = firm(core, 2)
    const gone = { connection: "app", object: "firm", externalId: "a2" }
    core.append(2_500, { _tag: "RecordGone", ...gone, reason: "deleted", readStartedAt: 2_400 })
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 3_000)
    assert.deepStrictEqual(groupsDue(core, "app"), [["company"]])
    merge(core, two, firm(core, 1), 3_100)
    assert.deepStrictEqual([core.due("app"), core.due("crm"), notes(core)], [[], [], []])
  })
  it("[R15] [R18] is due no more where the provider's own merge links what was waited for and makes them one", () => {
    const core = known()
    // A record made of both, which could be either's: Ada's reference to it waits.
    core.observe("crm", "firm", "f9", { name: "Firm 1", domain: "firm1.org" }, 3_000)
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f9" }, 3_100)
    for (const externalId of ["f2", "f1"])
      core.append(3_200, {
        _tag: "RecordMerged",
        connection: "crm",
        object: "firm",
        externalId,
        into: "f9",
        readStartedAt: 3_150,
      })
    assert.strictEqual(core.entities("company").length, 2)
    assert.deepStrictEqual([core.due("app"), core.due("crm"), notes(core)], [[], [], []])
  })
  it("[R15] stays due while what stands there is another one, whatever else they become one with", () => {
    const core = known()
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 3_000)
    const [one, two, three] = [firm(core, 1), firm(core, 2), firm(core, 3)]
    merge(core, one, three, 3_100)
    assert.deepStrictEqual(groupsDue(core, "app"), [["company"]])
    merge(core, two, three, 3_200)
    assert.deepStrictEqual([core.due("app"), core.due("crm"), notes(core)], [[], [], []])
  })
  it("[R15] is due no more in a set either, where the one that is to come is one with the one that is there", () => {
    const core = known()
    core.observe("app", "person", "2", bertha, 2_200)
    core.observe("crm", "person", "c2", bertha, 2_300)
    const deal = { title: "Engine", stage: "open", company: null }
    core.observe("app", "deal", "d1", { ...deal, contacts: ["person:1"] }, 2_400)
    core.observe("crm", "deal", "d9", { ...deal, contacts: ["person:c1"] }, 2_500, {
      ownId: `mark0000-${core.entities("deal")[0]!.id}`,
    })
    core.observe("crm", "deal", "d9", { ...deal, contacts: ["person:c1", "person:c2"] }, 3_000)
    assert.deepStrictEqual(groupsDue(core, "app"), [["contacts"]])
    const [first, second] = core.entities("contact").map(({ id }) => id) as [string, string]
    merge(core, second, first, 3_100, "contact")
    assert.deepStrictEqual([core.due("app"), notes(core)], [[], []])
  })
  const isGoneAndBack = (core: Core) => {
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 3_000)
    assert.deepStrictEqual(groupsDue(core, "app"), [["company"]])
    const gone = { connection: "app", object: "firm", externalId: "a1" }
    core.append(3_100, { _tag: "RecordGone", ...gone, reason: "archived", readStartedAt: 3_050 })
    assert.deepStrictEqual([core.due("app"), notes(core)], [[], []])
    core.observe("app", "firm", "a1", { name: "Firm 1", domain: "firm1.org" }, 3_200)
    assert.deepStrictEqual(write(core, "app", 3_300).values, { company: "firm:a1" })
    assert.deepStrictEqual([core.due("app"), notes(core)], [[], []])
    assert.strictEqual(core.replayed().dump(), core.dump())
  }
  it("[R15] is due no more once what it refers to is gone, and is again when that is back", () =>
    isGoneAndBack(known()))
  it("[R15] in an empty place is due no more once what it refers to is gone, and is again when that is back", () => {
    const core = known()
    core.observe("app", "person", "1", { ...ada, company: null }, 2_500)
    write(core, "crm", 2_600)
    isGoneAndBack(core)
  })
  it("[R15] is noted no longer than it is due, also where nothing stands", () => {
    const core = known()
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 3_000)
    assert.strictEqual(notes(core)!.length, 1)
    write(core, "app", 3_100)
    assert.deepStrictEqual([core.due("app"), notes(core)], [[], []])
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f3" }, 3_200)
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 3_300)
    assert.deepStrictEqual([core.due("app"), notes(core)], [[], []])
    core.observe("crm", "person", "c2", { ...bertha, company: "firm:f1" }, 3_400)
    core.observe("app", "person", "2", { ...bertha, company: null }, 3_500)
    assert.deepStrictEqual(groupsDue(core, "app"), [["company"]])
    assert.strictEqual(notes(core)!.length, 1)
    write(core, "app", 3_600)
    assert.deepStrictEqual([core.due("app"), notes(core)], [[], []])
  })
})
