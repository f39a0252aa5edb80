/** Traps of reading: default properties, associations that are not part of a record, ids of two kinds, erased records. */
import type { Cursor, RawRecord } from "@concordat/engine/ports/Provider"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { openPortal, updating } from "./testing/portal.ts"

const options = { fields: ["email", "firstname", "phone", "@companies"], limit: 100 }

describe("reading", () => {
  it.effect(
    "[HS6] associations move no modified date and are read with the record; none is told as an error of the row",
    () =>
      Effect.gen(function* () {
        const { sandbox, connector, raw } = yield* openPortal()
        const { contacts, companies } = sandbox.seed({
          records: {
            contacts: [{ properties: { email: "a@example.com" } }, { properties: { email: "b@example.com" } }],
            companies: [{ properties: { name: "One" } }, { properties: { name: "Two" } }],
          },
        })
        const [a, b] = contacts as [string, string]
        const before = sandbox.get("contacts", a)?.updatedAt
        sandbox.advance(1_000)
        sandbox.put({ object: "contacts", id: a, associations: { companies: companies! } })
        assert.strictEqual(sandbox.get("contacts", a)?.updatedAt, before)
        const told = raw("POST", "/crm/associations/2026-09/contacts/companies/batch/read", { inputs: [{ id: b }] })
        assert.strictEqual(told.status, 207)
        assert.strictEqual(told.json.errors?.[0]?.subCategory, "crm.associations.NO_ASSOCIATIONS_FOUND")
        const readings = yield* connector.read("contacts", [a, b], options)
        const facets = new Map(
          readings.flatMap((r) => (r._tag === "Found" ? [[r.record.id, r.record.values["@companies"]] as const] : [])),
        )
        assert.deepStrictEqual(
          facets.get(a),
          companies!.map((id) => ({ object: "companies", id })),
        )
        assert.deepStrictEqual(facets.get(b), [])
      }),
  )

  it.effect("[HS7] association reads carry numbers where records carry texts: both are the same id", () =>
    Effect.gen(function* () {
      const { sandbox, connector, raw } = yield* openPortal()
      const { deals, companies } = sandbox.seed({
        records: { deals: [{ properties: { dealname: "D" } }], companies: [{ properties: { name: "C" } }] },
      })
      sandbox.seed({ associations: [{ from: ["deals", deals![0]!], to: ["companies", companies![0]!], typeId: 5 }] })
      const told = raw("POST", "/crm/associations/2026-09/deals/companies/batch/read", { inputs: [{ id: deals![0] }] })
      assert.strictEqual(told.json.results[0]?.to?.[0]?.toObjectId, Number(companies![0]))
      const wanted = [{ object: "companies", id: companies![0]! }]
      const [reading] = yield* connector.read("deals", deals!, { fields: ["dealname", "@companies"], limit: 10 })
      assert.deepStrictEqual(reading?._tag === "Found" ? reading.record.values["@companies"] : null, wanted)
      // The list names the primary company twice, once for each type.
      const page = yield* connector.backfill("deals", null, { fields: ["dealname", "@companies"], limit: 10 })
      assert.deepStrictEqual(page.records[0]?.values["@companies"], wanted)
    }),
  )

  it.effect("[HS47] of several companies the primary one is marked, read apart as well as in a list", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* openPortal()
      const { contacts, companies, deals } = sandbox.seed({
        records: {
          companies: ["A", "B"].map((name) => ({ properties: { name } })),
          contacts: [{ properties: { email: "a@example.com" } }],
          deals: [{ properties: { dealname: "D" } }],
        },
      })
      const [a, b] = companies as [string, string]
      for (const [object, id, typeId] of [
        ["contacts", contacts![0]!, 1],
        ["deals", deals![0]!, 5],
      ] as const) {
        const link = (to: string) => ({ from: [object, id] as const, to: ["companies", to] as const })
        sandbox.seed({ associations: [link(a), { ...link(b), typeId }] })
        const wanted = [
          { object: "companies", id: a },
          { object: "companies", id: b, primary: true },
        ]
        const [reading] = yield* connector.read(object, [id], { fields: ["@companies"], limit: 10 })
        assert.deepStrictEqual(reading?._tag === "Found" ? reading.record.values["@companies"] : null, wanted)
        const page = yield* connector.backfill(object, null, { fields: ["@companies"], limit: 10 })
        assert.deepStrictEqual(page.records[0]?.values["@companies"], wanted)
      }
    }),
  )

  it.effect(
    "[HS16] only what is named comes back: unset fields are empty, what is not there or was not asked for is absent",
    () =>
      Effect.gen(function* () {
        const { sandbox, connector, raw } = yield* openPortal()
        const { contacts } = sandbox.seed({
          records: { contacts: [{ properties: { email: "a@example.com", phone: "+49 30 1", city: "Berlin" } }] },
        })
        const shown = raw("GET", `/crm/objects/2026-09/contacts/${contacts![0]}`).json.properties
        assert.notProperty(shown, "phone")
        const fields = [...options.fields, "no_such_property"]
        const page = yield* connector.backfill("contacts", null, { ...options, fields })
        assert.deepStrictEqual(page.records[0]?.values, {
          "@companies": [],
          email: "a@example.com",
          firstname: null,
          phone: "+49 30 1",
        })
      }),
  )

  it.effect("a first sync lists every record once, with a total, past the cap of searches", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* openPortal()
      sandbox.seed({
        records: {
          contacts: Array.from({ length: 10_250 }, (_, i) => ({ properties: { email: `p${i}@example.com` } })),
        },
      })
      const records: Array<RawRecord> = []
      let cursor: Cursor | null = null
      do {
        const page: { records: ReadonlyArray<RawRecord>; next: Cursor | null; total?: number } =
          yield* connector.backfill("contacts", cursor, options)
        assert.strictEqual(page.total, 10_250)
        records.push(...page.records)
        cursor = page.next
      } while (cursor !== null)
      assert.strictEqual(new Set(records.map((record) => record.id)).size, 10_250)
      assert.strictEqual(records.length, 10_250)
    }),
  )

  it.effect("associations beyond what a record carries inline, and beyond a page of them, are all read", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* openPortal()
      const { contacts, companies } = sandbox.seed({
        records: {
          companies: [{ properties: { name: "Hub" } }],
          contacts: Array.from({ length: 1_100 }, (_, i) => ({ properties: { email: `p${i}@example.com` } })),
        },
      })
      sandbox.seed({
        associations: contacts!.map((id) => ({
          from: ["companies", companies![0]!] as const,
          to: ["contacts", id] as const,
        })),
      })
      const page = yield* connector.backfill("companies", null, { fields: ["name", "@contacts"], limit: 10 })
      assert.deepStrictEqual(
        page.records[0]?.values["@contacts"],
        contacts!.map((id) => ({ object: "contacts", id })),
      )
    }),
  )

  it.effect("[HS28] an erased record is in no list: it reads as deleted, and the census no longer has it", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* openPortal()
      const { contacts } = sandbox.seed({
        records: { contacts: [{ properties: { email: "a@example.com" } }, { properties: { email: "b@example.com" } }] },
      })
      const [erased, kept] = contacts as [string, string]
      sandbox.erase("contacts", erased)
      assert.deepStrictEqual(yield* connector.read("contacts", [erased], options), [
        { _tag: "Gone", object: "contacts", id: erased, reason: "deleted" },
      ])
      assert.deepStrictEqual((yield* connector.census("contacts", null)).hints, [
        { object: "contacts", id: kept, kind: "changed" },
      ])
    }),
  )

  it.effect("[HS9] an id asked for twice is asked for once: HubSpot refuses the batch otherwise", () =>
    Effect.gen(function* () {
      const { sandbox, connector, raw } = yield* openPortal()
      const { contacts } = sandbox.seed({ records: { contacts: [{ properties: { email: "a@example.com" } }] } })
      const id = contacts![0]!
      assert.strictEqual(
        raw("POST", "/crm/objects/2026-09/contacts/batch/read", { inputs: [{ id }, { id }] }).status,
        400,
      )
      assert.strictEqual((yield* connector.read("contacts", [id, id], options)).length, 1)
    }),
  )

  it.effect("[HS45] metadata: fields, stages won and lost, owners who left, the account's currency", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* openPortal()
      const owner = {
        id: "7",
        email: "gone@example.com",
        firstName: "Gone",
        lastName: "Person",
        userId: 8,
        type: "PERSON" as const,
        archived: true,
      }
      sandbox.seed({ owners: [owner] })
      const metadata = yield* connector.metadata
      assert.deepStrictEqual(metadata.owners, [
        { id: "7", email: "gone@example.com", name: "Gone Person", active: false },
      ])
      const stages = new Map(metadata.pipelines[0]?.stages.map((stage) => [stage.id, stage.closed]))
      assert.strictEqual(stages.get("closedwon"), "won")
      assert.strictEqual(stages.get("closedlost"), "lost")
      assert.isNull(stages.get("contractsent"))
      assert.strictEqual(metadata.currency, "EUR")
      assert.isTrue(metadata.fields["contacts"]?.["hs_additional_emails"]?.readOnly)
      assert.isTrue(metadata.fields["contacts"]?.["email"]?.unique)
    }),
  )

  it.effect("a lookup finds by own id and e-mail at once, by other fields when they are indexed", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* openPortal({ indexLagMs: [9_000, 9_000] })
      yield* connector.prepare
      const { id } = sandbox.put({ object: "contacts", properties: { email: "Old@Example.com", concordat_id: "c-1" } })
      const { contacts } = sandbox.seed({
        records: {
          contacts: [
            { properties: { email: "one@example.com", hs_additional_emails: "two@example.com;three@example.com" } },
          ],
        },
      })
      const byAdditional = yield* connector.lookup("contacts", [{ fields: { email: "Three@example.com" } }], options)
      assert.deepStrictEqual(
        byAdditional.map((found) => found.record.id),
        contacts,
      )
      const company = sandbox.put({ object: "companies", properties: { name: "Acme", domain: "acme.example" } })
      const byBoth = yield* connector.lookup(
        "contacts",
        [
          { ownId: "c-1", fields: {} },
          { fields: { email: "OLD@example.com" } },
          { fields: { email: "x@example.com" } },
        ],
        options,
      )
      assert.sameDeepMembers(
        byBoth.map((found) => [found.key, found.record.id, found.record.ownId]),
        [
          [0, id, "c-1"],
          [1, id, "c-1"],
        ],
      )
      const keys = [{ fields: { domain: "acme.example" } }]
      assert.deepStrictEqual(yield* connector.lookup("companies", keys, { fields: ["name"], limit: 10 }), [])
      sandbox.advance(10_000)
      const found = yield* connector.lookup("companies", keys, { fields: ["name"], limit: 10 })
      assert.deepStrictEqual(
        found.map(({ key, record }) => [key, record.id, record.values]),
        [[0, company.id, { name: "Acme" }]],
      )
    }),
  )
})

describe("the limits of a request", () => {
  it.effect("[HS42] more properties than an address takes are read apart, by id, and none is left out", () =>
    Effect.gen(function* () {
      const { connector, raw, sandbox } = yield* openPortal()
      const names = Array.from({ length: 600 }, (_, i) => `a_property_with_a_long_name_${i}`)
      for (const name of names)
        raw("POST", "/crm/properties/2026-09/contacts", {
          name,
          label: name,
          groupName: "contactinformation",
          type: "string",
          fieldType: "text",
        })
      const { contacts, companies } = sandbox.seed({
        records: {
          contacts: [{ properties: { email: "a@example.com", [names[599]!]: "last" } }],
          companies: [{ properties: { name: "C" } }],
        },
      })
      sandbox.seed({ associations: [{ from: ["contacts", contacts![0]!], to: ["companies", companies![0]!] }] })
      assert.strictEqual(
        raw("GET", `/crm/objects/2026-09/contacts?${new URLSearchParams({ properties: names.join(",") })}`).status,
        414,
      )
      const page = yield* connector.backfill("contacts", null, { fields: [...names, "@companies"], limit: 100 })
      assert.lengthOf(page.records, 1)
      assert.strictEqual(page.records[0]?.values[names[599]!], "last")
      assert.isNull(page.records[0]?.values[names[0]!])
      assert.deepStrictEqual(page.records[0]?.values["@companies"], [{ object: "companies", id: companies![0]! }])
    }),
  )

  it.effect("[HS43] a search takes five groups of filters: more keys are looked up in several", () =>
    Effect.gen(function* () {
      const { calls, connector, raw, sandbox } = yield* openPortal()
      const domains = Array.from({ length: 12 }, (_, i) => `firm${i}.example`)
      sandbox.seed({ records: { companies: domains.map((domain) => ({ properties: { name: domain, domain } })) } })
      const filterGroups = domains.slice(0, 6).map((value) => ({
        filters: [{ propertyName: "domain", operator: "EQ", value }],
      }))
      assert.strictEqual(raw("POST", "/crm/objects/2026-09/companies/search", { filterGroups }).status, 400)
      const keys = domains.map((domain) => ({ fields: { domain } }))
      const found = yield* connector.lookup("companies", keys, { fields: ["name"], limit: 100 })
      assert.sameMembers(
        found.map(({ key }) => key),
        domains.map((_, i) => i),
      )
      assert.lengthOf(
        calls.filter(({ url }) => url.endsWith("/search")),
        3,
      )
    }),
  )
})

describe("who edited", () => {
  const fields = ["firstname", "jobtitle", "@companies"]
  const seeded = Effect.gen(function* () {
    const portal = yield* openPortal()
    const { contacts, companies } = portal.sandbox.seed({
      records: {
        contacts: [{ properties: { email: "ada@example.com", firstname: "Ada" } }],
        companies: [{ properties: { name: "Engines" } }],
      },
    })
    const id = contacts![0]!
    const by = Effect.map(portal.connector.read("contacts", [id], { fields, limit: 100 }), ([reading]) =>
      reading?._tag === "Found" ? reading.record.by : assert.fail("the contact is there"),
    )
    return { ...portal, by, companies: companies!, id }
  })

  it.effect(
    "[HS37] a person, an automation and an integration are told apart by the newest change of what was asked",
    () =>
      Effect.gen(function* () {
        const { by, connector, id, sandbox } = yield* seeded
        yield* connector.prepare
        sandbox.advance(300_000)
        assert.isUndefined(yield* by)
        sandbox.put({ object: "contacts", id, properties: { jobtitle: "Analyst" } })
        assert.strictEqual(yield* by, "person")
        sandbox.advance(1_000)
        sandbox.put({ object: "contacts", id, properties: { jobtitle: "Engineer" }, byWorkflow: true })
        // HubSpot goes on naming the person as the one who updated the record.
        const [named] = yield* connector.read("contacts", [id], { fields: ["hs_updated_by_user_id"], limit: 100 })
        assert.ok(named?._tag === "Found" && typeof named.record.values["hs_updated_by_user_id"] === "string")
        assert.strictEqual(yield* by, "automation")
        sandbox.advance(1_000)
        yield* connector.write("contacts", [updating(id, "o-1", { jobtitle: "Countess" })])
        assert.strictEqual(yield* by, "integration")
        sandbox.advance(1_000)
        // A property that nobody asked for says nothing.
        sandbox.put({ object: "contacts", id, properties: { phone: "1" } })
        assert.strictEqual(yield* by, "integration")
        sandbox.advance(1_000)
        // Whether somebody or something has sent a file is not said.
        sandbox.put({ object: "contacts", id, properties: { jobtitle: "Duchess" }, byImport: true })
        assert.isUndefined(yield* by)
      }),
  )

  it.effect("[HS37] an edit long ago says nothing of an association that has changed since", () =>
    Effect.gen(function* () {
      const { by, companies, id, sandbox } = yield* seeded
      sandbox.advance(1_000)
      sandbox.put({ object: "contacts", id, properties: { jobtitle: "Analyst" } })
      sandbox.advance(120_000)
      assert.strictEqual(yield* by, "person")
      sandbox.advance(1_000)
      sandbox.put({ object: "contacts", id, associations: { companies }, byWorkflow: true })
      assert.isUndefined(yield* by)
    }),
  )

  it.effect("[HS38] histories are asked for with few records only: with more than 50 the whole read is refused", () =>
    Effect.gen(function* () {
      const { calls, connector, raw, sandbox } = yield* openPortal()
      const { contacts } = sandbox.seed({
        records: { contacts: Array.from({ length: 60 }, (_, i) => ({ properties: { email: `p${i}@example.com` } })) },
      })
      const ids = contacts as ReadonlyArray<string>
      const told = raw("POST", "/crm/objects/2026-09/contacts/batch/read", {
        inputs: ids.slice(0, 51).map((id) => ({ id })),
        propertiesWithHistory: ["email"],
      })
      assert.strictEqual(told.status, 400)
      assert.include(told.json.message, "property histories is 50")
      assert.lengthOf(yield* connector.read("contacts", ids, options), 60)
      assert.isFalse(calls.some(({ body }) => String(body).includes("propertiesWithHistory")))
      yield* connector.read("contacts", ids.slice(0, 10), options)
      assert.isTrue(calls.some(({ body }) => String(body).includes("propertiesWithHistory")))
    }),
  )
})
