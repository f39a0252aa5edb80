/** Wake-ups that hold nobody up: what is due stands in the state, and is looked for there where they are lost. */
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { WAKE_AGAIN_MS, WAKE_WAIT_MS } from "../limits.ts"
import { type Bus, BusError, type Message } from "../ports/Bus.ts"

/** Publishes where the bus answers soon; a bus that is away, or hangs, is tried again every few seconds. */
export const makeWaking = (bus: Context.Service.Shape<typeof Bus>) => {
  /** When it is tried again, by the monotonic clock; null: it answers. */
  let awayUntil: number | null = null
  const now = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

  const publish = Effect.fnUntraced(function* (messages: ReadonlyArray<Message>) {
    const taken = yield* Effect.timeoutOption(bus.publish(messages), WAKE_WAIT_MS)
    if (Option.isNone(taken))
      return yield* new BusError({ reason: "unavailable", detail: `no answer within ${WAKE_WAIT_MS} ms` })
  })

  return Effect.fnUntraced(function* (messages: ReadonlyArray<Message>): Effect.fn.Return<void> {
    if (awayUntil !== null && (yield* now) < awayUntil) return
    const result = yield* Effect.result(publish(messages))
    if (result._tag === "Success") {
      awayUntil = null
      return
    }
    if (awayUntil === null)
      yield* Effect.logWarning("workers are not woken and look for themselves", result.failure.message)
    awayUntil = (yield* now) + WAKE_AGAIN_MS
  })
}
