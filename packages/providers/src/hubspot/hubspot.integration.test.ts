/** HubSpot's official client drives the sandbox over HTTP, in its own process: what the client can't read, HubSpot never sent. */
import { AssociationSpecAssociationCategoryEnum } from "@hubspot/api-client/lib/codegen/crm/associations/v4/models/AssociationSpec.js"
import { FilterOperatorEnum as NoteOperator } from "@hubspot/api-client/lib/codegen/crm/objects/notes/models/Filter.js"
import { FilterOperatorEnum } from "@hubspot/api-client/lib/codegen/crm/contacts/models/Filter.js"
import {
  PropertyCreateFieldTypeEnum,
  PropertyCreateTypeEnum,
} from "@hubspot/api-client/lib/codegen/crm/properties/models/PropertyCreate.js"
import { assert, describe, it } from "vitest"
import { failing, useSandbox } from "./testing/process.ts"

const sandbox = useSandbox()
const { backdoor } = sandbox

describe("the official client on the sandbox", () => {
  it("makes, reads, changes, lists, archives a contact", async () => {
    const api = sandbox.client.crm.contacts.basicApi
    const made = await api.create({ properties: { email: "Ada@Example.com", firstname: "Ada" }, associations: [] })
    assert.strictEqual(made.properties["email"], "ada@example.com")
    assert.instanceOf(made.updatedAt, Date)
    const changed = await api.update(made.id, { properties: { firstname: "", lastname: "Lovelace" } })
    assert.deepInclude(changed.properties, { firstname: "", lastname: "Lovelace" })
    const read = await api.getById("ada@example.com", ["firstname", "lastname"], undefined, undefined, false, "email")
    assert.deepInclude(read.properties, { firstname: null, lastname: "Lovelace" })
    assert.isAtLeast(read.updatedAt.getTime(), made.updatedAt.getTime())
    const page = await api.getPage(10)
    assert.deepStrictEqual(
      page.results.map((contact) => contact.id),
      [made.id],
    )
    await api.archive(made.id)
    assert.strictEqual((await failing(api.getById(made.id))).code, 404)
    assert.deepStrictEqual(
      (await api.getPage(10, undefined, undefined, undefined, undefined, true)).results.map(
        (contact) => contact.archivedAt !== undefined,
      ),
      [true],
    )
  })

  it("[HS10] meets 409 with the id of the holder, and the form without it", async () => {
    const api = sandbox.client.crm.contacts.basicApi
    const made = await api.create({ properties: { email: "twice@example.com" }, associations: [] })
    const again = { properties: { email: "TWICE@example.com" }, associations: [] }
    const named = await failing(api.create(again))
    assert.deepInclude(named, { code: 409 })
    assert.strictEqual(named.body.message, `Contact already exists. Existing ID: ${made.id}`)
    await backdoor("settings", { conflictNamesId: false })
    assert.strictEqual((await failing(api.create(again))).body.message, "Contact already exists")
  })

  it("[HS8] reads a 207 with results and errors, and a whole refusal without trace ids", async () => {
    const inputs = [
      { properties: { email: "one@example.com" }, associations: [] },
      { properties: { email: "one@example.com" }, associations: [] },
    ]
    assert.strictEqual((await failing(sandbox.client.crm.contacts.batchApi.create({ inputs }))).code, 409)
    const traced = inputs.map((input, i) => ({ ...input, objectWriteTraceId: String(i) }))
    const partly = await sandbox.client.crm.contacts.batchApi.create({ inputs: traced })
    assert.strictEqual(partly.results.length, 1)
    assert.ok("errors" in partly)
    assert.deepStrictEqual(partly.errors?.[0]?.context, { objectWriteTraceId: ["1"] })
  })

  it("upserts by a unique property that it made, and says which were new", async () => {
    await sandbox.client.crm.properties.coreApi.create("companies", {
      name: "our_key",
      label: "Our key",
      groupName: "companyinformation",
      type: PropertyCreateTypeEnum.String,
      fieldType: PropertyCreateFieldTypeEnum.Text,
      hasUniqueValue: true,
    })
    const upsert = (name: string) =>
      sandbox.client.crm.companies.batchApi.upsert({
        inputs: [{ id: "k-1", idProperty: "our_key", properties: { name } }],
      })
    const [first, second] = [await upsert("Acme"), await upsert("Acme Ltd")]
    assert.deepStrictEqual([first.results[0]?._new, second.results[0]?._new], [true, false])
    assert.strictEqual(first.results[0]?.id, second.results[0]?.id)
    const wrong = sandbox.client.crm.companies.batchApi.upsert({
      inputs: [{ id: "1", idProperty: "hs_object_id", properties: {} }],
    })
    assert.include((await failing(wrong)).body.message, "non-unique 0-2 property hs_object_id")
    const read = await sandbox.client.crm.companies.batchApi.read({
      inputs: [{ id: "k-1" }, { id: "k-2" }],
      idProperty: "our_key",
      properties: ["name"],
      propertiesWithHistory: [],
    })
    assert.deepStrictEqual(
      read.results.map((company) => company.properties["name"]),
      ["Acme Ltd"],
    )
    assert.ok("errors" in read)
  })

  it("[HS1] searches an index that lags behind its own writes", async () => {
    await backdoor("settings", { indexLagMs: [60_000, 60_000] })
    const made = await sandbox.client.crm.contacts.basicApi.create({
      properties: { email: "searched@example.com" },
      associations: [],
    })
    const search = () =>
      sandbox.client.crm.contacts.searchApi.doSearch({
        filterGroups: [
          { filters: [{ propertyName: "email", operator: FilterOperatorEnum.Eq, value: "searched@example.com" }] },
        ],
        properties: ["email"],
        limit: 200,
        after: "0",
        sorts: ["hs_object_id"],
      })
    assert.strictEqual((await search()).total, 0)
    await backdoor("advance", 60_000)
    assert.deepStrictEqual(
      (await search()).results.map((contact) => contact.id),
      [made.id],
    )
  })

  it("[HS3] pages through a search by offset up to 10,000 and is refused beyond; by id it goes on", async () => {
    await backdoor("settings", { indexLagMs: [0, 0] })
    const notes = Array.from({ length: 10_150 }, (_, i) => ({ properties: { hs_note_body: `n${i}` } }))
    await backdoor("seed", { records: { notes } })
    const page = (after: string, beyond = "0") =>
      sandbox.client.crm.objects.notes.searchApi.doSearch({
        filterGroups: [{ filters: [{ propertyName: "hs_object_id", operator: NoteOperator.Gt, value: beyond }] }],
        properties: ["hs_note_body"],
        limit: 200,
        after,
        sorts: ["hs_object_id"],
      })
    const first = await page("0")
    assert.strictEqual(first.total, 10_150)
    assert.strictEqual(first.paging?.next?.after, "200")
    const last = await page("9800")
    assert.strictEqual(last.results.at(-1)?.properties["hs_note_body"], "n9999")
    const refused = await failing(page("10000"))
    assert.deepInclude(refused, { code: 400 })
    const rest = await page("0", last.results.at(-1)!.id)
    assert.deepStrictEqual([rest.total, rest.results[0]?.properties["hs_note_body"]], [150, "n10000"])
  })

  it("[HS9] [HS38] reads a batch by id: missing ids are errors of a 207, twice the same or too many are a 400", async () => {
    const { tasks } = await backdoor<{ tasks: ReadonlyArray<string> }>("seed", {
      records: { tasks: Array.from({ length: 101 }, (_, i) => ({ properties: { hs_task_subject: `t${i}` } })) },
    })
    const read = (ids: ReadonlyArray<string>, propertiesWithHistory: Array<string> = []) =>
      sandbox.client.crm.objects.tasks.batchApi.read({
        inputs: ids.map((id) => ({ id })),
        properties: ["hs_task_subject"],
        propertiesWithHistory,
      })
    const whole = await read(tasks.slice(0, 100))
    assert.lengthOf(whole.results, 100)
    assert.notOk("errors" in whole)
    const partly = await read([tasks[0]!, "999999999"])
    assert.strictEqual(partly.results[0]?.properties["hs_task_subject"], "t0")
    assert.ok("errors" in partly)
    assert.deepStrictEqual(partly.errors?.[0]?.context, { ids: ["999999999"] })
    assert.strictEqual((await failing(read(tasks))).code, 400)
    assert.strictEqual((await failing(read([tasks[0]!, tasks[0]!]))).code, 400)
    assert.strictEqual((await failing(read(tasks.slice(0, 51), ["hs_task_subject"]))).code, 400)
    const [historic] = (await read([tasks[0]!], ["hs_task_subject"])).results
    const [version] = historic?.propertiesWithHistory?.["hs_task_subject"] ?? []
    assert.deepInclude(version, { value: "t0", sourceType: "IMPORT" })
    assert.instanceOf(version?.timestamp, Date)
  })

  it("[HS8] updates a batch row by row: what is missing is an error of a 207, with its trace id", async () => {
    const { deals } = await backdoor<{ deals: [string] }>("seed", {
      records: { deals: [{ properties: { dealname: "There" } }] },
    })
    const answer = await sandbox.client.crm.deals.batchApi.update({
      inputs: [
        { id: deals[0], properties: { dealname: "Changed" }, objectWriteTraceId: "there" },
        { id: "999999999", properties: { dealname: "Lost" }, objectWriteTraceId: "gone" },
      ],
    })
    assert.deepStrictEqual(
      answer.results.map((deal) => [deal.id, deal.properties["dealname"]]),
      [[deals[0], "Changed"]],
    )
    assert.ok("errors" in answer)
    assert.deepStrictEqual(answer.errors?.[0]?.context?.["objectWriteTraceId"], ["gone"])
  })

  it("[HS6] reads associations of a batch: none is an error of its row, and a page of 500 goes on", async () => {
    const { meetings } = await backdoor<{ meetings: [string, string] }>("seed", {
      records: {
        meetings: [{ properties: { hs_meeting_title: "Many" } }, { properties: { hs_meeting_title: "None" } }],
      },
    })
    const { contacts } = await backdoor<{ contacts: ReadonlyArray<string> }>("seed", {
      records: { contacts: Array.from({ length: 501 }, (_, i) => ({ properties: { email: `m${i}@many.example` } })) },
    })
    await backdoor("seed", {
      associations: contacts.map((id) => ({ from: ["meetings", meetings[0]], to: ["contacts", id] })),
    })
    const answer = await sandbox.client.crm.associations.v4.batchApi.getPage("meetings", "contacts", {
      inputs: [{ id: meetings[0] }, { id: meetings[1] }],
    })
    assert.lengthOf(answer.results, 1)
    assert.lengthOf(answer.results[0]!.to, 500)
    assert.strictEqual(answer.results[0]!.paging?.next?.after, "500")
    assert.ok("errors" in answer)
    assert.strictEqual(answer.errors?.[0]?.subCategory, "crm.associations.NO_ASSOCIATIONS_FOUND")
  })

  it("[HS7] associates, reads and takes associations away", async () => {
    const { contacts, companies } = await backdoor<{ contacts: [string]; companies: [string, string] }>("seed", {
      records: {
        contacts: [{ properties: { email: "linked@example.com" } }],
        companies: [{ properties: { name: "Linked" } }, { properties: { name: "Not" } }],
      },
    })
    const v4 = sandbox.client.crm.associations.v4
    await v4.basicApi.create("contacts", contacts[0], "companies", companies[0], [
      { associationCategory: AssociationSpecAssociationCategoryEnum.HubspotDefined, associationTypeId: 1 },
    ])
    const page = await v4.basicApi.getPage("contacts", contacts[0], "companies")
    assert.deepStrictEqual(
      page.results.map((link) => String(link.toObjectId)),
      [companies[0]],
    )
    assert.sameMembers(
      page.results[0]!.associationTypes.map((type) => type.typeId),
      [1, 279],
    )
    const batch = await v4.batchApi.getPage("companies", "contacts", {
      inputs: [{ id: companies[0] }, { id: companies[1] }],
    })
    assert.deepStrictEqual(
      batch.results.map((result) => result._from.id),
      [companies[0]],
    )
    await v4.batchApi.createDefault("contacts", "companies", {
      inputs: [{ _from: { id: contacts[0] }, to: { id: companies[1] } }],
    })
    await v4.batchApi.archive("contacts", "companies", {
      inputs: [{ _from: { id: contacts[0] }, to: [{ id: companies[0] }] }],
    })
    assert.deepStrictEqual((await backdoor<{ associations: unknown }>("get", "contacts", contacts[0])).associations, {
      companies: [companies[1]],
    })
  })

  it("[HS5] merges two contacts and finds the third under both ids; erases one for good", async () => {
    const api = sandbox.client.crm.contacts.basicApi
    const [a, b] = [
      await api.create({ properties: { email: "m1@example.com", firstname: "M" }, associations: [] }),
      await api.create({ properties: { email: "m2@example.com", phone: "1" }, associations: [] }),
    ]
    const merged = await api.merge({ primaryObjectId: a.id, objectIdToMerge: b.id })
    for (const id of [a.id, b.id, merged.id]) assert.strictEqual((await api.getById(id)).id, merged.id)
    const read = await api.getById(
      "m2@example.com",
      ["email", "hs_additional_emails", "hs_merged_object_ids", "phone"],
      undefined,
      undefined,
      false,
      "email",
    )
    assert.deepInclude(read.properties, {
      email: "m1@example.com",
      hs_additional_emails: "m2@example.com",
      hs_merged_object_ids: `${a.id};${b.id}`,
      phone: "1",
    })
    await sandbox.client.crm.contacts.basicApi.purge({ objectId: merged.id })
    assert.strictEqual((await failing(api.getById(merged.id))).code, 404)
  })

  it("reads owners, pipelines and properties", async () => {
    const owners = await sandbox.client.crm.owners.ownersApi.getPage()
    assert.strictEqual(owners.results[0]?.email, "sam@example.com")
    const pipelines = await sandbox.client.crm.pipelines.pipelinesApi.getAll("deals")
    assert.deepInclude(pipelines.results[0]!.stages.find((stage) => stage.id === "closedwon")?.metadata, {
      isClosed: "true",
    })
    const properties = await sandbox.client.crm.properties.coreApi.getAll("tasks")
    assert.include(
      properties.results.map((property) => property.name),
      "hs_task_subject",
    )
  })
})
