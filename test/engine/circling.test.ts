/** Lists whose cursor leads back: not followed for ever, told as the connection's fault, and read to the end once they do not. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import { eventsOf, openConnection, pass, settleDown, START, startReconciler, startWorker, store } from "./system.ts"

const MINUTE = 60_000
const RETRIES = 5
/** A circle of one page is noticed within so many. */
const AT_ONCE = 4

const begun = Effect.fnUntraced(function* (traits: ConstructorParameters<typeof World>[0]) {
  yield* TestClock.setTime(START)
  const world = new World(traits)
  for (let n = 1; n <= 8; n++)
    world.put(null, { mail: `p${n}@firm${n}.example`, first: `First${n}`, last: `Last${n}`, job: "Engineer" })
  yield* openConnection("crm", { world })
  yield* startReconciler
  return world
})

describe("a list that goes in circles", () => {
  it.effect("costs a few calls a minute in a first sync, which then goes on where it was", () =>
    Effect.gen(function* () {
      const world = yield* begun({ changes: "none" })
      world.goInCircles(true)
      const { handle } = yield* startWorker("crm", world)
      yield* pass(RETRIES * MINUTE, 1_000)
      assert.isAtMost(world.pages.length, (RETRIES + 1) * AT_ONCE)
      assert.lengthOf(yield* eventsOf("BackfillFinished"), 0)
      world.goInCircles(false)
      yield* pass(2 * MINUTE, 1_000)
      yield* settleDown([handle])
      assert.lengthOf(yield* eventsOf("RecordObserved"), 8)
      assert.lengthOf(yield* eventsOf("BackfillFinished"), 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("costs a few calls a minute in a poll, and is shown", () =>
    Effect.gen(function* () {
      const world = yield* begun({ changes: "delta" })
      const { handle } = yield* startWorker("crm", world)
      yield* pass(MINUTE, 1_000)
      yield* settleDown([handle])
      const before = world.calls.get("changes") ?? 0
      world.goInCircles(true)
      world.put("1", { job: "Captain" })
      yield* pass(RETRIES * MINUTE, 1_000)
      assert.isAtMost((world.calls.get("changes") ?? 0) - before, (RETRIES + 1) * AT_ONCE)
      assert.deepStrictEqual(
        (yield* handle.view).polls.map(({ fault }) => fault),
        ["Unreadable"],
      )
      world.goInCircles(false)
      yield* pass(2 * MINUTE, 1_000)
      yield* settleDown([handle])
      assert.deepStrictEqual(
        (yield* handle.view).polls.map(({ fault }) => fault),
        [null],
      )
      const seen = (yield* eventsOf("RecordObserved")).map(({ data }) => JSON.stringify(data))
      assert.isTrue(seen.some((data) => data.includes("Captain")))
    }).pipe(Effect.provide(store, { local: true })),
  )
})
