import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { makeBudget } from "./budget/Budget.ts"
import { makeTick } from "./connection/tick.ts"
import { makeSteadyTime } from "./steady-time.ts"

const START = Date.parse("2026-11-20T12:00:00Z")
const HOUR = 3_600_000

/** A machine whose clock somebody sets, while time passes. */
const machine = () => {
  let [wall, passed] = [START, 0]
  const millis = () => wall
  const nanos = () => BigInt(wall) * 1_000_000n
  const monotonic = () => BigInt(passed) * 1_000_000n
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: monotonic,
    monotonicTimeNanos: Effect.sync(monotonic),
    sleep: () => Effect.never,
  }
  return {
    clock,
    pass: (ms: number): void => {
      wall += ms
      passed += ms
    },
    set: (ms: number): void => {
      wall += ms
    },
  }
}

describe("steady time", () => {
  it.effect("follows the clock forwards, and goes on where it is set back", () => {
    const { clock, pass, set } = machine()
    return Effect.gen(function* () {
      const time = yield* makeSteadyTime()
      const seen: Array<number> = []
      const look = Effect.map(time, (now) => void seen.push(now - START))
      yield* look
      pass(1_000)
      yield* look
      set(HOUR)
      yield* look
      set(-2 * HOUR)
      yield* look
      pass(1_000)
      yield* look
      assert.deepStrictEqual(seen, [0, 1_000, HOUR + 1_000, HOUR + 1_000, HOUR + 2_000])
    }).pipe(Effect.provideService(Clock.Clock, clock))
  })

  it.effect("begins a worker's life where its last one ended", () => {
    const { clock, pass } = machine()
    return Effect.gen(function* () {
      const tick = yield* makeTick(START + HOUR)
      const first = yield* tick
      assert.isAbove(first, START + HOUR)
      assert.isAbove(yield* tick, first)
      pass(5_000)
      assert.strictEqual(yield* tick, START + HOUR + 5_000)
    }).pipe(Effect.provideService(Clock.Clock, clock))
  })

  it.effect("a budget is refilled while the clock is an hour behind what it was", () => {
    const { clock, pass, set } = machine()
    return Effect.gen(function* () {
      const budget = yield* makeBudget({
        buckets: { default: { capacity: 1, perSecond: 1 } },
        concurrency: 1,
        timeoutMs: 1_000,
      })
      const call = budget.within({ default: 1 })(Effect.succeed("answered"))
      yield* call
      set(-HOUR)
      pass(1_000)
      assert.strictEqual(yield* Effect.timeoutOption(call, 0).pipe(Effect.map((one) => one._tag)), "Some")
    }).pipe(Effect.provideService(Clock.Clock, clock))
  })
})
