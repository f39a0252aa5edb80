/** Traps of writing associations: by difference, labels that go along, targets that are gone. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { creating, outcome, prepared, updating } from "./testing/portal.ts"

describe("facets", () => {
  it.effect("[HS23] associations are written by difference; taking one away takes its labels too", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* prepared()
      const { contacts, companies } = sandbox.seed({
        records: {
          contacts: [{ properties: { email: "a@example.com" } }],
          companies: ["1", "2", "3"].map((name) => ({ properties: { name } })),
        },
      })
      const [one, two, three] = companies as [string, string, string]
      const id = contacts![0]!
      sandbox.seed({
        associations: [one, two].map((to) => ({
          from: ["contacts", id] as const,
          to: ["companies", to] as const,
          typeId: to === one ? 1 : 279,
        })),
      })
      const list = (...ids: ReadonlyArray<string>) => ids.map((to) => ({ object: "companies", id: to }))
      const answers = yield* connector.write("contacts", [
        updating(id, "c-1", { "@companies": list(two, three) }, { "@companies": list(one, two) }),
      ])
      assert.strictEqual(outcome(answers, "c-1")._tag, "Written")
      assert.sameMembers([...(sandbox.get("contacts", id)?.associations["companies"] ?? [])], [two, three])
      assert.deepStrictEqual(sandbox.get("companies", one)?.associations, {})
      // The one that is new, and the mark of the one that is first now (HS47).
      assert.deepStrictEqual(sandbox.writes(), { "contacts.dissociate": 1, "contacts.associate": 2 })
    }),
  )

  it.effect("[HS23] between the two halves of an exchange a record has one too many, and never none", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* prepared()
      const { contacts, companies } = sandbox.seed({
        records: {
          contacts: [{ properties: { email: "a@example.com" } }],
          companies: ["1", "2"].map((name) => ({ properties: { name } })),
        },
      })
      const [one, two] = companies as [string, string]
      const id = contacts![0]!
      sandbox.seed({ associations: [{ from: ["contacts", id], to: ["companies", one] }] })
      sandbox.failNext({ status: 0, match: "/contacts/companies/batch/archive" })
      const list = (to: string) => [{ object: "companies", id: to }]
      const answers = yield* connector.write("contacts", [
        updating(id, "c-1", { "@companies": list(two) }, { "@companies": list(one) }),
      ])
      // No refusal of that reference: the connection broke, and the row is tried again.
      const answer = outcome(answers, "c-1")
      assert.deepInclude(answer, { _tag: "Refused", code: "busy", effect: "unknown", retry: true })
      assert.sameMembers([...(sandbox.get("contacts", id)?.associations["companies"] ?? [])], [one, two])
    }),
  )

  it.effect("[HS11] a record that was made before the connection broke is answered, and not made again", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* prepared()
      const { companies } = sandbox.seed({ records: { companies: [{ properties: { name: "One" } }] } })
      sandbox.failNext({ status: 502, match: "/contacts/companies/batch/associate" })
      const row = creating("c-1", {
        email: "A@example.com",
        "@companies": [{ object: "companies", id: companies![0]! }],
      })
      const answer = outcome(yield* connector.write("contacts", [row]), "c-1")
      assert.ok(answer._tag === "Written")
      // What it is associated with is not known: it is read, and what is missing is due.
      assert.isTrue(answer.adopted)
      assert.deepStrictEqual([answer.made, answer.held], [["email"], { email: "a@example.com" }])
      assert.isDefined(sandbox.get("contacts", answer.id))
    }),
  )

  it.effect("[HS29] an association to a record that is gone refuses its key and not the row", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* prepared()
      const { companies } = sandbox.seed({ records: { companies: [{ properties: { name: "Gone" } }] } })
      sandbox.archive("companies", companies![0]!)
      const to = [{ object: "companies", id: companies![0]! }]
      const answers = yield* connector.write("contacts", [
        creating("c-1", { email: "a@example.com", "@companies": to }),
        creating("c-2", { email: "b@example.com" }),
      ])
      const first = outcome(answers, "c-1")
      assert.ok(first._tag === "Written")
      assert.deepStrictEqual(
        first.refused?.map(({ key, code }) => [key, code]),
        [["@companies", "reference"]],
      )
      assert.deepNestedInclude(outcome(answers, "c-2"), { _tag: "Written" })
      assert.strictEqual(sandbox.counts()["contacts"], 2)
    }),
  )

  it.effect("[HS29] where the one that is to come is gone, the one that stands there stays", () =>
    Effect.gen(function* () {
      const { sandbox, connector } = yield* prepared()
      const { contacts, companies } = sandbox.seed({
        records: {
          contacts: [{ properties: { email: "a@example.com" } }],
          companies: ["1", "2"].map((name) => ({ properties: { name } })),
        },
      })
      const [one, two] = companies as [string, string]
      const id = contacts![0]!
      sandbox.seed({ associations: [{ from: ["contacts", id], to: ["companies", one] }] })
      sandbox.archive("companies", two)
      const list = (to: string) => [{ object: "companies", id: to }]
      const answers = yield* connector.write("contacts", [
        updating(id, "c-1", { "@companies": list(two) }, { "@companies": list(one) }),
      ])
      const answer = outcome(answers, "c-1")
      assert.ok(answer._tag === "Written")
      assert.deepStrictEqual(
        answer.refused?.map(({ key, code }) => [key, code]),
        [["@companies", "reference"]],
      )
      assert.sameMembers([...(sandbox.get("contacts", id)?.associations["companies"] ?? [])], [one])
      assert.deepStrictEqual(sandbox.writes(), {})
    }),
  )

  it.effect(
    "[HS29] however the refusal is put: of one row in the answer, or of the whole request for one of its pairs",
    () =>
      Effect.gen(function* () {
        const refused = { status: "error", category: "VALIDATION_ERROR", message: "not valid" }
        for (const whole of [false, true]) {
          const { sandbox, connector } = yield* prepared()
          const { contacts, companies } = sandbox.seed({
            records: {
              contacts: ["a", "b", "c"].map((name) => ({ properties: { email: `${name}@example.com` } })),
              companies: ["1", "2", "3"].map((name) => ({ properties: { name } })),
            },
          })
          const [one, two, three] = companies as [string, string, string]
          sandbox.seed({ associations: contacts!.map((id) => ({ from: ["contacts", id], to: ["companies", one] })) })
          sandbox.archive("companies", two)
          const list = (to: string) => [{ object: "companies", id: to }]
          const rows = contacts!.map((id, at) =>
            updating(id, `c-${at}`, { "@companies": list(at === 0 ? two : three) }, { "@companies": list(one) }),
          )
          const [first] = contacts as [string]
          // The whole request, and the half in which the pair is alone.
          const body = whole
            ? refused
            : { status: "COMPLETE", results: [], errors: [{ ...refused, context: { fromObjectId: [first] } }] }
          sandbox.failNext({ status: whole ? 400 : 207, count: whole ? 2 : 1, match: "/batch/associate", body })
          const answers = yield* connector.write("contacts", whole ? rows : rows.slice(0, 1))
          const answer = outcome(answers, "c-0")
          assert.deepStrictEqual(answer._tag === "Written" ? answer.refused?.map(({ code }) => code) : [], [
            "reference",
          ])
          const held = (id: string) => sandbox.get("contacts", id)?.associations["companies"]
          assert.deepStrictEqual(held(first), [one])
          for (const id of whole ? contacts!.slice(1) : []) assert.deepStrictEqual(held(id), [three])
        }
      }),
  )

  it.effect(
    "[HS47] another company of several is made the primary one, or the next reading would take the old one",
    () =>
      Effect.gen(function* () {
        const { sandbox, connector } = yield* prepared()
        const { contacts, companies } = sandbox.seed({
          records: {
            contacts: [{ properties: { email: "a@example.com" } }],
            companies: ["1", "2", "3"].map((name) => ({ properties: { name } })),
          },
        })
        const [one, two, three] = companies as [string, string, string]
        const id = contacts![0]!
        sandbox.seed({
          associations: [one, two].map((to) => ({
            from: ["contacts", id] as const,
            to: ["companies", to] as const,
            typeId: to === two ? 1 : 279,
          })),
        })
        const list = (...ids: ReadonlyArray<string>) => ids.map((to) => ({ object: "companies", id: to }))
        const read = Effect.map(connector.read("contacts", [id], { fields: ["@companies"], limit: 1 }), ([found]) =>
          found?._tag === "Found" ? found.record.values["@companies"] : null,
        )
        // The shadow names the primary one first.
        const write = (wanted: ReturnType<typeof list>, before: ReturnType<typeof list>) =>
          connector.write("contacts", [updating(id, "c-1", { "@companies": wanted }, { "@companies": before })])
        assert.strictEqual(outcome(yield* write(list(three, one), list(two, one)), "c-1")._tag, "Written")
        assert.deepStrictEqual(yield* read, [
          { object: "companies", id: one },
          { object: "companies", id: three, primary: true },
        ])
        // One that stands there already is marked, and no other is.
        yield* write(list(one, three), list(three, one))
        assert.deepStrictEqual(yield* read, [
          { object: "companies", id: one, primary: true },
          { object: "companies", id: three },
        ])
        // One that is gone does not take the place of the one that counts.
        sandbox.archive("companies", two)
        const gone = outcome(yield* write(list(two, three), list(one, three)), "c-1")
        assert.deepStrictEqual(gone._tag === "Written" ? gone.refused?.map(({ code }) => code) : [], ["reference"])
        assert.sameMembers([...(sandbox.get("contacts", id)?.associations["companies"] ?? [])], [one, three])
      }),
  )
})
