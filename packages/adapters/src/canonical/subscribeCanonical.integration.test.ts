/** A product's service over real NATS, which is killed and loses its store, while the service itself ends and begins again. */
import { announce } from "@concordat/engine/flows/Announcer"
import { Journal } from "@concordat/engine/ports/Journal"
import { LiveTail } from "@concordat/engine/ports/LiveTail"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { layer, layerLiveTail } from "../nats/Nats.ts"
import { acquireOwn, missingOwn } from "../nats/testing/server.ts"
import { layer as sqlite } from "../sqlite/Sqlite.ts"
import { type CanonicalSubscription, subscribeCanonical } from "./subscribeCanonical.ts"
import { appender, countingReads, type Had, take, until, untilTold } from "./testing/product.ts"

const store = sqlite({ path: ":memory:", inPlace: true })

/** A process of its own, as far as NATS goes. */
const within = (address: string, options: CanonicalSubscription, had: Array<Had>) =>
  Effect.scoped(
    Effect.flatMap(Layer.build(Layer.fresh(layerLiveTail({ address: Redacted.make(address) }))), (tail) =>
      Effect.provideContext(Stream.runForEach(subscribeCanonical(options), take(had)), tail),
    ),
  )

const announcing = Effect.fnUntraced(function* (address: string) {
  const stores = yield* Layer.build(Layer.fresh(layer({ address: Redacted.make(address) })))
  yield* Effect.forkScoped(Effect.provideService(announce, LiveTail, Context.get(stores, LiveTail)))
})

/** Positions of the journal in its order, of one tenant's events. */
const written = Effect.fnUntraced(function* (tenant: string) {
  const { events } = yield* (yield* Journal).readAll({ after: null, prefixes: [], limit: 1_000_000 })
  return events.filter(({ stream }) => stream.includes(`.${tenant}.`)).map(({ position }) => position)
})

const title = `subscribing over NATS${missingOwn === null ? "" : ` (${missingOwn})`}`
describe.skipIf(missingOwn !== null)(title, () => {
  it.live("nothing lost, nothing out of order, and repeated only what came after the kept position", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      yield* announcing(server.url)
      const append = appender()
      for (let n = 0; n < 20; n++) yield* append("acme", "contact", n % 5)
      const runs: Array<{ readonly after: string | null; readonly had: Array<Had> }> = []
      let isOver = false
      const product = Effect.gen(function* () {
        for (let after: string | null = null; ;) {
          const had: Array<Had> = []
          runs.push({ after, had })
          const running = yield* Effect.forkChild(within(server.url, { tenant: "acme", after }, had))
          yield* until("60 events of one run", () => isOver || had.length > 60)
          if (isOver) return running
          yield* Fiber.interrupt(running)
          // The last event came while it ended.
          if (isOver) return running
          // It had kept the position a few events before its end: those come again.
          after = had.at(-8)!.position
        }
      })
      // Until the product has ended a few times: on a slow machine more comes between two of its looks at what it had.
      let rounds = 0
      const killed = { isOver: false }
      const writing = Effect.gen(function* () {
        for (; rounds < 200 || runs.length <= 3 || !killed.isOver; rounds++) {
          const n = rounds
          yield* append("acme", n % 3 === 0 ? "deal" : "contact", n % 7)
          yield* append("acme", "contact", n % 2)
          yield* append("other", "contact", 0)
          yield* Effect.sleep("10 millis")
        }
      })
      const killing = Effect.promise(async () => {
        for (let n = 0; n < 2; n++) {
          await new Promise((resolve) => setTimeout(resolve, 500))
          await server.stop("SIGKILL")
          server.wipe()
          await new Promise((resolve) => setTimeout(resolve, 400))
          await server.start()
        }
        killed.isOver = true
      })
      const subscriber = yield* Effect.forkChild(product)
      yield* Effect.all([writing, killing], { concurrency: "unbounded" })
      const all = yield* written("acme")
      yield* until("the last event", () => runs.at(-1)!.had.at(-1)?.position === all.at(-1))
      isOver = true
      yield* Fiber.interrupt(yield* Fiber.join(subscriber))
      assert.isAbove(runs.length, 3)
      assert.strictEqual(all.length, 20 + 2 * rounds)
      for (const { after, had } of runs) {
        const from = after === null ? 0 : all.indexOf(after) + 1
        assert.deepStrictEqual(
          had.map(({ position }) => position),
          all.slice(from, from + had.length),
        )
        // Each entity's revisions follow on each other.
        for (const [entity, events] of Map.groupBy(had, ({ event }) => `${event.type} ${event.entity}`))
          for (const [n, { event }] of events.entries())
            assert.strictEqual(event.revision, events[0]!.event.revision + n, entity)
      }
      assert.strictEqual(runs.at(-1)!.had.at(-1)!.position, all.at(-1))
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.live("it begins while NATS is away, from the journal, and hears what comes once NATS is there", () =>
    Effect.gen(function* () {
      const server = yield* acquireOwn()
      yield* Effect.promise(() => server.stop("SIGKILL"))
      const append = appender()
      yield* append("acme", "deal", 0)
      const had: Array<Had> = []
      const { journal, reads } = yield* countingReads
      yield* Effect.forkScoped(
        Effect.provideService(within(server.url, { tenant: "acme", after: null }, had), Journal, journal),
      )
      yield* until("what was there", () => had.length === 1)
      yield* append("acme", "deal", 0)
      yield* until("what the next look finds", () => had.length === 2)
      assert.deepStrictEqual(
        had.map(({ event }) => event.revision),
        [0, 1],
      )
      yield* Effect.promise(() => server.start())
      yield* announcing(server.url)
      yield* untilTold(append("acme", "deal", 0), () => had.length, reads)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.live("its user needs no more than to listen to its tenant, and what is refused is said", () =>
    Effect.gen(function* () {
      const rights = `{ subscribe: ["concordat.*.acme.*", "concordat.missed"], publish: { deny: ">" } }`
      const server = yield* acquireOwn(
        `authorization { users: [{ user: own, password: own }, { user: product, password: p, permissions: ${rights} }] }`,
      )
      const at = (who: string) => server.url.replace("://", `://${who}@`)
      yield* announcing(at("own:own"))
      const had: Array<Had> = []
      const { journal, reads } = yield* countingReads
      yield* Effect.forkScoped(
        Effect.provideService(within(at("product:p"), { tenant: "acme", after: null }, had), Journal, journal),
      )
      yield* untilTold(appender()("acme", "deal", 0), () => had.length, reads)
      const other = yield* Effect.flip(within(at("product:p"), { tenant: "other", after: null }, []))
      assert.include(other.message, "NATS allows no subscription on concordat.")
      const stranger = yield* Effect.flip(within(at("product:no"), { tenant: "acme", after: null }, []))
      assert.include(stranger.message, "NATS refuses the credentials")
    }).pipe(Effect.provide(store, { local: true })),
  )
})
