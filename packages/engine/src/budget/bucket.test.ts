/** The token bucket: what is paid comes back with time, a day's budget at midnight. */
import { assert, describe, it } from "@effect/vitest"
import { backoff } from "./backoff.ts"
import { full, nextMidnight, paid, refilled, waitFor } from "./bucket.ts"

const NOON = Date.parse("2026-11-20T12:00:00Z")
const bucket = { capacity: 10, perSecond: 2 }

describe("bucket", () => {
  it("lets its capacity through at once, then as much as is refilled", () => {
    const empty = paid(bucket, full(bucket, NOON), 10, NOON)
    assert.strictEqual(waitFor(bucket, empty, 1, NOON), 500)
    assert.strictEqual(waitFor(bucket, empty, 4, NOON + 1_000), 1_000)
    assert.strictEqual(waitFor(bucket, empty, 4, NOON + 2_000), 0)
  })
  it("never holds more than its capacity, and a clock that steps back takes nothing", () => {
    assert.strictEqual(refilled(bucket, full(bucket, NOON), NOON + 3_600_000).tokens, 10)
    assert.strictEqual(refilled(bucket, paid(bucket, full(bucket, NOON), 4, NOON), NOON - 5_000).tokens, 6)
  })
  it("lets a call that costs more than it holds go when it is full", () => {
    assert.strictEqual(waitFor(bucket, full(bucket, NOON), 25, NOON), 0)
    assert.strictEqual(waitFor(bucket, paid(bucket, full(bucket, NOON), 25, NOON), 25, NOON), 5_000)
  })
  it("ends a day's budget until midnight", () => {
    const daily = { ...bucket, daily: 3 }
    const spent = paid(daily, full(daily, NOON), 3, NOON)
    assert.strictEqual(waitFor(daily, spent, 1, NOON + 60_000), 12 * 3_600_000 - 60_000)
    assert.strictEqual(waitFor(daily, spent, 1, nextMidnight(NOON)), 0)
  })
})

describe("backoff", () => {
  it("doubles up to its bound, and never waits less than half", () => {
    assert.deepStrictEqual(
      [1, 2, 3, 10].map((attempt) => backoff(attempt, 0, 100, 1_000)),
      [50, 100, 200, 500],
    )
    assert.strictEqual(backoff(3, 0.999, 100, 1_000), 400)
  })
})

describe("a window", () => {
  const rolling = { capacity: 10, perSecond: 10, window: { calls: 50, ms: 5_000 } }

  /** Calls as soon as each may be made, from noon on. */
  const calls = (count: number): ReadonlyArray<number> => {
    let [level, now] = [full(rolling, NOON), NOON]
    return Array.from({ length: count }, () => {
      for (let wait = waitFor(rolling, level, 1, now); wait > 0; wait = waitFor(rolling, level, 1, now)) now += wait
      level = paid(rolling, level, 1, now)
      return now - NOON
    })
  }

  it("holds at any moment, and lets all of it through in the long run", () => {
    const made = calls(501)
    for (const at of made) {
      const within = made.filter((other) => other > at - 5_000 && other <= at)
      assert.isAtMost(within.length, 50)
    }
    assert.isAtMost(made.at(-1)!, 50_000)
    assert.deepStrictEqual(
      made.slice(0, 10),
      Array.from({ length: 10 }, () => 0),
    )
  })

  it("is no more than it holds for a call that costs more", () => {
    assert.strictEqual(waitFor(rolling, full(rolling, NOON), 80, NOON), 0)
    const paidOnce = paid(rolling, full(rolling, NOON), 80, NOON)
    assert.strictEqual(waitFor(rolling, paidOnce, 1, NOON + 1_000), 4_000)
  })
})
