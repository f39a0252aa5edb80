/** What is asked for by its key is found by it, however the table has grown since the server planned the statement. */
import { State, StateWriter } from "@concordat/engine/ports/State"
import { assert, describe, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { layer as postgres } from "./Postgres.ts"
import { until } from "./testing/half-way.ts"
import { acquireDatabase, acquireOwn, execute, missingOwn } from "./testing/server.ts"

class Server extends Context.Service<Server, string>()("test/Server") {}
const server = Layer.effect(
  Server,
  Effect.map(acquireOwn(), ({ url }) => url),
)

const idOf = (n: number) => ({ tenant: "t1", kind: "entity", key: `k${n}` })
/** The server plans a statement for good at its sixth run: https://www.postgresql.org/docs/current/sql-prepare.html */
const RUNS_UNTIL_PLANNED = 6
const DOCUMENTS = 2_000

/** All that a state is asked for, on one connection, so that it is there that plans are made. */
const used = (url: string) =>
  Effect.gen(function* () {
    const [state, { write }] = [yield* State, yield* StateWriter]
    const put = (from: number, to: number, value: string | null) =>
      write({
        documents: Array.from({ length: to - from }, (_, n) => ({ ...idOf(from + n), value })),
        checkpoint: null,
        lease: null,
      })
    const everything = Effect.gen(function* () {
      yield* state.getMany([idOf(1), idOf(DOCUMENTS * 2)])
      yield* put(0, 2, "again")
      yield* put(2, 4, null)
      yield* state.scan({ tenant: "t1", kind: "entity", prefix: "k1", after: null, limit: 10 })
      yield* state.count({ tenant: "t1", kind: "entity", prefix: "k1" })
      yield* state.tenants
    })
    yield* Effect.repeat(everything, { times: RUNS_UNTIL_PLANNED })
    yield* put(0, DOCUMENTS, "much")
    yield* everything
    return yield* state.getMany([idOf(0), idOf(2), idOf(DOCUMENTS - 1)])
  }).pipe(Effect.provide(postgres({ url: Redacted.make(url), connections: 1 })))

describe.skipIf(missingOwn !== null)("PostgreSQL, plans", () => {
  layer(server)("[PG] plans", (it) => {
    it.effect("a statement that was planned for an empty table never reads a full one whole", () =>
      Effect.gen(function* () {
        const url = yield* acquireDatabase(yield* Server)
        assert.deepStrictEqual(yield* used(url), ["again", null, "much"])
        const reads = `from pg_stat_user_tables where schemaname = 'concordat' and relname = 'document'`
        // What a connection did is told when it has ended.
        yield* until(url, `select 1 ${reads} and idx_scan > ${RUNS_UNTIL_PLANNED}`)
        // The index was made by reading the table, which was empty then.
        assert.deepStrictEqual(yield* execute(url, `select seq_scan <= 1 ${reads}`), [[true]])
      }),
    )
  })
})
