/** The worker's clock: the time, but never the same twice, so that "began after" is always decided. */
import * as Effect from "effect/Effect"
import { makeSteadyTime } from "../steady-time.ts"

/** Exact in a double for times since 1970, and far below a millisecond. */
const STEP_MS = 2 ** -10

export type Tick = Effect.Effect<number>

/** ms since 1970, strictly increasing from call to call. `from`: when the worker's last life said something last. */
export const makeTick = (from = 0): Effect.Effect<Tick> =>
  Effect.map(makeSteadyTime(from), (time) => {
    let last = from
    return Effect.map(time, (now) => {
      last = now > last ? now : last + STEP_MS
      return last
    })
  })
