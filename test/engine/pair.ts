/** Two synthetic systems, one of which has a person, and a connection to each. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import type { Traits } from "./synthetic-traits.ts"
import { openConnection, settleDown, START, startReconciler, startWorker } from "./system.ts"

export const ADA = { mail: "ada@lovelace.example", first: "Ada", last: "Lovelace", job: "Countess" }

export const pair = Effect.fnUntraced(function* (a: Partial<Traits> = {}, b: Partial<Traits> = {}) {
  yield* TestClock.setTime(START)
  const [left, right] = [new World(a), new World(b)]
  const ada = left.put(null, ADA)
  yield* openConnection("left", { world: left })
  yield* openConnection("right", { world: right })
  yield* startReconciler
  const workers = [yield* startWorker("left", left), yield* startWorker("right", right)] as const
  const handles = workers.map(({ handle }) => handle)
  const quiet = settleDown(handles)
  return { left, right, ada, workers, handles, quiet }
})

/** The one record that is there. */
export const only = (world: World) => {
  assert.lengthOf(world.live(), 1)
  return world.live()[0]!
}
