/** A list whose next page a provider still prepares, as exports do: waited for, and given up after a bound. */
import { PAGE_WAITS } from "@concordat/engine/limits"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import { eventsOf, openConnection, pass, settleDown, START, startReconciler, startWorker, store } from "./system.ts"

const begun = Effect.fnUntraced(function* (unready: number) {
  yield* TestClock.setTime(START)
  const world = new World({ changes: "none" })
  for (let n = 1; n <= 5; n++)
    world.put(null, { mail: `p${n}@firm${n}.example`, first: `First${n}`, last: `Last${n}`, job: "Engineer" })
  world.prepareFor(unready)
  yield* openConnection("crm", { world })
  yield* startReconciler
  const { handle } = yield* startWorker("crm", world)
  return { handle, world }
})

describe("a page that is not ready", () => {
  it.effect("is asked for again, later each time, and the walk then goes on", () =>
    Effect.gen(function* () {
      const { handle, world } = yield* begun(9)
      const calls: Array<number> = []
      for (const seconds of [10, 60, 60, 60, 60, 60]) {
        yield* pass(seconds * 1_000, 250)
        calls.push(world.pages.length)
      }
      // After 1, 2, 4, 8, 16, 32 seconds, and then each minute: eleven pages, of which nine were not ready.
      assert.deepStrictEqual(calls, [4, 7, 8, 9, 10, 11])
      yield* settleDown([handle])
      assert.lengthOf(yield* eventsOf("RecordObserved"), 5)
      assert.lengthOf(yield* eventsOf("BackfillFinished"), 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("costs its cursor where it is never ready: the walk begins anew", () =>
    Effect.gen(function* () {
      // The first page says that the next is not ready, and it is asked for once after each wait.
      const { handle, world } = yield* begun(PAGE_WAITS + 1)
      yield* pass(25 * 60 * 60_000, 60_000)
      yield* settleDown([handle])
      assert.deepStrictEqual(
        world.pages.flatMap(({ cursor }, i) => (cursor === null ? [i] : [])),
        [0, PAGE_WAITS + 1],
      )
      assert.lengthOf(yield* eventsOf("RecordObserved"), 5)
      assert.lengthOf(yield* eventsOf("BackfillFinished"), 1)
    }).pipe(Effect.provide(store, { local: true })),
  )
})
