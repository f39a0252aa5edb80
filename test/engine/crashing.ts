/**
 * A process that dies at its n-th step: a step is a commit, or in the layout of several stores each of its parts, or a call
 * to the provider, before or after it took effect.
 */
import { makeSplitCommit } from "@concordat/engine/flows/split-commit"
import { Bus } from "@concordat/engine/ports/Bus"
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import { State, StateWriter } from "@concordat/engine/ports/State"
import * as Effect from "effect/Effect"
import type { World } from "./synthetic.ts"

export interface Crash {
  /** Steps so far. */
  steps: number
  /** The step at which the process dies, once; 0: never. */
  at: number
}

export const stepOf = (crash: Crash): Effect.Effect<void> =>
  Effect.suspend(() => {
    crash.steps += 1
    return crash.steps === crash.at ? Effect.die(new Error(`the process died at step ${crash.at}`)) : Effect.void
  })

/** Before, and after it took effect. */
const around = <A, E, R>(crash: Crash, act: Effect.Effect<A, E, R>) =>
  Effect.andThen(
    stepOf(crash),
    Effect.tap(act, () => stepOf(crash)),
  )

/** How a process commits. */
export type Layout = (crash: Crash) => Effect.Effect<Commit["Service"], never, Commit | Journal | State | Bus>

/** One transaction. */
export const embedded: Layout = (crash) =>
  Effect.map(Commit, (inner) => Commit.of({ commit: (unit) => around(crash, inner.commit(unit)) }))

/** Journal, state and bus one after the other, as if they were stores of their own. */
export const split: Layout = (crash) =>
  Effect.gen(function* () {
    const [inner, journal, bus] = [yield* Commit, yield* Journal, yield* Bus]
    return makeSplitCommit({
      journal: { ...journal, appendMany: (appends) => around(crash, journal.appendMany(appends)) },
      state: StateWriter.of({
        write: ({ checkpoint, documents }) =>
          around(crash, inner.commit({ appends: [], documents, commands: [], checkpoint })).pipe(
            Effect.orDie,
            Effect.asVoid,
          ),
      }),
      bus: { ...bus, publish: (messages) => around(crash, bus.publish(messages)) },
    })
  })

/** Every so many commits say that nobody knows, having been made (odd) or not (even). */
export const unsure =
  (every: number, layout: Layout): Layout =>
  (crash) =>
    Effect.map(layout(crash), (inner) => {
      let commits = 0
      return Commit.of({
        commit: Effect.fnUntraced(function* (unit) {
          commits += 1
          if (commits % every > 0) return yield* inner.commit(unit)
          if ((commits / every) % 2 === 1) yield* inner.commit(unit)
          return { _tag: "Indeterminate" } as const
        }),
      })
    })

export const crashOn = (crash: Crash, ...worlds: ReadonlyArray<World>): void => {
  for (const world of worlds) world.onStep = stepOf(crash)
}
