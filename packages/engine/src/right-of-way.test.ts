/** Who has much to do for one tenant lets others' little go first, and gets on all the same. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as TestClock from "effect/testing/TestClock"
import { GIVEN_WAY_MS, LITTLE, RECORDS_AT_A_STRETCH } from "./limits.ts"
import { giveWay, goFirst, inStretches, RightOfWay, stepAside, Ways } from "./right-of-way.ts"

const STRETCHES = 4
const items = Array.from({ length: RECORDS_AT_A_STRETCH * STRETCHES }, (_, n) => n)

/** Much work of the tenant "large", which counts what it has done. */
const much = (done: { count: number }) =>
  inStretches("large", items, (n) => {
    done.count += 1
    return n
  })
const turns = Effect.repeat(Effect.yieldNow, { times: 50 })
const fresh = <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.provideService(work, RightOfWay, new Ways())

describe("the right of way", () => {
  it.effect("is that of another tenant's little work: much waits for its end", () =>
    fresh(
      Effect.gen(function* () {
        const [end, done] = [yield* Latch.make(), { count: 0 }]
        const little = yield* Effect.forkChild(goFirst("small", end.await), { startImmediately: true })
        const large = yield* Effect.forkChild(much(done))
        yield* turns
        assert.strictEqual(done.count, 0)
        yield* end.open
        yield* Fiber.join(little)
        assert.deepStrictEqual(yield* Fiber.join(large), items)
      }),
    ),
  )

  it.effect("lasts so long at most: a stretch is done each time, however much little work there is", () =>
    fresh(
      Effect.gen(function* () {
        const done = { count: 0 }
        yield* Effect.forkChild(goFirst("small", Effect.never), { startImmediately: true })
        const large = yield* Effect.forkChild(much(done))
        for (let stretch = 1; stretch <= STRETCHES; stretch++) {
          yield* TestClock.adjust(GIVEN_WAY_MS)
          assert.strictEqual(done.count, stretch * RECORDS_AT_A_STRETCH)
        }
        yield* Fiber.join(large)
      }),
    ),
  )

  it.effect("is nobody's against the tenant's own work, nor while somebody outside is waited for", () =>
    fresh(
      Effect.gen(function* () {
        const done = { count: 0 }
        yield* Effect.forkChild(goFirst("large", Effect.never), { startImmediately: true })
        yield* Effect.forkChild(goFirst("small", stepAside("small", Effect.never)), { startImmediately: true })
        yield* much(done)
        assert.strictEqual(done.count, items.length)
      }),
    ),
  )

  it.effect("is given to nobody by what goes first itself, and is over where that is interrupted", () =>
    fresh(
      Effect.gen(function* () {
        const little = yield* Effect.forkChild(goFirst("small", Effect.never), { startImmediately: true })
        yield* goFirst("large", giveWay("large"))
        yield* Fiber.interrupt(little)
        yield* giveWay("large")
      }),
    ),
  )

  it.effect("costs little work, and a tenant that is alone, no turn", () =>
    fresh(
      Effect.gen(function* () {
        let others = 0
        const turn = Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => {
            others += 1
          }),
        )
        yield* Effect.forkChild(Effect.forever(turn), { startImmediately: true })
        yield* much({ count: 0 })
        yield* goFirst("small", Effect.void)
        yield* inStretches("large", items.slice(0, LITTLE), (n) => n)
        assert.strictEqual(others, 0)
        yield* much({ count: 0 })
        assert.isAtLeast(others, STRETCHES / 2)
      }),
    ),
  )
})
