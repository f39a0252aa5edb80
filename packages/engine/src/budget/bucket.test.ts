/** The token bucket: what is paid comes back with time, a day's budget at midnight. */
import { assert, describe, it } from "@effect/vitest"
import { backoff } from "./backoff.ts"
import { answered, full, nextMidnight, paid, refilled, waitFor } from "./bucket.ts"

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

  describe("with a margin", () => {
    const portal = { capacity: 19, perSecond: 19, window: { calls: 190, ms: 10_010, margin: { calls: 2, ms: 90 } } }

    /** Calls of six at once, each as soon as it may be made: when each arrives. `way`: ms to the provider, and the same back. */
    const arrivals = (count: number, way: (n: number) => number): ReadonlyArray<number> => {
      let [level, now] = [full(portal, NOON), NOON]
      const arrived: Array<number> = []
      let out: Array<number> = []
      const answer = (until: number) => {
        for (const at of out.filter((one) => one <= until).toSorted((a, b) => a - b))
          level = answered(portal, level, 1, at)
        out = out.filter((one) => one > until)
      }
      for (let n = 0; n < count; n++) {
        for (;;) {
          answer(now)
          const wait = out.length < 6 ? waitFor(portal, level, 1, now) : Math.min(...out) - now
          if (wait === 0) break
          now = Math.min(now + wait, ...out)
        }
        level = paid(portal, level, 1, now)
        arrived.push(now + way(n))
        out.push(now + 2 * way(n))
      }
      return arrived.toSorted((a, b) => a - b)
    }

    it("is never more than the provider allows, in whatever order calls arrive, and nearly all of it", () => {
      for (const [least, most] of [
        [1, 4],
        [1, 40],
        [20, 45],
      ] as const) {
        // By turns quick and slow, so that many arrive before those that were let go before them.
        const arrived = arrivals(2_001, (n) => (n % 7 === 0 ? most : least))
        for (const [n, at] of arrived.entries())
          if (n >= 190)
            assert.isAtLeast(at - arrived[n - 190]!, 10_000, `call ${n} of those that take ${least} to ${most}`)
        const allowed = ((arrived.at(-1)! - arrived[0]!) / 10_000) * 190
        assert.isAtLeast(2_000 / allowed, most > 10 ? 0.98 : 0.995, `those that take ${least} to ${most}`)
      }
    })

    it("counts a call without an answer as long as it may be on its way, and no longer", () => {
      let level = full(portal, NOON)
      for (let n = 0; n < 190; n++) level = paid(portal, level, 1, NOON)
      assert.strictEqual(waitFor(portal, level, 1, NOON + 9_000), 1_100)
      level = answered(portal, level, 3, NOON + 20)
      assert.strictEqual(waitFor(portal, level, 1, NOON + 9_000), 1_030)
      assert.strictEqual(waitFor(portal, level, 1, NOON + 10_030), 0)
    })
  })
})
