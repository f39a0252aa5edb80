/** A connection comes up: everything is read once, in pages, and what changes meanwhile is not missed. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import {
  entities,
  eventsOf,
  openConnection,
  pass,
  settleDown,
  START,
  startReconciler,
  startWorker,
  store,
} from "./system.ts"

const person = (n: number) => ({
  mail: `p${n}@firm${n}.example`,
  first: `First${n}`,
  last: `Last${n}`,
  job: "Engineer",
})

const people = (world: World, count: number): void => {
  for (let n = 1; n <= count; n++) world.put(null, person(n))
}

describe("first sync", () => {
  it.effect("reads everything, appends each record once and says when it is done", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const world = new World({ listBatch: 3 })
      people(world, 10)
      yield* openConnection("crm", { world })
      yield* startReconciler
      const { handle } = yield* startWorker("crm", world)
      yield* settleDown([handle])
      assert.lengthOf(yield* eventsOf("RecordObserved"), 10)
      assert.lengthOf(yield* eventsOf("BackfillStarted"), 1)
      assert.lengthOf(yield* eventsOf("BackfillFinished"), 1)
      assert.lengthOf(yield* entities, 10)
      assert.deepStrictEqual((yield* handle.stats).backfill["person"], { done: 10, total: 10, finished: true })
      assert.lengthOf(world.writes, 0)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("goes on where it was after a crash, and appends nothing twice", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const world = new World({ listBatch: 2, latencyMs: 100 })
      people(world, 12)
      yield* openConnection("crm", { world })
      yield* startReconciler
      const first = yield* startWorker("crm", world)
      yield* pass(1_000)
      yield* first.stop
      const before = (yield* eventsOf("RecordObserved")).length
      assert.isAbove(before, 0)
      assert.isBelow(before, 12)
      const second = yield* startWorker("crm", world)
      yield* settleDown([second.handle])
      assert.lengthOf(yield* eventsOf("RecordObserved"), 12)
      assert.lengthOf(yield* eventsOf("BackfillFinished"), 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("creates nothing before it has read everything: the person may be on the last page", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const [left, right] = [new World(), new World({ listBatch: 1, latencyMs: 200, lookup: false })]
      people(left, 4)
      for (let n = 4; n >= 1; n--) right.put(null, person(n))
      yield* openConnection("left", { world: left })
      yield* openConnection("right", { world: right })
      yield* startReconciler
      const workers = [yield* startWorker("left", left), yield* startWorker("right", right)]
      yield* settleDown(workers.map(({ handle }) => handle))
      assert.lengthOf(right.live(), 4)
      assert.lengthOf(right.writes, 0)
      assert.lengthOf(yield* entities, 4)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("catches up with what changed while it read", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const world = new World({ listBatch: 2, latencyMs: 100 })
      people(world, 8)
      yield* openConnection("crm", { world })
      yield* startReconciler
      const { handle } = yield* startWorker("crm", world)
      yield* pass(1_000)
      world.put("1", { job: "Director" })
      world.put(null, person(99))
      yield* settleDown([handle])
      const all = yield* entities
      assert.lengthOf(all, 9)
      assert.include(
        all.map((one) => one.groups["title"]?.value["title"]),
        "Director",
      )
    }).pipe(Effect.provide(store, { local: true })),
  )
})
