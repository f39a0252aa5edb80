/** The default mapping on a portal as it comes: each field that it names, read and written, and what a portal may lack. */
import type { EntityType, GroupValue, Value } from "@concordat/model/canonical/fields"
import { groupOf } from "@concordat/model/canonical/types"
import type { JsonObject } from "@concordat/model/json"
import { compileMapping } from "@concordat/rules/mapping/compile"
import type { GroupLens, ObjectMapping, References } from "@concordat/rules/mapping/lens"
import { parseMapping } from "@concordat/rules/mapping/parse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { makeHubspot } from "./provider.ts"
import { openPortal, type TestPortal } from "./testing/portal.ts"

const OBJECTS: Readonly<Record<string, EntityType>> = { contacts: "contact", companies: "company", deals: "deal" }
/** Every record `contacts:7` is the entity `entity contacts:7`. */
const references: References = {
  entity: (_, external) => `entity ${external}`,
  external: (type, entity) =>
    Object.keys(OBJECTS).some((object) => OBJECTS[object] === type && entity.startsWith(`entity ${object}:`))
      ? entity.slice("entity ".length)
      : undefined,
}

const mappingOf = Effect.fnUntraced(function* ({ connector }: TestPortal) {
  const document = Result.getOrThrow(parseMapping(makeHubspot().mapping, "mapping.yaml"))
  const binding = { metadata: yield* connector.metadata, settings: { region: "DE", currency: "EUR" } }
  return compileMapping(document, binding)
})

const lensOf = (object: ObjectMapping, field: string): GroupLens => {
  const found = object.groups.find(({ group }) => group === groupOf(object.type, field))
  assert.ok(found !== undefined && found.fields.includes(field), `${object.object} has no ${field}`)
  return found
}

const valuesIn = (object: ObjectMapping, raw: JsonObject): GroupValue =>
  Object.assign(
    {},
    ...object.groups.map((lens) => {
      const read = lens.read(raw, undefined)
      assert.ok(read._tag === "Known", `${object.object}.${lens.group}: ${JSON.stringify(read)}`)
      const put = lens.put({}, undefined, read.view, references)
      assert.ok(put._tag === "Value", `${object.object}.${lens.group}: ${JSON.stringify(put)}`)
      return put.value
    }),
  ) as GroupValue

interface Case {
  readonly object: string
  /** What a person made of the record there. */
  readonly properties: Readonly<Record<string, string>>
  readonly linked?: ReadonlyArray<string>
  /** What it is to us. */
  readonly values: Readonly<Record<string, Value>>
  /** What can't be written there. */
  readonly readOnly?: ReadonlyArray<string>
}

const CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
const ALL = ["companies", "contacts", "deals"]
const related = { contacts: ["entity contacts:1"], company: "entity companies:1", deals: ["entity deals:1"] }

const CASES: ReadonlyArray<Case> = [
  {
    object: "contacts",
    properties: {
      email: "ada@engines.example",
      hs_additional_emails: "countess@engines.example;a.l@looms.example",
      phone: "+49301234567",
      mobilephone: "+491701234567",
      firstname: "Ada",
      lastname: "Lovelace",
      jobtitle: "Analyst",
      address: "Unter den Linden 1",
      city: "Berlin",
      zip: "10117",
      state: "Berlin",
      country: "Germany",
      hubspot_owner_id: "41629779",
      lifecyclestage: "customer",
      hs_analytics_source: "ORGANIC_SEARCH",
    },
    linked: ["companies"],
    values: {
      email: "ada@engines.example",
      otherEmails: ["countess@engines.example", "a.l@looms.example"],
      phone: "+49301234567",
      mobile: "+491701234567",
      firstName: "Ada",
      lastName: "Lovelace",
      title: "Analyst",
      street: "Unter den Linden 1",
      city: "Berlin",
      zip: "10117",
      state: "Berlin",
      country: "DE",
      company: "entity companies:1",
      owner: "sam@example.com",
      lifecycle: "customer",
      source: "ORGANIC_SEARCH",
    },
    readOnly: ["otherEmails", "source"],
  },
  {
    object: "companies",
    properties: {
      name: "Engines",
      domain: "engines.example",
      phone: "+49301234567",
      vat_number: "DE136695976",
      address: "Unter den Linden 1",
      address2: "Back house",
      city: "Berlin",
      zip: "10117",
      state: "Berlin",
      country: "Germany",
      hubspot_owner_id: "41629779",
    },
    values: {
      name: "Engines",
      domain: "engines.example",
      phone: "+49301234567",
      vat: "DE136695976",
      street: "Unter den Linden 1\nBack house",
      city: "Berlin",
      zip: "10117",
      state: "Berlin",
      country: "DE",
      owner: "sam@example.com",
    },
  },
  {
    object: "deals",
    properties: {
      dealname: "Engine no. 2",
      amount: "1234.5",
      deal_currency_code: "USD",
      pipeline: "default",
      dealstage: "contractsent",
      closed_lost_reason: "Too expensive",
      closedate: "2026-12-24T00:00:00Z",
      hubspot_owner_id: "41629779",
    },
    linked: ["contacts", "companies"],
    values: {
      title: "Engine no. 2",
      amount: 123_450,
      currency: "USD",
      pipeline: "default",
      stage: "negotiation",
      status: "open",
      lostReason: "Too expensive",
      closeDate: "2026-12-24",
      contacts: ["entity contacts:1"],
      company: "entity companies:1",
      owner: "sam@example.com",
    },
  },
  {
    object: "calls",
    properties: {
      hs_call_title: "Asked for an offer",
      hs_call_body: "<p>Wants two.</p>",
      hs_timestamp: "2026-10-02T09:30:00Z",
      hs_call_duration: "90000",
      hs_call_disposition: CONNECTED,
      hs_call_direction: "OUTBOUND",
      hs_call_recording_url: "https://calls.example/1.mp3",
      hs_call_status: "COMPLETED",
      hubspot_owner_id: "41629779",
    },
    linked: ALL,
    values: {
      kind: "call",
      subject: "Asked for an offer",
      body: "<p>Wants two.</p>",
      time: "2026-10-02T09:30:00.000Z",
      duration: 90,
      outcome: "Connected",
      direction: "outbound",
      recordingUrl: "https://calls.example/1.mp3",
      done: true,
      owner: "sam@example.com",
      ...related,
    },
  },
  {
    object: "tasks",
    properties: {
      hs_task_subject: "Send the offer",
      hs_task_body: "<p>By post.</p>",
      hs_timestamp: "2026-10-05T08:00:00Z",
      hs_task_status: "NOT_STARTED",
      hubspot_owner_id: "41629779",
    },
    linked: ALL,
    values: {
      kind: "task",
      subject: "Send the offer",
      body: "<p>By post.</p>",
      time: "2026-10-05T08:00:00.000Z",
      done: false,
      owner: "sam@example.com",
      ...related,
    },
  },
  {
    object: "notes",
    properties: {
      hs_note_body: "<p>Likes brass.</p>",
      hs_timestamp: "2026-10-02T09:30:00Z",
      hubspot_owner_id: "41629779",
    },
    linked: ALL,
    values: {
      kind: "note",
      body: "<p>Likes brass.</p>",
      time: "2026-10-02T09:30:00.000Z",
      owner: "sam@example.com",
      ...related,
    },
  },
  {
    object: "meetings",
    properties: {
      hs_meeting_title: "Visit",
      hs_meeting_body: "<p>In the works.</p>",
      hs_timestamp: "2026-10-06T13:00:00Z",
      hs_meeting_start_time: "2026-10-06T13:00:00Z",
      hs_meeting_end_time: "2026-10-06T14:30:00Z",
      hs_meeting_outcome: "COMPLETED",
      hubspot_owner_id: "41629779",
    },
    linked: ALL,
    values: {
      kind: "meeting",
      subject: "Visit",
      body: "<p>In the works.</p>",
      time: "2026-10-06T13:00:00.000Z",
      duration: 5_400,
      outcome: "completed",
      done: true,
      owner: "sam@example.com",
      ...related,
    },
    readOnly: ["duration", "done"],
  },
  {
    object: "emails",
    properties: {
      hs_email_subject: "The offer",
      hs_email_html: "<p>Here it is.</p>",
      hs_timestamp: "2026-10-07T10:00:00Z",
      hs_email_direction: "INCOMING_EMAIL",
      hs_email_status: "SENT",
      hubspot_owner_id: "41629779",
    },
    linked: ALL,
    values: {
      kind: "email",
      subject: "The offer",
      body: "<p>Here it is.</p>",
      time: "2026-10-07T10:00:00.000Z",
      direction: "inbound",
      done: true,
      owner: "sam@example.com",
      ...related,
    },
    readOnly: ["done"],
  },
]

/** A portal that has made a property of its own for VAT ids. */
const withVat = (name: string, type = "string") =>
  Effect.gen(function* () {
    const portal = yield* openPortal()
    const made = portal.raw("POST", "/crm/properties/2026-09/companies", {
      name,
      label: "VAT number",
      groupName: "companyinformation",
      type,
      fieldType: "text",
    })
    assert.strictEqual(made.status, 201)
    return portal
  })

describe("the default mapping on a portal", () => {
  for (const { linked = [], object, properties, readOnly = [], values } of CASES) {
    it.effect(`reads and writes ${Object.keys(values).join(", ")} of ${object}`, () =>
      Effect.gen(function* () {
        const portal = yield* withVat("vat_number")
        const { sandbox, connector } = portal
        const others = Object.fromEntries(linked.map((name) => [name, [{ id: "1", properties: {} }]]))
        const ids = sandbox.seed({ records: { ...others, [object]: [{ properties }] } })
        sandbox.put({
          object,
          id: ids[object]!.at(-1)!,
          associations: Object.fromEntries(linked.map((to) => [to, ["1"]])),
        })
        const mapped = (yield* mappingOf(portal)).objects.find((one) => one.object === object)!
        const options = { fields: mapped.sources, limit: 10 }
        const [reading] = yield* connector.read(object, [ids[object]!.at(-1)!], options)
        assert.ok(reading?._tag === "Found")
        const found = valuesIn(mapped, reading.record.values)
        for (const [field, value] of Object.entries(values)) {
          lensOf(mapped, field)
          assert.deepStrictEqual(found[field], value, field)
        }
        assert.sameMembers(Object.keys(found), Object.keys(values))

        const sent: Record<string, JsonObject[string]> = {}
        for (const lens of mapped.groups) {
          const isReadOnly = lens.readOnly !== null || lens.direction === "in"
          if (lens.group !== "kind")
            assert.strictEqual(
              isReadOnly,
              readOnly.some((field) => lens.fields.includes(field)),
              lens.group,
            )
          if (isReadOnly) continue
          const got = lens.get(values as GroupValue, references)
          assert.ok(got._tag === "View", `${lens.group}: ${JSON.stringify(got)}`)
          Object.assign(sent, lens.write(got.view))
        }
        yield* connector.prepare
        const row = { key: "k", kind: "create" as const, ownId: "o-1", type: mapped.type, values: sent, before: {} }
        if (object === "contacts") sandbox.archive("contacts", ids[object]!.at(-1)!)
        const [answer] = yield* connector.write(object, [row])
        assert.ok(answer?.outcome._tag === "Written", JSON.stringify(answer))
        const [made] = yield* connector.read(object, [answer.outcome.id], options)
        assert.ok(made?._tag === "Found")
        const written = valuesIn(mapped, made.record.values)
        for (const [field, value] of Object.entries(values))
          if (!readOnly.includes(field)) assert.deepStrictEqual(written[field], value, field)
      }),
    )
  }

  for (const name of ["vat_number", "vat_id", "vat_ein_number", "tax_id"])
    it.effect(`takes ${name} for the VAT id where the portal has it, and looks companies up by it`, () =>
      Effect.gen(function* () {
        const portal = yield* withVat(name)
        const companies = (yield* mappingOf(portal)).objects.find((one) => one.object === "companies")!
        assert.deepStrictEqual(lensOf(companies, "vat").sources, [name])
        assert.deepStrictEqual(companies.lookup({ vat: { vat: "DE136695976" } }), { [name]: "DE136695976" })
      }),
    )

  it.effect("does without a VAT id, and without a word, where the portal has none", () =>
    Effect.gen(function* () {
      const portal = yield* withVat("vat", "number")
      const { objects, problems } = yield* mappingOf(portal)
      assert.deepStrictEqual(problems, [])
      const companies = objects.find((one) => one.object === "companies")!
      assert.isUndefined(companies.groups.find(({ group }) => group === "vat"))
      assert.deepStrictEqual(companies.lookup({ vat: { vat: "DE136695976" } }), {})
    }),
  )
})
