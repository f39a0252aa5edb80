/** What a worker says of itself: whether it is idle, what its provider said, what it waits for. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import { PERSON, type Traits } from "./synthetic-traits.ts"
import { openConnection, pass, settleDown, START, startReconciler, startWorker, store } from "./system.ts"

const ada = { mail: "ada@firm.example", first: "Ada", last: "Lovelace", job: "Countess" }

const alone = Effect.fnUntraced(function* (traits: Partial<Traits> = {}) {
  yield* TestClock.setTime(START)
  const world = new World(traits)
  world.put(null, ada)
  yield* openConnection("crm", { world })
  yield* startReconciler
  const worker = yield* startWorker("crm", world)
  yield* settleDown([worker.handle])
  return { world, handle: worker.handle }
})

/** Until the next call of that kind is on its way. */
const untilCalled = Effect.fnUntraced(function* (world: World, operation: string) {
  const before = world.calls.get(operation)
  while (world.calls.get(operation) === before) yield* TestClock.adjust(50)
})

describe("the worker's view of itself", () => {
  it.effect("a regular poll on its way is no work in hand, one that somebody asked for is", () =>
    Effect.gen(function* () {
      const { handle, world } = yield* alone()
      world.delayNext("changes", 2_000)
      yield* untilCalled(world, "changes")
      assert.isTrue(yield* handle.idle)
      // Asked for while the regular one is on its way: it is queued behind it.
      world.put("1", { job: "Engineer" })
      yield* handle.wake
      yield* pass(1_000)
      assert.isFalse(yield* handle.idle)
      yield* settleDown([handle])
      assert.isTrue((yield* handle.view).idle)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a regular poll that has brought something is work in hand until its end", () =>
    Effect.gen(function* () {
      const { handle, world } = yield* alone({ listBatch: 1 })
      world.put("1", { job: "Engineer" })
      world.put(null, { ...ada, mail: "bertha@firm.example", first: "Bertha" })
      const { facts } = yield* handle.stats
      while ((yield* handle.stats).facts === facts) {
        // Each page is slow, so that there is a moment between the first and the last.
        world.delayNext("changes", 500)
        yield* TestClock.adjust(50)
      }
      assert.isFalse(yield* handle.idle)
      yield* settleDown([handle])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("says what the provider said, until when it waits, and when it was polled well", () =>
    Effect.gen(function* () {
      const { handle, world } = yield* alone()
      const well = yield* handle.view
      assert.deepStrictEqual([well.fault, well.waitsUntil, well.stoppedBy], [null, null, null])
      const [{ at, fault, object } = assert.fail("no object is polled")] = well.polls
      assert.deepStrictEqual([object, fault], [PERSON, null])
      const now = yield* Clock.currentTimeMillis
      assert.isAtMost(now - (at ?? 0), 10_000)

      world.failNext("changes", "limited")
      yield* untilCalled(world, "changes")
      const limited = yield* handle.view
      assert.match(limited.fault?.what ?? "", /changes: RateLimited/)
      assert.isAbove(limited.waitsUntil ?? 0, yield* Clock.currentTimeMillis)
      assert.strictEqual(limited.polls[0]?.at, at)
      yield* pass(60_000)
      const after = yield* handle.view
      assert.deepStrictEqual([after.fault, after.waitsUntil], [null, null])
      assert.isAbove(after.polls[0]?.at ?? 0, at ?? 0)

      world.failNext("changes", "unauthorised")
      yield* untilCalled(world, "changes")
      yield* pass(1_000)
      const stopped = yield* handle.view
      assert.strictEqual(stopped.stoppedBy, "authorisation")
      assert.match(stopped.fault?.what ?? "", /changes: AuthLost/)
      assert.deepStrictEqual(
        stopped.budget.buckets.map(({ closedUntil, day }) => [closedUntil, day]),
        stopped.budget.buckets.map(() => [null, null]),
      )
    }).pipe(Effect.provide(store, { local: true })),
  )
})
