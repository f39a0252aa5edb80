/** HubSpot through the engine: an association that changes moves no date, and its webhook is lost. */
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { appendTo } from "@concordat/engine/operations/append"
import * as streams from "@concordat/model/streams"
import { makeHubspot } from "@concordat/providers/hubspot/provider"
import { openPortal } from "@concordat/providers/hubspot/testing/portal"
import { EDITION } from "@concordat/rules/edition"
import { parseMapping } from "@concordat/rules/mapping/parse"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import { entities, eventsOf, settleDown, START, startReconciler, store, TENANT } from "./system.ts"

const MINUTE = 60_000
const { definition, mapping } = makeHubspot()

const opened = appendTo(streams.connection(TENANT, "hubspot"), [
  {
    type: "ConnectionOpened",
    data: {
      _tag: "ConnectionOpened",
      connection: "hubspot",
      provider: definition.provider,
      class: definition.class,
      isApp: false,
      settings: {},
      create: { contact: "never", company: "never", deal: "never", activity: "never" },
      pollEveryMs: definition.pollEveryMs,
      mark: "abcd1234",
      armed: false,
      edition: EDITION,
    },
  },
  {
    type: "MappingChanged",
    data: {
      _tag: "MappingChanged",
      connection: "hubspot",
      document: Result.getOrThrow(parseMapping(mapping, "hubspot/mapping.yaml")),
    },
  },
])

describe("HubSpot's associations", () => {
  it.effect("[HS6] one whose webhook was lost is found by reading again, within the hour, and by no poll before", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const { connector, sandbox } = yield* openPortal({ indexLagMs: [0, 0], webhooks: { target: null } })
      const { contacts, companies } = sandbox.seed({
        records: {
          contacts: [{ properties: { email: "ada@engines.example", firstname: "Ada", lastname: "Lovelace" } }],
          companies: [
            { properties: { name: "Engines", domain: "engines.example" } },
            { properties: { name: "Looms", domain: "looms.example" } },
          ],
        },
      })
      const [ada, engines, looms] = [contacts![0]!, companies![0]!, companies![1]!]
      sandbox.put({ object: "contacts", id: ada, associations: { companies: [engines] } })
      yield* opened
      yield* startReconciler
      const handle = yield* makeConnection({
        tenant: TENANT,
        connection: "hubspot",
        definition,
        connector,
        compilers: makeCompilers(),
      })
      yield* Effect.forkChild(handle.run, { startImmediately: true })
      yield* settleDown([handle])
      /** Both clocks go on together. */
      const pass = Effect.fnUntraced(function* (ms: number) {
        for (let at = 0; at < ms; at += 5_000) {
          sandbox.advance(5_000)
          yield* TestClock.adjust(5_000)
        }
      })
      const employer = Effect.map(entities, (all) => {
        const value = all.find(({ type }) => type === "contact")?.groups["company"]?.value["company"]
        return all.find((one) => one.type === "company" && JSON.stringify(value).includes(one.id))?.groups["name"]
          ?.value["name"]
      })
      // Past the overlap in which everything new is read again.
      yield* pass(2 * MINUTE)
      assert.strictEqual(yield* employer, "Engines")
      sandbox.put({ object: "contacts", id: ada, associations: { companies: [looms] } })
      yield* pass(30 * MINUTE)
      assert.strictEqual(yield* employer, "Engines")
      yield* pass(35 * MINUTE)
      assert.strictEqual(yield* employer, "Looms")
      const seen = (yield* eventsOf("RecordObserved")).filter(({ data }) => data.externalId === ada)
      assert.deepStrictEqual(
        seen.map(({ data }) => data.via),
        ["backfill", "census"],
      )
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("are read where a hint is about them, and spared where it is about a record's own fields", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const { calls, connector, sandbox } = yield* openPortal({ indexLagMs: [0, 0], webhooks: { target: null } })
      const { contacts, companies } = sandbox.seed({
        records: {
          contacts: [{ properties: { email: "ada@engines.example", firstname: "Ada", lastname: "Lovelace" } }],
          companies: [{ properties: { name: "Engines", domain: "engines.example" } }],
        },
      })
      const [ada, engines] = [contacts![0]!, companies![0]!]
      yield* opened
      yield* startReconciler
      const compilers = makeCompilers()
      const handle = yield* makeConnection({ tenant: TENANT, connection: "hubspot", definition, connector, compilers })
      yield* Effect.forkChild(handle.run, { startImmediately: true })
      yield* settleDown([handle])
      const look = Effect.fnUntraced(function* (object: string, id: string, about?: string) {
        const before = calls.length
        yield* handle.hint([{ object, id, kind: "changed", ...(about === undefined ? {} : { about }) }])
        for (let at = 0; at < 1_000; at += 50) yield* TestClock.adjust(50)
        return calls
          .slice(before)
          .map(({ operation }) => operation)
          .filter((operation) => operation.includes(".batchRead") || operation.includes("associations"))
      })
      sandbox.put({ object: "contacts", id: ada, properties: { jobtitle: "Countess" } })
      assert.deepStrictEqual(yield* look("contacts", ada, "fields"), ["contacts.batchRead"])
      sandbox.put({ object: "contacts", id: ada, associations: { companies: [engines] } })
      assert.deepStrictEqual(yield* look("contacts", ada, "@companies"), [
        "contacts.batchRead",
        "contacts.associations.companies.read",
      ])
      // Companies hold the other end, which nobody reads there.
      assert.deepStrictEqual(yield* look("companies", engines, "@contacts"), [])
      const seen = (yield* eventsOf("RecordObserved")).filter(({ data }) => data.externalId === ada)
      assert.deepStrictEqual(
        seen.slice(1).map(({ data }) => "@companies" in data.values.clear),
        [false, true],
      )
      assert.strictEqual(
        (yield* entities).find(({ type }) => type === "contact")?.groups["title"]?.value["title"],
        "Countess",
      )
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("[HS5] a record that two others became part of is nobody new to the walk that meets it first", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      // Search shows it long after, and no webhook comes.
      const lag = [7_200_000, 7_200_000] as const
      const { connector, sandbox } = yield* openPortal({ indexLagMs: lag, webhooks: { target: null } })
      const { deals } = sandbox.seed({
        records: { deals: Array.from({ length: 101 }, (_, at) => ({ properties: { dealname: `Deal ${at}` } })) },
      })
      const [one, other] = deals as [string, string]
      let into = ""
      yield* opened
      yield* startReconciler
      const handle = yield* makeConnection({
        tenant: TENANT,
        connection: "hubspot",
        definition,
        connector: {
          ...connector,
          // Merged between the page that lists the two and the last one, which lists what they became.
          backfill: (object, cursor, options) =>
            Effect.tap(connector.backfill(object, cursor, options), () =>
              Effect.sync(() => {
                if (object === "deals" && into === "") into = sandbox.merge("deals", one, other)
              }),
            ),
        },
        compilers: makeCompilers(),
      })
      yield* Effect.forkChild(handle.run, { startImmediately: true })
      yield* settleDown([handle])
      const facts = (yield* eventsOf("RecordMerged", "RecordObserved")).filter(
        ({ data, type }) => type === "RecordMerged" || data.externalId === into,
      )
      assert.deepStrictEqual(
        facts.map(({ data, type }) => [type, data.externalId, data.via ?? data.into]),
        [
          ["RecordMerged", one, into],
          ["RecordMerged", other, into],
          ["RecordObserved", into, "backfill"],
        ],
      )
      assert.lengthOf(
        (yield* entities).filter(({ mergedInto }) => mergedInto === null),
        100,
      )
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )
})
