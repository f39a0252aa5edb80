/** A lease changes hands between transactions and never within one. */
import { State, StateWriter } from "@concordat/engine/ports/State"
import { assert, describe, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { Database } from "./Database.ts"
import { layer as postgres } from "./Postgres.ts"
import { fence } from "./StateWriter.ts"
import { activity, halfWay, until } from "./testing/half-way.ts"
import { acquireDatabase, acquireOwn, execute, missingOwn } from "./testing/server.ts"

class Place extends Context.Service<Place, string>()("test/Place") {}
const place = Layer.effect(
  Place,
  Effect.flatMap(acquireOwn(), ({ url }) => acquireDatabase(url)),
)
const store = Layer.unwrap(Effect.map(Place, (url) => postgres({ url: Redacted.make(url) }))).pipe(
  Layer.provideMerge(place),
)

const lease = { name: "share/7", epoch: 1 }
const unit = (text: string) => ({
  documents: [{ tenant: "t1", kind: "entity", key: "a", value: text }],
  checkpoint: { name: "reconciler-7", position: text, eventId: text },
  lease,
})

describe.skipIf(missingOwn !== null)("PostgreSQL, fencing", () => {
  layer(store)("[PG] fencing", (it) => {
    it.effect("[CE17] a handover waits for the transaction that has looked at the lease", () =>
      Effect.gen(function* () {
        const database = yield* Place
        const { write } = yield* StateWriter
        const state = yield* State
        const found = Effect.flatMap(state.getMany(unit("").documents), ([document]) =>
          Effect.map(state.checkpoint("reconciler-7"), (checkpoint) => [document, checkpoint?.position]),
        )
        yield* execute(database, "insert into concordat.lease (name, epoch) values ('share/7', 1)")
        yield* write(unit("1"))
        const { close, writing } = yield* halfWay(database, write, unit("2"))
        const handover = yield* Effect.forkChild(execute(database, "update concordat.lease set epoch = 2"), {
          startImmediately: true,
        })
        // It ends at once, and this waits for ever, where the transaction does not hold the lease.
        yield* until(database, activity("update concordat.lease", "wait_event_type = 'Lock'"))
        assert.deepStrictEqual(yield* found, ["1", "1"])
        yield* close
        yield* Fiber.join(writing)
        yield* Fiber.join(handover)
        assert.deepStrictEqual(yield* found, ["2", "2"])
        assert.strictEqual((yield* Effect.flip(write(unit("3")))).reason, "fenced")
        assert.deepStrictEqual(yield* found, ["2", "2"])
      }),
    )

    it.effect(
      "[CE17] who is stopped in the middle of a transaction holds up a handover for seconds, and writes nothing after it",
      () =>
        Effect.gen(function* () {
          const database = yield* Place
          const { run, sql } = yield* Database
          const name = "share/stopped"
          yield* execute(database, `insert into concordat.lease (name, epoch) values ('${name}', 1)`)
          const put = sql.unsafe("insert into concordat.checkpoint values ('stopped', '1', '1', '')")
          const handedOver = yield* Deferred.make<void>()
          const stopped = Deferred.await(handedOver)
          const writing = yield* Effect.forkChild(
            Effect.flip(
              run(sql.withTransaction(Effect.all([fence(sql, { name, epoch: 1 }), put, stopped], { discard: true }))),
            ),
            { startImmediately: true },
          )
          yield* until(database, activity("insert into concordat.checkpoint", "state = 'idle in transaction'"))
          yield* execute(database, `update concordat.lease set epoch = 2 where name = '${name}'`)
          yield* Deferred.succeed(handedOver, undefined)
          assert.strictEqual((yield* Fiber.join(writing)).reason, "fenced")
          assert.deepStrictEqual(
            yield* execute(database, "select 1 from concordat.checkpoint where name = 'stopped'"),
            [],
          )
        }),
    )
  })
})
