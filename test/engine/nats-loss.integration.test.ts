/** The engine with its wake-ups on NATS, whose whole store is taken away while some of them are on their way. */
import { layer as nats } from "@concordat/adapters/nats/Nats"
import { acquireProxy } from "@concordat/adapters/nats/testing/proxy"
import { acquireOwn, missingOwn } from "@concordat/adapters/nats/testing/server"
import { withoutLooks } from "@concordat/adapters/nats/testing/without-looks"
import { PUSH_STREAM } from "@concordat/adapters/nats/streams"
import { RESCAN_MS } from "@concordat/engine/limits"
import { Bus } from "@concordat/engine/ports/Bus"
import { Commit } from "@concordat/engine/ports/Commit"
import { assert, describe, it } from "@effect/vitest"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { World } from "./synthetic.ts"
import { openConnection, startReconciler, startWorker, store } from "./system.ts"

const PEOPLE = 30

const busAt = (url: string) =>
  Effect.map(Layer.build(Layer.fresh(nats({ address: Redacted.make(url) }))), (context) => Context.get(context, Bus))

/** The three steps of production: events and state, which are one store here, and then the wake-ups. */
const inSteps = (bus: Context.Service.Shape<typeof Bus>) =>
  Effect.map(Commit, ({ commit }) =>
    Commit.of({
      commit: (unit) =>
        Effect.tap(commit({ ...unit, commands: [] }), (result) =>
          result._tag === "Appended" ? bus.publish(unit.commands) : Effect.void,
        ),
    }),
  )

const PATIENCE_MS = 60_000

const until = Effect.fnUntraced(function* (what: string, isSo: Effect.Effect<boolean>) {
  const from = performance.now()
  while (!(yield* isSo)) {
    if (performance.now() - from > PATIENCE_MS) return yield* Effect.die(new Error(`it did not come: ${what}`))
    yield* Effect.sleep("20 millis")
  }
})

describe.skipIf(missingOwn !== null)(`NATS loses its store${missingOwn === null ? "" : ` (${missingOwn})`}`, () => {
  it.live("in mid-run: everything due is written, though nobody looks at all of it every half minute", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      const wire = yield* acquireProxy(server.port)
      const [deciding, working] = [yield* busAt(server.url), yield* busAt(wire.url)]
      const waiting = Effect.promise(async () => {
        const nc = await connect({ servers: server.url })
        const { state } = await (await jetstreamManager(nc)).streams.info(PUSH_STREAM)
        await nc.close()
        return state.messages
      })
      yield* Effect.gen(function* () {
        const [left, right] = [new World(), new World()]
        const ids = Array.from({ length: PEOPLE }, (_, n) =>
          left.put(null, { mail: `p${n}@x.example`, first: "Ada", last: `No${n}`, job: "Countess" }),
        )
        yield* openConnection("left", { world: left })
        yield* openConnection("right", { world: right })
        yield* Effect.provideService(startReconciler, Commit, yield* inSteps(deciding))
        const workers = [yield* startWorker("left", left), yield* startWorker("right", right)]
        yield* until(
          "all are created",
          Effect.sync(() => right.live().length === PEOPLE),
        )
        yield* until(
          "wake-ups are taken",
          Effect.map(waiting, (count) => count === 0),
        )

        wire.stall()
        for (const id of ids) left.put(id, { job: "Analyst" })
        yield* until(
          "wake-ups wait in the bus",
          Effect.map(waiting, (count) => count >= PEOPLE),
        )
        assert.isTrue(right.live().every(({ values }) => values["job"] === "Countess"))
        yield* Effect.promise(() => server.stop("SIGKILL"))
        server.wipe()
        yield* Effect.promise(() => server.start())
        yield* until(
          "all are written",
          Effect.sync(() => right.live().every(({ values }) => values["job"] === "Analyst")),
        )
        for (const { stop } of workers) yield* stop
      }).pipe(Effect.provideService(Bus, working), withoutLooks(RESCAN_MS))
    }).pipe(Effect.provide(store, { local: true })),
  )
})
