/** Some come up at a time, and who takes long keeps nobody out. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { STARTED_AT_ONCE, STARTING_MS } from "../limits.ts"
import { makeStarting } from "./starting.ts"

const begin = <A, E>(work: Effect.Effect<A, E>) => Effect.forkChild(work, { startImmediately: true })

describe("connections that come up", () => {
  it.effect("are so many at once, and the others follow in their order", () =>
    Effect.gen(function* () {
      const starting = makeStarting()
      const at = { now: 0, most: 0, ended: [] as Array<number> }
      const work = (n: number) =>
        Effect.gen(function* () {
          at.now += 1
          at.most = Math.max(at.most, at.now)
          yield* Effect.sleep(STARTING_MS / 2)
          at.now -= 1
          at.ended.push(n)
          return n
        })
      const numbers = Array.from({ length: 5 * STARTED_AT_ONCE }, (_, n) => n)
      const fibers = yield* Effect.forEach(numbers, (n) => begin(starting(work(n))))
      for (let half = 0; half < 10; half++) yield* TestClock.adjust(STARTING_MS / 2)
      assert.deepStrictEqual(yield* Fiber.joinAll(fibers), numbers)
      assert.deepStrictEqual(at, { now: 0, most: STARTED_AT_ONCE, ended: numbers })
    }),
  )

  it.effect("go on where one takes long, and leave their place once, however they end", () =>
    Effect.gen(function* () {
      const starting = makeStarting()
      const long = yield* Effect.forEach(Array.from({ length: STARTED_AT_ONCE }), () => begin(starting(Effect.never)))
      const next = yield* begin(starting(Effect.succeed("came up")))
      assert.isUndefined(next.pollUnsafe())
      yield* TestClock.adjust(STARTING_MS)
      assert.strictEqual(yield* Fiber.join(next), "came up")
      yield* Fiber.interruptAll(long)
      for (let n = 0; n < 3; n++) yield* Effect.exit(starting(Effect.fail("away")))
      let begun = 0
      const more = Effect.andThen(
        Effect.sync(() => (begun += 1)),
        Effect.never,
      )
      yield* Effect.forEach(Array.from({ length: 2 * STARTED_AT_ONCE }), () => begin(starting(more)))
      assert.strictEqual(begun, STARTED_AT_ONCE)
    }),
  )
})
