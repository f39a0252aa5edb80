/** The worker's clock: the time, but never the same twice, so that "began after" is always decided. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** Exact in a double for times since 1970, and far below a millisecond. */
const STEP_MS = 2 ** -10

export type Tick = Effect.Effect<number>

/** ms since 1970, strictly increasing from call to call. */
export const makeTick: Effect.Effect<Tick> = Effect.sync(() => {
  let last = 0
  return Effect.map(Clock.currentTimeMillis, (now) => {
    last = now > last ? now : last + STEP_MS
    return last
  })
})
