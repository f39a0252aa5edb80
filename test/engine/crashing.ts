/** A process that dies at its n-th step: a step is a commit, or a call to the provider, before or after it took effect. */
import { Commit } from "@concordat/engine/ports/Commit"
import * as Effect from "effect/Effect"
import type { World } from "./synthetic.ts"

export interface Crash {
  /** Steps so far. */
  steps: number
  /** The step at which the process dies, once; 0: never. */
  at: number
}

/** `indeterminate`: every so many commits say that nobody knows, having been made (odd) or not (even). 0: none. */
export const crashingCommit = (crash: Crash, indeterminate = 0) =>
  Effect.map(Commit, (inner) => {
    let commits = 0
    return Commit.of({
      commit: (unit) =>
        Effect.gen(function* () {
          yield* stepOf(crash)
          commits += 1
          if (indeterminate > 0 && commits % indeterminate === 0) {
            if ((commits / indeterminate) % 2 === 1) yield* inner.commit(unit)
            return { _tag: "Indeterminate" } as const
          }
          const result = yield* inner.commit(unit)
          yield* stepOf(crash)
          return result
        }),
    })
  })

export const stepOf = (crash: Crash): Effect.Effect<void> =>
  Effect.suspend(() => {
    crash.steps += 1
    return crash.steps === crash.at ? Effect.die(new Error(`the process died at step ${crash.at}`)) : Effect.void
  })

export const crashOn = (crash: Crash, ...worlds: ReadonlyArray<World>): void => {
  for (const world of worlds) world.onStep = stepOf(crash)
}
