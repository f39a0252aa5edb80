/** References to a record that the provider has merged away, which nobody has read again since. */
import { assert, describe, it } from "vitest"
import { EDITION } from "../src/edition.ts"
import { ada, bertha, gone, groupsDue, scene, write } from "./scene.ts"

describe("a reference to a record that was merged away", () => {
  /** Ada works for the second firm by what the CRM says; there it became part of the first one. */
  const merged = (edition: number = EDITION) => {
    const core = scene({ edition })
    for (const number of [1, 2, 3]) {
      const firm = { name: `Firm ${number}`, domain: `firm${number}.org` }
      core.observe("app", "firm", `a${number}`, firm, 1_000 + number)
      core.observe("crm", "firm", `f${number}`, firm, 1_100 + number)
    }
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f2" }, 2_000)
    core.observe("app", "person", "1", { ...ada, company: "firm:a2" }, 2_100)
    core.append(3_000, {
      _tag: "RecordMerged",
      connection: "crm",
      object: "firm",
      externalId: "f2",
      into: "f1",
      readStartedAt: 2_900,
    })
    return core
  }
  const firm = (core: ReturnType<typeof merged>, id: string) =>
    core.entities("company").find(({ links }) => links["crm"]?.primary?.id === id)!.id

  it("[R15] leaves nothing due as long as the same is meant", () => {
    const core = merged()
    assert.deepStrictEqual(core.due("crm"), [])
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 4_000)
    assert.deepStrictEqual([core.due("crm"), core.due("app")], [[], []])
    assert.deepStrictEqual(core.loaded.range("conflict", "crm|"), [])
  })
  for (const [what, company, written] of [
    ["emptied", null, null],
    ["set to another", "firm:a3", "firm:f3"],
  ] as const) {
    it(`[R15] is known: ${what} elsewhere, that is due there at once`, () => {
      const core = merged()
      core.observe("app", "person", "1", { ...ada, company }, 4_000)
      assert.deepStrictEqual(groupsDue(core, "crm"), [["company"]])
      assert.deepStrictEqual(write(core, "crm", 4_100).values, { company: written })
    })
    it(`[R5] is no edit once the record is read that stands for it now: ${what} elsewhere, that stands`, () => {
      const core = merged()
      core.observe("app", "person", "1", { ...ada, company }, 4_000)
      core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 5_000)
      assert.deepStrictEqual(core.value("contact", "company"), [company === null ? null : firm(core, "f3")])
      assert.deepStrictEqual(core.due("app"), [])
      assert.deepStrictEqual(write(core, "crm", 5_100).values, { company: written })
    })
  }
  it("[R5] is an edit where a third one is read, and wins over what was edited elsewhere", () => {
    const core = merged()
    core.observe("app", "person", "1", { ...ada, company: null }, 4_000)
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f3" }, 5_000)
    assert.deepStrictEqual(core.value("contact", "company"), [firm(core, "f3")])
    assert.deepStrictEqual([core.due("crm"), groupsDue(core, "app")], [[], [["company"]]])
  })
  for (const [edition, says, due] of [
    [1, "is left alone by the first edition", []],
    [EDITION, "is due where it is said to be none elsewhere", [["company"]]],
  ] as const)
    it(`[R15] [R27] to one that was deleted, for which nothing stands, ${says}`, () => {
      const core = merged(edition)
      core.observe("crm", "person", "c2", { ...bertha, company: "firm:f3" }, 4_000)
      core.observe("app", "person", "2", { ...bertha, company: "firm:a3" }, 4_100)
      gone(core, "crm", "f3", 5_000, "firm")
      core.observe("app", "person", "2", { ...bertha, company: null }, 6_000)
      assert.include(core.value("contact", "company"), null)
      assert.deepStrictEqual(groupsDue(core, "crm"), due)
    })
})
