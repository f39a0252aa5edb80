/** Two records become one at a provider: in whichever order its parts are told of. */
import { assert, describe, it } from "vitest"
import type { Core } from "./core.ts"
import { ada, bertha, scene } from "./scene.ts"

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
  it("[R18] whose new record is seen between its two halves merges ours", () => {
    const { core, ownId } = known()
    merged(core, "person", "c2", "c3", 3_000)
    core.observe("crm", "person", "c3", { ...ada, otherEmails: [bertha.email] }, 3_100, { ownId })
    merged(core, "person", "c1", "c3", 3_200)
    assertOne(core)
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
})
