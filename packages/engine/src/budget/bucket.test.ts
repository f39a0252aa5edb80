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
