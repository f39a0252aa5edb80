/** Traps of writing: whole batches that fail for one row, lost answers, records that exist, rows that are left out. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { definition, limitsOf } from "./definition.ts"
import { creating, openPortal, outcome, prepared, seedTwo, updating } from "./testing/portal.ts"

describe("writing", () => {
  it.effect("[HS8] one bad row fails a batch without trace ids whole; with them the other rows are written", () =>
    Effect.gen(function* () {
      const { calls, sandbox, connector, raw } = yield* prepared()
      const inputs = [{ properties: { email: "good@example.com" } }, { properties: { email: "bad" } }]
      assert.strictEqual(raw("POST", "/crm/objects/2026-09/contacts/batch/create", { inputs }).status, 400)
      assert.deepStrictEqual(sandbox.counts()["contacts"], 0)
      const answers = yield* connector.write("contacts", [
        creating("c-1", { email: "good@example.com" }),
        creating("c-2", { email: "bad" }),
        creating("c-3", { email: "fine@example.com", nonsense: "1" }),
      ])
      const good = outcome(answers, "c-1")
      assert.ok(good._tag === "Written")
      assert.strictEqual(sandbox.get("contacts", good.id)?.properties["concordat_id"], "c-1")
      const bad = outcome(answers, "c-2")
      assert.ok(bad._tag === "Refused")
      assert.deepInclude(bad, { code: "validation", field: "email", effect: "none", retry: false })
      assert.deepInclude(outcome(answers, "c-3"), { code: "validation", field: "nonsense" })
      assert.strictEqual(sandbox.counts()["contacts"], 1)
      assert.lengthOf(
        calls.filter(({ url }) => url.endsWith("batch/create")),
        1,
      )
    }),
  )

  it.effect("[HS26] a batch that is refused whole in spite of them is sent in halves until the bad row is alone", () =>
    Effect.gen(function* () {
      const portal = yield* prepared()
      const rows = Array.from({ length: 8 }, (_, i) => creating(`c-${i}`, { email: `p${i}@example.com` }))
      // The whole, its first half, and the first quarter are refused; then the first row alone.
      portal.sandbox.failNext({
        status: 400,
        count: 4,
        match: "batch/create",
        body: { status: "error", category: "VALIDATION_ERROR", message: "no" },
      })
      const answers = yield* portal.connector.write("contacts", rows)
      assert.deepStrictEqual(
        answers.map((answer) => answer.outcome._tag),
        ["Refused", ...Array.from({ length: 7 }, () => "Written")],
      )
      assert.strictEqual(portal.sandbox.counts()["contacts"], 7)
    }),
  )

  it.effect(
    "[HS12] an update of a merged id is left out of the answer without an error: nothing is claimed, a read tells",
    () =>
      Effect.gen(function* () {
        const portal = yield* prepared()
        const [a, b] = seedTwo(portal)
        const into = portal.sandbox.merge("contacts", a, b)
        const told = portal.raw("POST", "/crm/objects/2026-09/contacts/batch/update", {
          inputs: [{ id: b, properties: { firstname: "X" } }],
        })
        assert.deepStrictEqual([told.status, told.json.results, told.json.errors], [200, [], undefined])
        const answers = yield* portal.connector.write("contacts", [updating(b, "c-1", { firstname: "X" })])
        assert.deepInclude(outcome(answers, "c-1"), {
          _tag: "Refused",
          code: "missing",
          effect: "unknown",
          retry: true,
        })
        assert.deepStrictEqual(yield* portal.connector.read("contacts", [b], { fields: ["firstname"], limit: 1 }), [
          { _tag: "Merged", object: "contacts", id: b, into },
        ])
      }),
  )

  it.effect(
    "[HS44] how an error of one row is put makes no answer unreadable: the others are known to be written",
    () =>
      Effect.gen(function* () {
        const { connector, sandbox } = yield* prepared()
        const { contacts } = sandbox.seed({
          records: { contacts: ["a", "b"].map((name) => ({ properties: { email: `${name}@example.com` } })) },
        })
        const [good, bad] = contacts as [string, string]
        sandbox.failNext({
          status: 207,
          match: "batch/update",
          body: {
            status: "COMPLETE",
            requestedAt: null,
            results: [{ id: good, properties: { firstname: "Ann" }, archived: false, archivedAt: null }],
            numErrors: 1,
            errors: [
              {
                status: "error",
                id: null,
                category: "VALIDATION_ERROR",
                subCategory: {},
                message: null,
                context: { ids: [bad] },
                // As the reference shows it.
                errors: [{ message: "no", code: null, in: null, context: "{missingScopes=[scope1, scope2]}" }],
              },
            ],
          },
        })
        const answers = yield* connector.write("contacts", [
          updating(good, "c-1", { firstname: "Ann" }),
          updating(bad, "c-2", { firstname: "Bob" }),
        ])
        assert.deepInclude(outcome(answers, "c-1"), { _tag: "Written", held: { firstname: "Ann" } })
        assert.deepInclude(outcome(answers, "c-2"), { _tag: "Refused", code: "validation", effect: "none" })
        // Null for none, beside what was done.
        const body = { status: "COMPLETE", results: [{ id: good, properties: {} }], errors: null }
        sandbox.failNext({ status: 200, match: "batch/update", body })
        const alone = yield* connector.write("contacts", [updating(good, "c-1", { firstname: "Ann" })])
        assert.strictEqual(outcome(alone, "c-1")._tag, "Written")
      }),
  )

  it.effect(
    "[HS49] an activity is not made without its time, and the refusal names it; a meeting takes its own start",
    () =>
      Effect.gen(function* () {
        const { connector, sandbox } = yield* prepared()
        const row = (ownId: string, values: Parameters<typeof creating>[1]) => creating(ownId, values, "activity")
        for (const [object, field] of [
          ["tasks", "hs_task_subject"],
          ["notes", "hs_note_body"],
          ["calls", "hs_call_title"],
          ["emails", "hs_email_subject"],
        ] as const) {
          const answers = yield* connector.write(object, [
            row("a-1", { [field]: "Without" }),
            row("a-2", { [field]: "With", hs_timestamp: "2026-10-02T09:00:00.000Z" }),
          ])
          assert.deepInclude(outcome(answers, "a-1"), {
            _tag: "Refused",
            code: "validation",
            field: "hs_timestamp",
            effect: "none",
            retry: false,
          })
          assert.strictEqual(outcome(answers, "a-2")._tag, "Written")
          // Alone it is the answer to the whole request.
          const alone = yield* connector.write(object, [row("a-3", { [field]: "Alone" })])
          const refused = outcome(alone, "a-3")
          assert.deepInclude(refused, { _tag: "Refused", field: "hs_timestamp" })
          assert.match(refused._tag === "Refused" ? refused.message : "", /not set\. \(hs_timestamp\)$/)
        }
        const start = "2026-10-02T09:00:00.000Z"
        yield* connector.write("meetings", [row("a-4", { hs_meeting_title: "M", hs_meeting_start_time: start })])
        assert.strictEqual(sandbox.list("meetings")[0]?.properties["hs_timestamp"], start)
      }),
  )

  it.effect("an update of an archived record is a refusal of its row, and the others are written", () =>
    Effect.gen(function* () {
      const portal = yield* prepared()
      const [a, b] = seedTwo(portal)
      portal.sandbox.archive("contacts", a)
      const answers = yield* portal.connector.write("contacts", [
        updating(a, "c-1", { firstname: "X" }),
        updating(b, "c-2", { firstname: "Y" }),
      ])
      assert.deepInclude(outcome(answers, "c-1"), { _tag: "Refused", code: "missing", effect: "none" })
      assert.deepInclude(outcome(answers, "c-2"), { _tag: "Written", id: b })
    }),
  )

  it.effect("[HS13] a batch answered as done with neither results nor errors is not taken for done", () =>
    Effect.gen(function* () {
      const portal = yield* prepared()
      assert.deepStrictEqual(
        portal.raw("POST", "/crm/objects/2026-09/contacts/batch/update", { id: "1" }).json.results,
        [],
      )
      portal.sandbox.failNext({
        status: 200,
        body: { status: "COMPLETE", results: [], errors: [] },
        match: "batch/create",
      })
      const answers = yield* portal.connector.write("contacts", [creating("c-1", { email: "a@example.com" })])
      assert.deepInclude(outcome(answers, "c-1"), { _tag: "Refused", effect: "unknown", retry: true })
    }),
  )

  it.effect("[HS14] empty text clears; the answer echoes it and a later read says null: both are empty", () =>
    Effect.gen(function* () {
      const portal = yield* prepared()
      const { contacts } = portal.sandbox.seed({
        records: { contacts: [{ properties: { email: "a@example.com", phone: "1" } }] },
      })
      const id = contacts![0]!
      const told = portal.raw("PATCH", `/crm/objects/2026-09/contacts/${id}`, { properties: { phone: "" } })
      assert.strictEqual(told.json.properties["phone"], "")
      assert.isNull(portal.raw("GET", `/crm/objects/2026-09/contacts/${id}?properties=phone`).json.properties["phone"])
      const answers = yield* portal.connector.write("contacts", [updating(id, "c-1", { phone: null })])
      const written = outcome(answers, "c-1")
      assert.deepStrictEqual(written._tag === "Written" ? written.held : null, { phone: null })
    }),
  )

  it.effect("[HS19] what HubSpot makes of a value is in the answer: an address in lower case, a time as ISO text", () =>
    Effect.gen(function* () {
      const { connector } = yield* prepared()
      const contacts = yield* connector.write("contacts", [
        creating("c-1", { email: " Ada@Example.COM ", firstname: "Ada" }),
      ])
      const contact = outcome(contacts, "c-1")
      assert.deepStrictEqual(contact._tag === "Written" ? contact.held : null, {
        email: "ada@example.com",
        firstname: "Ada",
      })
      const deals = yield* connector.write("deals", [
        creating("d-1", { dealname: "D", closedate: 1_790_841_600_000, dealstage: "closedwon" }, "deal"),
      ])
      const deal = outcome(deals, "d-1")
      assert.deepStrictEqual(deal._tag === "Written" ? deal.held : null, {
        dealname: "D",
        closedate: "2026-10-01T08:00:00.000Z",
        dealstage: "closedwon",
      })
    }),
  )

  it.effect(
    "[HS21] a property can only be made unique at its birth: one of our name that is not stands in the way",
    () =>
      Effect.gen(function* () {
        const { connector, raw } = yield* openPortal()
        yield* connector.prepare
        yield* connector.prepare
        assert.isTrue((yield* connector.metadata).fields["tasks"]?.["concordat_id"]?.unique)
        const other = yield* openPortal()
        const property = {
          name: "concordat_id",
          label: "x",
          groupName: "dealinformation",
          type: "string",
          fieldType: "text",
        }
        assert.strictEqual(other.raw("POST", "/crm/properties/2026-09/deals", property).status, 201)
        const error = yield* other.connector.prepare.pipe(Effect.flip)
        assert.deepInclude(error.reason, { _tag: "RequestRefused", code: "PROPERTY_NOT_UNIQUE" })
        assert.strictEqual(raw("POST", "/crm/properties/2026-09/deals", property).status, 409)
      }),
  )

  it.effect(
    "preparing takes a call for each object once the properties were listed, and none where ours is there",
    () =>
      Effect.gen(function* () {
        const { calls, connector, raw } = yield* openPortal()
        yield* connector.metadata
        const [before, objects] = [calls.length, Object.keys(definition.objects).length]
        // Made by another process since.
        const { groupName } = raw("GET", "/crm/properties/2026-09/deals/hs_lastmodifieddate").json as {
          groupName?: string
        }
        const property = { name: "concordat_id", label: "x", groupName, type: "string", fieldType: "text" }
        assert.strictEqual(
          raw("POST", "/crm/properties/2026-09/deals", { ...property, hasUniqueValue: true }).status,
          201,
        )
        yield* connector.prepare
        assert.lengthOf(calls.slice(before), objects + 1)
        const left = limitsOf({ plan: "starter" }).buckets["default"]!.capacity - objects
        assert.isAtLeast(left, 2, "a read and a write of the first edit")
        yield* connector.prepare
        assert.lengthOf(calls.slice(before), objects + 1)
        assert.isTrue((yield* connector.metadata).fields["tasks"]?.["concordat_id"]?.unique)
      }),
  )

  it.effect("[HS22] a rule that an administrator added refuses the row, and names the field", () =>
    Effect.gen(function* () {
      const { connector, sandbox } = yield* prepared({ requiredProperties: { contacts: ["lastname"] } })
      const answers = yield* connector.write("contacts", [
        creating("c-1", { email: "a@example.com" }),
        creating("c-2", { email: "b@example.com", lastname: "B" }),
      ])
      assert.deepInclude(outcome(answers, "c-1"), { code: "validation", field: "lastname", retry: false })
      assert.strictEqual(outcome(answers, "c-2")._tag, "Written")
      // The sentence need not hold the list.
      sandbox.failNext({
        status: 400,
        match: "batch/create",
        body: {
          status: "error",
          category: "VALIDATION_ERROR",
          message: "Some required properties were not set.",
          errors: [{ code: "MISSING_CONDITIONAL_REQUIRED_PROPERTY", context: { propertyName: ["jobtitle"] } }],
        },
      })
      const conditional = yield* connector.write("contacts", [creating("c-3", { email: "c@example.com" })])
      assert.deepInclude(outcome(conditional, "c-3"), { code: "validation", field: "jobtitle", retry: false })
    }),
  )

  it.effect(
    "[HS34] our id on another record, or our property deleted, keeps no value of an update from being written",
    () =>
      Effect.gen(function* () {
        const portal = yield* prepared()
        const [a, b] = seedTwo(portal)
        portal.sandbox.put({ object: "contacts", id: a, properties: { concordat_id: "c-1" } })
        const answers = yield* portal.connector.write("contacts", [updating(b, "c-1", { firstname: "B" })])
        assert.deepInclude(outcome(answers, "c-1"), { _tag: "Written", id: b, held: { firstname: "B" } })
        assert.deepStrictEqual(
          [a, b].map((id) => portal.sandbox.get("contacts", id)?.properties["concordat_id"]),
          ["c-1", undefined],
        )
        const unprepared = yield* openPortal()
        const [c] = seedTwo(unprepared)
        const without = yield* unprepared.connector.write("contacts", [updating(c, "c-1", { firstname: "C" })])
        assert.deepInclude(outcome(without, "c-1"), { _tag: "Written", id: c })
      }),
  )

  it.effect("[HS35] an address that another contact holds refuses the row by that field, and names the holder", () =>
    Effect.gen(function* () {
      const portal = yield* prepared()
      const [a, b] = seedTwo(portal)
      const answers = yield* portal.connector.write("contacts", [
        updating(a, "c-1", { email: "b@example.com", firstname: "X" }),
      ])
      assert.deepInclude(outcome(answers, "c-1"), {
        _tag: "Refused",
        code: "uniqueness",
        field: "email",
        existing: b,
        effect: "none",
      })
    }),
  )

  for (const [what, fault] of [
    ["a fault", { status: 502 }],
    ["an answer that nobody can read", { status: 200, body: { state: "done" } }],
  ] as const)
    it.effect(`${what} after the first part hides nothing of what is done, and what it was of may be taken`, () =>
      Effect.gen(function* () {
        const portal = yield* prepared()
        const [a] = seedTwo(portal)
        portal.sandbox.failNext({ ...fault, match: "batch/update" })
        const answers = yield* portal.connector.write("contacts", [
          creating("c-1", { email: "new@example.com" }),
          updating(a, "c-2", { firstname: "X" }),
        ])
        assert.strictEqual(outcome(answers, "c-1")._tag, "Written")
        assert.deepInclude(outcome(answers, "c-2"), { _tag: "Refused", code: "busy", effect: "unknown", retry: true })
      }),
    )

  it.effect("a row that HubSpot fails by itself, in a 207, is a refusal of that row", () =>
    Effect.gen(function* () {
      const portal = yield* prepared()
      const [a, b] = seedTwo(portal)
      portal.sandbox.failNext({
        status: 207,
        rows: [0],
        match: "batch/update",
        body: { category: "VALIDATION_ERROR", message: "not this one" },
      })
      const answers = yield* portal.connector.write("contacts", [
        updating(a, "c-1", { firstname: "X" }),
        updating(b, "c-2", { firstname: "Y" }),
      ])
      assert.deepInclude(outcome(answers, "c-1"), { _tag: "Refused", message: "not this one" })
      assert.strictEqual(outcome(answers, "c-2")._tag, "Written")
    }),
  )

  it.effect("archives are written, and archiving again is no error", () =>
    Effect.gen(function* () {
      const portal = yield* prepared()
      const [a] = seedTwo(portal)
      const row = { ...updating(a, "c-1", {}), kind: "archive" as const }
      for (let times = 0; times < 2; times += 1) {
        assert.deepInclude(outcome(yield* portal.connector.write("contacts", [row]), "c-1"), { _tag: "Written", id: a })
      }
      assert.deepStrictEqual(portal.sandbox.writes(), { "contacts.archive": 1 })
    }),
  )
})
