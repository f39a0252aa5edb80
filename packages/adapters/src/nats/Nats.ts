/** The bus on NATS JetStream: wake-ups, and the tail of canonical events. Nothing in it has to be kept. */
import { Bus, type BusError } from "@concordat/engine/ports/Bus"
import { type Heard, LiveTail } from "@concordat/engine/ports/LiveTail"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { pauseMs } from "./backoff.ts"
import { makeBus } from "./Bus.ts"
import { type ConnectionOptions, openConnection } from "./Connection.ts"
import { type NatsOptions, openLink } from "./Link.ts"
import { makeLiveTail } from "./LiveTail.ts"
import { Publisher } from "./Publisher.ts"

export type { ConnectionOptions } from "./Connection.ts"
export type { NatsOptions } from "./Link.ts"

/**
 * Connects once; a server that goes away is waited for. One installation an account: stream and subjects have fixed names.
 *
 * Fails with `BusError`: `invalid` (the address, a server before 2.9), `unauthorised`, `unavailable` (nobody answers
 * there, no JetStream), `limit`.
 */
export const layer = (options: NatsOptions): Layer.Layer<Bus | LiveTail, BusError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const link = yield* openLink(options)
      const publisher = yield* Effect.acquireRelease(
        Effect.sync(() => new Publisher(link)),
        (publisher) => Effect.sync(() => publisher.close()),
      )
      return Context.make(Bus, makeBus(link, publisher)).pipe(Context.add(LiveTail, makeLiveTail(link)))
    }),
  )

const openPatiently = Effect.fnUntraced(function* (options: ConnectionOptions) {
  for (let tries = 0; ; tries++) {
    const opened = yield* Effect.result(openConnection(options))
    if (opened._tag === "Success") return makeLiveTail(opened.success)
    if (opened.failure.reason !== "unavailable") return yield* opened.failure
    if (tries === 0) yield* Effect.logWarning("NATS is away and is waited for", opened.failure.message)
    yield* Effect.sleep(pauseMs(tries))
  }
})

/**
 * The tail alone, for programs that listen: it uses no JetStream and makes nothing on the server. It is there at once; NATS is
 * waited for, before the first connection too, while listeners are told that they miss something.
 *
 * `listen` and `announce` fail with `BusError`: `invalid` (the address, a server before 2.9), `unauthorised`.
 */
export const layerLiveTail = (options: ConnectionOptions): Layer.Layer<LiveTail> =>
  Layer.effect(
    LiveTail,
    Effect.gen(function* () {
      const opening = yield* Effect.forkScoped(openPatiently(options))
      const opened = Fiber.join(opening)
      return LiveTail.of({
        announce: (events) => Effect.flatMap(opened, (tail) => tail.announce(events)),
        announceMissed: Effect.flatMap(opened, (tail) => tail.announceMissed),
        listen: (tenant) =>
          Stream.concat(
            Stream.succeed<Heard>({ _tag: "Missed" }),
            Stream.unwrap(Effect.map(opened, (tail) => tail.listen(tenant))),
          ),
      })
    }),
  )
