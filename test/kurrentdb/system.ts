/** A server of our own with the adapter on it, and time that runs faster than the wall clock. */
import { layer } from "@concordat/adapters/kurrentdb/KurrentDb"
import { Journal } from "@concordat/engine/ports/Journal"
import type { NewEvent, Subscribed } from "@concordat/engine/ports/Journal"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { randomUUID } from "node:crypto"
import { startServer } from "../kurrent-server/server.ts"
import type { ServerOptions } from "../kurrent-server/server.ts"

export const serve = (options: ServerOptions) =>
  Effect.acquireRelease(
    Effect.promise(() => startServer(options)),
    (server) => Effect.promise(server.stop),
  )

/** A process of its own, as far as the journal goes: nothing that another one remembers. */
export const connect = (connectionString: string) =>
  Effect.map(Layer.build(Layer.fresh(layer({ connectionString: Redacted.make(connectionString) }))), (context) =>
    Context.get(context, Journal),
  )
export type JournalService = Context.Service.Shape<typeof Journal>

export const system = Effect.fnUntraced(function* (options: ServerOptions) {
  const server = yield* serve(options)
  return { server, journal: yield* connect(server.connectionString) }
})

/**
 * Lets a quarter of a second pass every 20 ms until it is done: timeouts and waits elapse, and answers have time to come.
 * While the machine is too busy to keep to the 20 ms, no time passes: nothing is to time out that is merely slow.
 */
export const hurry = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    while (fiber.pollUnsafe() === undefined) {
      const [slept] = yield* TestClock.withLive(Effect.timed(Effect.sleep("20 millis")))
      if (Duration.toMillis(slept) < 40) yield* TestClock.adjust("250 millis")
    }
    return yield* Fiber.join(fiber)
  })

export const made = (data: string = '{"a":1}', type = "ContactChanged"): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata: { at: "2026-01-01T00:00:00Z", $correlationId: randomUUID() },
})
export const some = (count: number, data?: string): ReadonlyArray<NewEvent> =>
  Array.from({ length: count }, () => made(data))
export const ids = (events: ReadonlyArray<{ readonly id: string }>): ReadonlyArray<string> => events.map(({ id }) => id)
export const forward = { from: 0, direction: "forward", limit: 10_000 } as const

/** What a subscription says, until so many events came. */
export const follow = (
  journal: JournalService,
  prefixes: ReadonlyArray<string>,
  count: number,
  after: string | null = null,
) => {
  let left = count
  return journal.subscribe({ after, prefixes }).pipe(
    Stream.takeUntil((item: Subscribed) => item._tag === "Event" && --left === 0),
    Stream.runCollect,
  )
}
export const eventsOf = (items: ReadonlyArray<Subscribed>): ReadonlyArray<string> =>
  items.flatMap((item) => (item._tag === "Event" ? [item.event.id] : []))
