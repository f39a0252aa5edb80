import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import type { Definition } from "@concordat/engine/ports/Provider"
import { eventsOf } from "@concordat/engine/operations/stored-events"
import { Journal } from "@concordat/engine/ports/Journal"
import type { ConnectionOpened } from "@concordat/model/events/connection"
import { eventId } from "@concordat/model/ids"
import * as streams from "@concordat/model/streams"
import { EDITION } from "@concordat/rules/edition"
import { defaultDocument } from "@concordat/rules/policy/policy"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { ConnectionConfig, TenantConfig } from "./config/Config.ts"
import { markOf } from "./key.ts"
import { changeRules, openConnection, openedOf } from "./opening.ts"

const definition: Definition = {
  provider: "odoo",
  class: "peer",
  objects: {},
  limits: { buckets: {}, concurrency: 1, timeoutMs: 1000 },
  pollEveryMs: 15_000,
  secondLookMs: 0,
  indexLagMs: 0,
  creates: "ownId",
  preconditions: false,
  settings: {},
  credentials: {},
}
const connection: ConnectionConfig = {
  name: "odoo",
  provider: "odoo",
  settings: { url: "https://erp.example.com" },
  credentials: { apiKey: Redacted.make("s3cret-key") },
  create: { contact: "afterPlan", company: "afterPlan", deal: "never", activity: "never" },
  mapping: { name: "one" },
  pollEveryMs: 1000,
  currency: "EUR",
  allowPrivateAddresses: true,
}
const tenant: TenantConfig = { name: "acme", region: "DE", rules: null, connections: [connection] }
const key = Redacted.make("k1")
const open = (of: ConnectionConfig, by = key) => openConnection(tenant, of, definition, by)

const store = sqlite({ path: ":memory:", inPlace: true })
const withStore = <A, E>(name: string, test: () => Effect.Effect<A, E, Layer.Success<typeof store>>) =>
  it.effect(name, () => test().pipe(Effect.provide(Layer.fresh(store))))

describe("opening", () => {
  withStore("says what the engine has to know of a connection, and no credential", () =>
    Effect.gen(function* () {
      yield* open(connection)
      const [opened, mapping] = yield* eventsOf(streams.connection("acme", "odoo"))
      assert.deepInclude(opened?.data as object, {
        settings: { url: "https://erp.example.com", region: "DE", currency: "EUR", allowPrivateAddresses: "true" },
        armed: false,
        mark: markOf(key, "acme"),
      })
      assert.deepInclude(mapping?.data as object, { document: { name: "one" } })
      assert.notInclude(JSON.stringify(opened), "s3cret-key")
      assert.match(markOf(key, "acme"), /^[a-z0-9]{8}$/)
    }),
  )

  withStore("says nothing again, and only what changed", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* open(connection)).appended, ["ConnectionOpened", "MappingChanged"])
      assert.deepStrictEqual((yield* open(connection)).appended, [])
      assert.deepStrictEqual((yield* open({ ...connection, mapping: { name: "two" } })).appended, ["MappingChanged"])
      const other = { ...connection, mapping: { name: "two" }, pollEveryMs: 5 }
      assert.deepStrictEqual((yield* open(other)).appended, ["ConnectionOpened"])
    }),
  )

  withStore("keeps the mark that records out there carry, whatever the key is now", () =>
    Effect.gen(function* () {
      const { mark } = yield* open(connection)
      const again = yield* open(connection, Redacted.make("another"))
      assert.deepStrictEqual(again, { mark, appended: [] })
      assert.notStrictEqual(markOf(key, "acme"), markOf(key, "other"))
    }),
  )

  withStore(
    "opens this engine's edition of the rules where one of before has opened its own, and takes no later one back",
    () =>
      Effect.gen(function* () {
        const opened = (
          version: string,
          data: ConnectionOpened | Omit<ConnectionOpened, "edition">,
          expected: number,
        ) =>
          Effect.flatMap(Journal, (journal) => {
            const id = eventId("opened", expected, version)
            const metadata = { at: "2026-01-01T00:00:00.000Z", schemaVersion: version, $correlationId: id }
            const event = { id, type: data._tag, data: JSON.stringify(data), metadata }
            return journal.append({ stream: streams.connection("acme", "odoo"), expected, events: [event] })
          })
        const now = openedOf(tenant, connection, definition, "mark0000", EDITION)
        const { edition: _, ...before } = now
        yield* opened("1", before, -1)
        assert.deepStrictEqual(yield* open(connection), {
          mark: "mark0000",
          appended: ["ConnectionOpened", "MappingChanged"],
        })
        const editions = Effect.map(eventsOf(streams.connection("acme", "odoo")), (facts) =>
          facts.flatMap(({ data, type }) => (type === "ConnectionOpened" ? [(data as ConnectionOpened).edition] : [])),
        )
        assert.deepStrictEqual(yield* editions, [1, EDITION])
        yield* opened("2", { ...now, edition: EDITION + 1 }, 2)
        assert.deepStrictEqual((yield* open(connection)).appended, [])
      }),
  )

  withStore("tells of rules once, and of their end", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* changeRules(tenant), false)
      const rules = { rules: { contact: { "*": { _tag: "App" } } } }
      assert.strictEqual(yield* changeRules({ ...tenant, rules }), true)
      assert.strictEqual(yield* changeRules({ ...tenant, rules }), false)
      assert.strictEqual(yield* changeRules(tenant), true)
      assert.strictEqual(yield* changeRules(tenant), false)
      const told = yield* eventsOf(streams.connection("acme", ""))
      assert.deepStrictEqual(
        told.map(({ data }) => (data as { readonly document: unknown }).document),
        [rules, defaultDocument],
      )
    }),
  )
})
