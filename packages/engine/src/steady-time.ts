/**
 * The time of day as a process goes by it. It follows the machine's clock forwards; where that is set back it goes on as
 * time passes, or all that was to happen at a time would stand still until the clock is there again.
 */
import * as Effect from "effect/Effect"

/** Whole ms since 1970, never less than before. `from`: what it was before this process. */
export const makeSteadyTime = (from = 0): Effect.Effect<Effect.Effect<number>> =>
  Effect.sync(() => {
    let last = from
    let passed: bigint | null = null
    return Effect.clockWith((clock) => {
      const nanos = clock.monotonicTimeNanosUnsafe()
      last = Math.max(last + (passed === null ? 0 : Number(nanos - passed) / 1e6), clock.currentTimeMillisUnsafe())
      passed = nanos
      return Effect.succeed(Math.floor(last))
    })
  })
