/**
 * How many connections of a process come up at once. Each reads a little of everything then: a thousand together would hold
 * several times the memory that they take afterwards.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Semaphore from "effect/Semaphore"
import { STARTED_AT_ONCE, STARTING_MS } from "../limits.ts"

/** Runs the work when there is a place for it; who takes long leaves its place to others meanwhile. */
export type Starting = <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

export const makeStarting = (): Starting => {
  const places = Semaphore.makeUnsafe(STARTED_AT_ONCE)
  return (work) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        yield* restore(Semaphore.take(places, 1))
        let isHeld = true
        const leave = Effect.suspend(() => {
          if (!isHeld) return Effect.void
          isHeld = false
          return Effect.asVoid(Semaphore.release(places, 1))
        })
        const late = yield* Effect.forkChild(Effect.andThen(Effect.sleep(STARTING_MS), leave))
        return yield* Effect.ensuring(restore(work), Effect.andThen(Fiber.interrupt(late), leave))
      }),
    )
}
