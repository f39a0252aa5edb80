/** Two records become one at a provider: in whichever order its parts are told of. */
import { assert, describe, it } from "vitest"
import type { RecordDoc } from "../src/state/documents.ts"
import { type Core, policyOf } from "./core.ts"
import { ada, bertha, gone, groupsDue, scene, write } from "./scene.ts"

const merged = (core: Core, object: string, externalId: string, into: string, at: number) =>
  core.append(at, { _tag: "RecordMerged", connection: "crm", object, externalId, into, readStartedAt: at - 100 })

describe("a provider's merge", () => {
  const known = () => {
    const core = scene()
    core.observe("crm", "person", "c1", ada, 2_000)
    core.observe("crm", "person", "c2", { ...bertha, phone: "+493012345" }, 2_100)
    core.observe("erp", "person", "e2", { ...bertha, phone: "+493012345" }, 2_200)
    const [id] = core.entities("contact").filter(({ links }) => links["crm"]?.primary?.id === "c1")
    return { core, ownId: `mark0000-${id!.id}` }
  }
  const assertOne = (core: Core) => {
    assert.strictEqual(core.entities("contact").length, 1)
    const [doc] = core.entities("contact")
    assert.deepStrictEqual([doc!.links["crm"]!.primary?.id, doc!.links["erp"]!.primary?.id], ["c3", "e2"])
    assert.deepStrictEqual(core.loaded.range("question", ""), [])
  }

  it("[R18] into a record that is not seen yet merges ours when it is", () => {
    const { core, ownId } = known()
    merged(core, "person", "c2", "c3", 3_000)
    merged(core, "person", "c1", "c3", 3_100)
    core.observe("crm", "person", "c3", { ...ada, otherEmails: [bertha.email] }, 3_200, { ownId })
    assertOne(core)
  })
  it("[R18] into a record that was deleted, and is back unseen, merges ours when it is seen, and nothing before", () => {
    const { core } = known()
    gone(core, "crm", "c2", 3_000)
    merged(core, "person", "c1", "c2", 3_100)
    assert.deepStrictEqual([core.entities("contact").length, core.due("crm")], [2, []])
    core.observe("crm", "person", "c2", { ...bertha, phone: "+493012345", otherEmails: [ada.email] }, 3_200)
    const [doc, ...others] = core.entities("contact")
    assert.deepStrictEqual(others, [])
    assert.deepStrictEqual([doc!.links["crm"]!.primary?.id, doc!.links["erp"]!.primary?.id], ["c2", "e2"])
    assert.deepStrictEqual(core.loaded.range("question", ""), [])
    assert.strictEqual(core.replayed().dump(), core.dump())
  })
  it("[R18] whose new record is seen between its two halves merges ours", () => {
    const { core, ownId } = known()
    merged(core, "person", "c2", "c3", 3_000)
    core.observe("crm", "person", "c3", { ...ada, otherEmails: [bertha.email] }, 3_100, { ownId })
    merged(core, "person", "c1", "c3", 3_200)
    assertOne(core)
  })
  it("[R18] puts the values of the one nowhere in the place of the other's while only one half of it is known", () => {
    const core = scene()
    for (const [at, id, person] of [
      [2_000, "1", ada],
      [2_100, "2", bertha],
    ] as const) {
      core.observe("crm", "person", `c${id}`, person, at)
      core.observe("app", "person", id, person, at + 50)
    }
    merged(core, "person", "c2", "c3", 3_000)
    core.observe("crm", "person", "c3", { ...ada, otherEmails: [bertha.email] }, 3_100)
    assert.deepStrictEqual(
      [core.due("app"), core.value("contact", "email").toSorted()],
      [[], [ada.email, bertha.email]],
    )
    merged(core, "person", "c1", "c3", 3_200)
    const [doc, ...others] = core.entities("contact")
    assert.deepStrictEqual(others, [])
    assert.deepStrictEqual([doc!.links["crm"]!.primary?.id, doc!.links["app"]!.primary?.id], ["c3", "1"])
    assert.deepStrictEqual(core.value("contact", "email"), [ada.email])
    assert.deepStrictEqual(core.loaded.range("question", ""), [])
  })
  it("[R18] into a record that is merged on before anybody knows whose it is ends with the last one", () => {
    const core = scene()
    core.observe("crm", "person", "c1", ada, 2_000)
    core.observe("crm", "person", "c2", bertha, 2_100)
    core.observe("erp", "person", "e1", ada, 2_200)
    merged(core, "person", "c2", "c3", 3_000)
    core.observe("crm", "person", "c3", { ...ada, otherEmails: [bertha.email] }, 3_100)
    merged(core, "person", "c3", "c4", 3_200)
    merged(core, "person", "c1", "c4", 3_300)
    core.observe("crm", "person", "c4", { ...ada, otherEmails: [bertha.email] }, 3_400)
    const [doc, ...others] = core.entities("contact")
    assert.deepStrictEqual(others, [])
    assert.deepStrictEqual([doc!.links["crm"]!.primary?.id, doc!.links["erp"]!.primary?.id], ["c4", "e1"])
    assert.deepStrictEqual(core.loaded.range("question", ""), [])
  })
  it("[R18] answers the question whether the two that it makes one are one", () => {
    const { core, ownId } = known()
    core.observe("crm", "person", "c3", { ...ada, otherEmails: [bertha.email] }, 3_000, { ownId })
    merged(core, "person", "c1", "c3", 3_100)
    assert.deepStrictEqual(core.loaded.range("question", ""), ["crm|person:c3"])
    merged(core, "person", "c2", "c3", 3_200)
    assertOne(core)
  })
  it("[R18] keeps an edit that was not written yet: what the new record shows as it was before is no news", () => {
    const core = scene()
    core.observe("crm", "person", "c1", ada, 2_000)
    core.observe("app", "person", "1", ada, 2_100)
    core.observe("app", "person", "1", { ...ada, title: "Programmer" }, 2_200)
    const ownId = `mark0000-${core.entities("contact")[0]!.id}`
    core.observe("crm", "person", "c3", { ...ada, phone: "+493012345" }, 2_500, { ownId })
    merged(core, "person", "c1", "c3", 3_000)
    assert.deepStrictEqual(core.value("contact", "title"), ["Programmer"])
    assert.deepStrictEqual(core.value("contact", "phone"), ["+493012345"])
    assert.deepStrictEqual(core.plan("crm", "contact", core.entities("contact")[0]!.id)?.values, {
      title: "Programmer",
    })
  })
  for (const [what, edited] of [
    ["is as it was known before the merge", {}],
    ["is as it was known before the merge, with what people did in it since", { phone: "+493012345" }],
  ] as const)
    it(`[R16] a duplicate that takes the place of what was deleted ${what}`, () => {
      const core = scene()
      for (const [number, person] of [ada, bertha].entries()) {
        core.observe("crm", "person", `c${number}`, person, 2_000 + number)
        core.observe("app", "person", `${number}`, person, 2_100 + number)
      }
      merged(core, "person", "c1", "c0", 3_000)
      if ("phone" in edited) core.observe("app", "person", "1", edited, 3_100)
      gone(core, "app", "0", 3_200)
      const [doc] = core.entities("contact")
      assert.strictEqual(doc!.links["app"]!.primary?.id, "1")
      const { email, firstName, lastName, title } = ada
      assert.deepStrictEqual(core.plan("app", "contact", doc!.id)?.values, { email, firstName, lastName, title })
      assert.deepStrictEqual(core.value("contact", "phone"), ["phone" in edited ? edited.phone : null])
    })
  it("[R18] leaves references to a duplicate alone: it is a record of the same entity", () => {
    const core = scene()
    core.observe("crm", "firm", "f1", { name: "One", domain: "one.org" }, 1_000)
    core.observe("erp", "firm", "g1", { name: "One", domain: "one.org" }, 1_100)
    core.observe("crm", "firm", "f2", { name: "Two", domain: "two.org" }, 1_200)
    core.observe("erp", "firm", "g2", { name: "Two", domain: "two.org" }, 1_300)
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f2" }, 2_000)
    core.observe("erp", "person", "e1", { ...ada, company: "firm:g2" }, 2_100)
    merged(core, "firm", "f2", "f1", 3_000)
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f1", title: "Programmer" }, 4_000)
    const contact = core.entities("contact")[0]!.id
    assert.deepStrictEqual(core.plan("erp", "contact", contact)?.values, { title: "Programmer" })
  })
  it("[R18] whose new record was a question, which is answered as its last half is told of, has that record once", () => {
    const core = scene()
    for (const number of [1, 2]) {
      const firm = { name: `Firm ${number}`, domain: `firm${number}.org` }
      core.observe("crm", "firm", `f${number}`, firm, 1_000 + number)
      core.observe("app", "firm", `a${number}`, firm, 1_100 + number)
    }
    merged(core, "firm", "f2", "f3", 3_000)
    core.observe("crm", "firm", "f3", { name: "Firm 1", domain: "firm1.org" }, 3_100)
    assert.deepStrictEqual(core.loaded.range("question", ""), ["crm|firm:f3"])
    merged(core, "firm", "f1", "f3", 3_200)
    const [firm, ...others] = core.entities("company")
    assert.deepStrictEqual(others, [])
    assert.deepStrictEqual([firm!.links["crm"]!.primary?.id, firm!.links["crm"]!.duplicates], ["f3", []])
    assert.isTrue((core.documents.get("record\ncrm|firm:f3") as RecordDoc).primary)
  })
  it("[R1] of what we wrote to a record that was merged away, the one that stands for it shows nothing new", () => {
    const core = scene()
    for (const number of [1, 2]) {
      const firm = { name: `Firm ${number}`, domain: `firm${number}.org` }
      core.observe("app", "firm", `a${number}`, firm, 1_000 + number)
      core.observe("crm", "firm", `f${number}`, firm, 1_100 + number)
    }
    core.observe("crm", "person", "c1", { ...ada, company: null }, 2_000)
    core.observe("app", "person", "1", { ...ada, company: "firm:a2" }, 2_100)
    assert.deepStrictEqual(write(core, "crm", 2_200).values, { company: "firm:f2" })
    merged(core, "firm", "f2", "f1", 3_000)
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 4_000)
    const [contact] = core.entities("contact")
    assert.deepStrictEqual(contact!.groups["company"]!.provenance.connection, "app")
    assert.deepStrictEqual(core.due("crm"), [])
  })
  for (const [what, company] of [
    ["emptied", null],
    ["set to another", "firm:f3"],
  ] as const)
    it(`[R5] a reference to a record that was merged away, ${what} by the side that we wrote it to, is edited`, () => {
      const core = scene()
      for (const number of [1, 2, 3]) {
        const firm = { name: `Firm ${number}`, domain: `firm${number}.org` }
        core.observe("app", "firm", `a${number}`, firm, 1_000 + number)
        core.observe("crm", "firm", `f${number}`, firm, 1_100 + number)
      }
      const deal = { title: "Engine", closeDate: null, contacts: [] }
      core.observe("app", "deal", "1", { ...deal, company: "firm:a1" }, 2_000)
      const ownId = `mark0000-${core.entities("deal")[0]!.id}`
      core.observe("crm", "deal", "d1", { ...deal, company: "firm:f1" }, 2_100, { ownId })
      core.observe("app", "deal", "1", { ...deal, company: "firm:a2" }, 2_200)
      write(core, "crm", 2_300)
      core.observe("crm", "deal", "d1", { ...deal, company: "firm:f2" }, 2_400)
      merged(core, "firm", "f2", "f1", 3_000)
      core.observe("crm", "deal", "d1", { ...deal, company }, 4_000)
      const third = core.entities("company").find(({ links }) => links["crm"]?.primary?.id === "f3")
      assert.deepStrictEqual(core.value("deal", "company"), [company === null ? null : third!.id])
      assert.deepStrictEqual(core.due("crm"), [])
      assert.deepStrictEqual(core.loaded.range("conflict", "crm|"), [])
    })
  it("[R18] a provider's merge merges ours; what the loser brought goes along", () => {
    const core = scene()
    core.observe("crm", "person", "c1", ada, 2_000)
    core.observe("crm", "person", "c2", { ...bertha, phone: "+493012345" }, 2_100)
    core.observe("erp", "person", "e2", { ...bertha, phone: "+493012345" }, 2_200)
    core.append(3_000, {
      _tag: "RecordMerged",
      connection: "crm",
      object: "person",
      externalId: "c2",
      into: "c1",
      readStartedAt: 2_900,
    })
    const [doc] = core.entities("contact")
    assert.strictEqual(core.entities("contact").length, 1)
    assert.deepStrictEqual([doc!.links["crm"]!.primary?.id, doc!.links["erp"]!.primary?.id], ["c1", "e2"])
    assert.deepStrictEqual(core.value("contact", "phone"), ["+493012345"])
  })
  for (const isSeenFirst of [true, false])
    it(`[R18] two that became a third one, seen ${isSeenFirst ? "before" : "after"} they went, go on as that one`, () => {
      const core = scene({ policy: { ...policyOf(), deletions: () => "propagate" } })
      core.observe("crm", "person", "c1", ada, 2_000)
      core.observe("crm", "person", "c2", { ...bertha, phone: "+493012345" }, 2_100)
      core.observe("app", "person", "1", ada, 2_200)
      core.observe("app", "person", "2", { ...bertha, phone: "+493012345" }, 2_300)
      const both = { ...ada, title: "Programmer", phone: "+493012345", otherEmails: [bertha.email] }
      if (isSeenFirst) core.observe("crm", "person", "c3", both, 2_900)
      for (const externalId of ["c1", "c2"])
        core.append(3_000, {
          _tag: "RecordMerged",
          connection: "crm",
          object: "person",
          externalId,
          into: "c3",
          readStartedAt: 2_950,
        })
      if (!isSeenFirst) core.observe("crm", "person", "c3", both, 3_100)
      const [doc, ...others] = core.entities("contact")
      assert.deepStrictEqual(others, [])
      assert.deepStrictEqual(
        [doc!.archived, doc!.links["crm"]!.primary?.id, doc!.links["app"]!.primary?.id],
        [null, "c3", "1"],
      )
      assert.deepStrictEqual(
        doc!.links["app"]!.duplicates.map(({ id }) => id),
        ["2"],
      )
      assert.deepStrictEqual(
        [core.value("contact", "title"), core.value("contact", "phone")],
        [["Programmer"], ["+493012345"]],
      )
      assert.deepStrictEqual(
        core.due("app").map((one) => one.due.kind),
        ["update"],
      )
      assert.deepStrictEqual(core.loaded.range("question", ""), [])
    })
  it("[R18] the records of the one that was merged into go on, whichever of the two is said to be merged first", () => {
    const core = scene()
    core.observe("crm", "person", "c1", ada, 2_000)
    core.observe("crm", "person", "c2", bertha, 2_100)
    core.observe("app", "person", "1", ada, 2_200)
    core.observe("app", "person", "2", bertha, 2_300)
    const merged = (externalId: string, at: number): void =>
      void core.append(at, {
        _tag: "RecordMerged",
        connection: "crm",
        object: "person",
        externalId,
        into: "c3",
        readStartedAt: at - 50,
      })
    merged("c2", 3_000)
    core.observe("crm", "person", "c3", { ...ada, otherEmails: [bertha.email] }, 3_100)
    merged("c1", 3_200)
    const [doc, ...others] = core.entities("contact")
    assert.deepStrictEqual(others, [])
    assert.deepStrictEqual([doc!.links["crm"]!.primary?.id, doc!.links["app"]!.primary?.id], ["c3", "1"])
    assert.deepStrictEqual(core.value("contact", "title"), ["Countess"])
  })
  it("[R18] a primary record that is merged into a duplicate leaves it as the primary, which is written from then on", () => {
    const core = scene()
    core.observe("crm", "person", "c1", ada, 2_000)
    core.observe("app", "person", "1", ada, 2_100)
    const ownId = `mark0000-${core.entities("contact")[0]!.id}`
    // Some providers make a new record of the two, which carries our id.
    core.observe("crm", "person", "c3", { ...ada, title: "" }, 2_500, { ownId })
    core.observe("crm", "person", "c3", { ...ada, title: "", phone: "+493012345" }, 2_600, { ownId })
    core.append(3_000, {
      _tag: "RecordMerged",
      connection: "crm",
      object: "person",
      externalId: "c1",
      into: "c3",
      readStartedAt: 2_900,
    })
    const [doc] = core.entities("contact")
    const { duplicates, primary, tombstone } = doc!.links["crm"]!
    assert.deepStrictEqual([primary?.id, duplicates, tombstone, doc!.archived], ["c3", [], null, null])
    assert.deepStrictEqual(core.value("contact", "title"), ["Countess"])
    assert.deepStrictEqual(core.value("contact", "phone"), ["+493012345"])
    assert.deepStrictEqual(groupsDue(core, "crm"), [["title"]])
    core.observe("app", "person", "1", { ...ada, phone: "+493012345", title: "Programmer" }, 4_000)
    assert.deepStrictEqual(core.value("contact", "title"), ["Programmer"])
    assert.strictEqual(core.plan("crm", "contact", doc!.id)!.id, "c3")
  })
})
