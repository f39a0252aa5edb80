/** Waits between tries, by the clock on the wall: the server has no other. */
import * as Effect from "effect/Effect"
import { AGAIN_MAX_MS, AGAIN_MS, GIVE_UP_MS } from "./limits.ts"

/** Longer each time, and never two processes in step. */
export const pauseMs = (tries: number): number =>
  Math.min(AGAIN_MS * 2 ** Math.min(tries, 16), AGAIN_MAX_MS) * (0.5 + Math.random() / 2)

const pause = (ms: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const timer = setTimeout(() => resume(Effect.void), ms)
    return Effect.sync(() => clearTimeout(timer))
  })

/** Again while the failure is one that passes, for at most so many ms; then the last failure. */
export const again = <A, E>(
  effect: Effect.Effect<A, E>,
  passes: (error: E) => boolean,
  giveUpMs = GIVE_UP_MS,
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const started = performance.now()
    const attempt = (tries: number): Effect.Effect<A, E> =>
      effect.pipe(
        Effect.catch((error) => {
          const wait = pauseMs(tries)
          return passes(error) && performance.now() - started + wait < giveUpMs
            ? Effect.andThen(pause(wait), attempt(tries + 1))
            : Effect.fail(error)
        }),
      )
    return attempt(0)
  })
