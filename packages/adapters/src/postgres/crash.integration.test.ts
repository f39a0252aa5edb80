/** The server dies, restarts, or loses an answer: a unit is written whole or not at all, and work goes on by itself. */
import { State, StateWriter } from "@concordat/engine/ports/State"
import { assert, describe, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { randomUUID } from "node:crypto"
import { Database } from "./Database.ts"
import { layer as postgres } from "./Postgres.ts"
import { cutting } from "./testing/cutting.ts"
import { halfWay } from "./testing/half-way.ts"
import { acquireDatabase, acquireOwn, execute, missingOwn, type OwnServer } from "./testing/server.ts"

class Server extends Context.Service<Server, OwnServer & { readonly database: string }>()("test/Server") {}
const server = Layer.effect(
  Server,
  Effect.gen(function* () {
    const own = yield* acquireOwn()
    return { ...own, database: yield* acquireDatabase(own.url) }
  }),
)
const store = Layer.unwrap(
  Effect.map(Server, ({ database }) => postgres({ url: Redacted.make(database), applicationName: "store" })),
).pipe(Layer.provideMerge(server))

const kind = "entity"
const unit = (tenant: string, text: string) => ({
  documents: Array.from({ length: 1_000 }, (_, n) => ({ tenant, kind, key: String(n), value: text })),
  checkpoint: { name: `reconciler-${tenant}`, position: text, eventId: text },
  lease: null,
})
const tenantName = (): string => `t${randomUUID().replaceAll("-", "")}`

/** What is there, by a connection that has seen nothing of before. */
const found = (database: string, tenant: string) =>
  Effect.gen(function* () {
    const values = `select value, count(*)::int from concordat.document where tenant = '${tenant}' group by value`
    const position = `select position from concordat.checkpoint where name = 'reconciler-${tenant}'`
    return [...(yield* execute(database, values)), ...(yield* execute(database, position))]
  })

describe.skipIf(missingOwn !== null)("PostgreSQL, crashes", () => {
  layer(store)("[PG] crashes", (it) => {
    for (const signal of ["SIGKILL", "SIGQUIT"] as const) {
      it.effect(
        `nothing of a unit is there when the server dies in its middle (${signal}), and the next one is written`,
        () =>
          Effect.gen(function* () {
            const { database, start, stop } = yield* Server
            const { write } = yield* StateWriter
            const tenant = tenantName()
            yield* write(unit(tenant, "1"))
            const { close, writing } = yield* halfWay(database, write, unit(tenant, "2"))
            yield* Effect.promise(() => stop(signal))
            yield* Fiber.interrupt(writing)
            yield* close
            yield* Effect.promise(start)
            assert.deepStrictEqual(yield* found(database, tenant), [["1", 1_000], ["1"]])
            yield* write(unit(tenant, "3"))
            assert.deepStrictEqual(yield* found(database, tenant), [["3", 1_000], ["3"]])
          }),
      )
    }

    it.effect("a unit that the server's restart cut off is written after it, by itself", () =>
      Effect.gen(function* () {
        const { database, start, stop } = yield* Server
        const { write } = yield* StateWriter
        const state = yield* State
        const tenant = tenantName()
        yield* write(unit(tenant, "1"))
        const { close, writing } = yield* halfWay(database, write, unit(tenant, "2"))
        yield* Effect.promise(() => stop("SIGQUIT"))
        const reading = yield* Effect.forkChild(state.getMany([{ tenant, kind, key: "7" }]), {
          startImmediately: true,
        })
        const { once, sql } = yield* Database
        assert.strictEqual((yield* Effect.flip(once(sql.unsafe("select 1")))).reason, "unavailable")
        yield* Effect.promise(start)
        yield* Fiber.join(writing)
        assert.include(["1", "2"], (yield* Fiber.join(reading))[0])
        yield* close
        assert.deepStrictEqual(yield* found(database, tenant), [["2", 1_000], ["2"]])
      }),
    )

    it.effect("connections that the server has ended are replaced without a word", () =>
      Effect.gen(function* () {
        const { database } = yield* Server
        const { write } = yield* StateWriter
        const state = yield* State
        const tenant = tenantName()
        yield* write(unit(tenant, "1"))
        const ended = yield* execute(
          database,
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'store'",
        )
        assert.isAbove(ended.length, 0)
        yield* write(unit(tenant, "2"))
        assert.deepStrictEqual(yield* state.getMany([{ tenant, kind, key: "7" }]), ["2"])
      }),
    )

    it.effect("a commit whose answer was lost is repeated, and says that it is written", () =>
      Effect.gen(function* () {
        const { database, port } = yield* Server
        const way = yield* Effect.acquireRelease(
          Effect.promise(() => cutting(port)),
          (one) => Effect.sync(one.close),
        )
        const through = new URL(database)
        through.port = String(way.port)
        const context = yield* Layer.build(postgres({ url: Redacted.make(through.href), connections: 1 }))
        const tenant = tenantName()
        way.cutAfter("COMMIT")
        yield* Context.get(context, StateWriter).write(unit(tenant, "1"))
        assert.strictEqual(way.cuts(), 1)
        assert.deepStrictEqual(yield* found(database, tenant), [["1", 1_000], ["1"]])
      }),
    )
  })
})
