/** The bus on NATS JetStream: wake-ups, and the tail of canonical events. Nothing in it has to be kept. */
import { Bus, type BusError } from "@concordat/engine/ports/Bus"
import { LiveTail } from "@concordat/engine/ports/LiveTail"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { makeBus } from "./Bus.ts"
import { type NatsOptions, openLink } from "./Link.ts"
import { makeLiveTail } from "./LiveTail.ts"
import { Publisher } from "./Publisher.ts"

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
