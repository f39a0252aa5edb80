/** Waiting for a bell or a time: who waits is woken once and in time, and all of them share one sleep. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { Bell, makeAlarm } from "./alarm.ts"

const FOR_EVER = Number.POSITIVE_INFINITY

/** An alarm, and how many sleeps of the clock are under way for it. */
const counted = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const sleeps = { now: 0, begun: 0 }
  const sleep: Clock.Clock["sleep"] = (duration) =>
    Effect.suspend(() => {
      sleeps.now += 1
      sleeps.begun += 1
      return Effect.ensuring(
        clock.sleep(duration),
        Effect.sync(() => {
          sleeps.now -= 1
        }),
      )
    })
  const counting = Object.create(clock, { sleep: { value: sleep } }) as Clock.Clock
  const scope = yield* Scope.make()
  const alarm = yield* makeAlarm.pipe(
    Effect.provideService(Clock.Clock, counting),
    Effect.provideService(Scope.Scope, scope),
  )
  return { alarm, sleeps, close: Scope.close(scope, Exit.void) }
})

const begin = <A>(wait: Effect.Effect<A>) => Effect.forkChild(wait, { startImmediately: true })

describe("an alarm", () => {
  it.effect("wakes each when its time has come, and has one sleep for all", () =>
    Effect.gen(function* () {
      const { alarm, sleeps } = yield* counted
      const woken: Array<string> = []
      const lengths = [300, 100, 200, 100, 400]
      for (const [n, ms] of lengths.entries())
        yield* begin(Effect.map(alarm.untilRung(new Bell(), ms), (isRung) => woken.push(`${n} ${isRung}`)))
      assert.strictEqual(sleeps.now, 1)
      yield* TestClock.adjust(99)
      assert.deepStrictEqual(woken, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(woken, ["1 false", "3 false"])
      yield* TestClock.adjust(250)
      assert.deepStrictEqual(woken, ["1 false", "3 false", "2 false", "0 false"])
      assert.strictEqual(sleeps.now, 1)
      yield* TestClock.adjust(50)
      assert.lengthOf(woken, lengths.length)
      assert.strictEqual(sleeps.now, 0)
    }),
  )

  it.effect("is rung before the time, and neither begins a sleep nor wakes anybody again for that", () =>
    Effect.gen(function* () {
      const { alarm, sleeps } = yield* counted
      const bell = new Bell()
      let count = 0
      const flow = yield* begin(
        Effect.forever(
          Effect.map(alarm.untilRung(bell, 1_000), (isRung) => {
            assert.isTrue(isRung)
            bell.hush()
            count += 1
          }),
        ),
      )
      for (let ring = 0; ring < 50; ring++) {
        bell.ring()
        yield* TestClock.adjust(10)
      }
      assert.deepStrictEqual([count, sleeps.begun, sleeps.now], [50, 1, 1])
      yield* Fiber.interrupt(flow)
    }),
  )

  it.effect("takes a bell that was rung while nobody waited, until it is hushed", () =>
    Effect.gen(function* () {
      const { alarm, sleeps } = yield* counted
      const bell = new Bell()
      bell.ring()
      assert.isTrue(yield* alarm.untilRung(bell, FOR_EVER))
      assert.isTrue(yield* alarm.untilRung(bell, FOR_EVER))
      bell.hush()
      const waits = yield* begin(alarm.untilRung(bell, FOR_EVER))
      yield* TestClock.adjust("30 days")
      assert.isUndefined(waits.pollUnsafe())
      assert.strictEqual(sleeps.begun, 0)
      bell.ring()
      assert.isTrue(yield* Fiber.join(waits))
    }),
  )

  it.effect("forgets who is interrupted, and ends its sleep with its scope", () =>
    Effect.gen(function* () {
      const { alarm, close, sleeps } = yield* counted
      const bell = new Bell()
      yield* Fiber.interrupt(yield* begin(alarm.untilRung(bell, 100)))
      bell.ring()
      yield* TestClock.adjust(100)
      assert.strictEqual(sleeps.now, 0)
      yield* begin(alarm.sleep(1_000))
      assert.strictEqual(sleeps.now, 1)
      yield* close
      assert.strictEqual(sleeps.now, 0)
    }),
  )
})
