/** The budget in time: tokens, turns by priority, pauses, and places given back by whoever goes away. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { makeBudget } from "./Budget.ts"
import { CallPriority, type Work } from "./priority.ts"

const limits = (capacity: number, perSecond: number, concurrency = 10) => ({
  buckets: { default: { capacity, perSecond }, search: { capacity: 1, perSecond: 1 } },
  concurrency,
  timeoutMs: 1_000,
})

const setup = Effect.fnUntraced(function* (capacity: number, perSecond: number, concurrency?: number) {
  const budget = yield* makeBudget(limits(capacity, perSecond, concurrency))
  const log: Array<readonly [string, number]> = []
  const call = (name: string, work: Work, cost: Record<string, number> = { default: 1 }, takes = 0) =>
    budget
      .within(cost)(
        Effect.gen(function* () {
          log.push([name, yield* Clock.currentTimeMillis])
          yield* Effect.sleep(takes)
        }),
      )
      .pipe(Effect.provideService(CallPriority, work), Effect.forkChild({ startImmediately: true }))
  return { budget, call, log }
})

describe("Budget", () => {
  it.effect(
    "paces calls, and lets a live write go before what was asked for earlier, and what is read for others",
    () =>
      Effect.gen(function* () {
        const { call, log } = yield* setup(1, 1)
        for (const [name, work] of [
          ["first", "backfill"],
          ["census", "census"],
          ["backfill", "backfill"],
          ["push", "push"],
          ["write", "write"],
          ["poll", "poll"],
        ] as const)
          yield* call(name, work)
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(log, [
          ["first", 0],
          ["write", 1_000],
          ["push", 2_000],
          ["poll", 3_000],
          ["backfill", 4_000],
          ["census", 5_000],
        ])
      }),
  )

  it.effect("says what each bucket has left, of the day too, and until when the provider closed it", () =>
    Effect.gen(function* () {
      const budget = yield* makeBudget({
        buckets: { default: { capacity: 10, perSecond: 1, daily: 50 }, search: { capacity: 1, perSecond: 1 } },
        concurrency: 10,
        timeoutMs: 1_000,
      })
      yield* budget.within({ default: 4 })(Effect.void)
      yield* budget.limited({ retryAfterMs: 9_000, scope: "bucket", bucket: "search" })
      assert.deepStrictEqual(budget.left(0), [
        { name: "default", capacity: 10, tokens: 6, day: 46, closedUntil: null },
        { name: "search", capacity: 1, tokens: 1, day: null, closedUntil: 9_000 },
      ])
      const [later, open] = budget.left(10_000)
      assert.deepStrictEqual([later?.tokens, later?.day, open?.closedUntil], [10, 46, null])
    }),
  )

  it.effect("lets each go once, also where one that was let go ends before the others go", () =>
    Effect.gen(function* () {
      const { budget } = yield* setup(100, 100, 4)
      const log: Array<string> = []
      const gate = yield* Deferred.make<void>()
      const call = (name: string, work: Work, what: Effect.Effect<void>) =>
        budget
          .within({ default: 1 })(
            Effect.andThen(
              Effect.sync(() => log.push(name)),
              what,
            ),
          )
          .pipe(Effect.provideService(CallPriority, work), Effect.forkChild({ startImmediately: true }))
      for (let n = 0; n < 4; n++) yield* call(`holds ${n}`, "poll", Deferred.await(gate))
      const names = Array.from({ length: 12 }, (_, n) => `waits ${n}`)
      for (const name of names) yield* call(name, "poll", Effect.void)
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust("1 second")
      assert.sameMembers(log.slice(4), names)
      assert.deepStrictEqual(budget.load(), { waiting: 0, running: 0 })
    }),
  )

  it.effect("keeps a bucket that nobody waits for open to others", () =>
    Effect.gen(function* () {
      const { call, log } = yield* setup(5, 5)
      yield* call("search 1", "push", { search: 1 })
      yield* call("search 2", "push", { search: 1 })
      yield* call("list", "backfill")
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(
        log.map(([name]) => name),
        ["search 1", "list", "search 2"],
      )
    }),
  )

  it.effect("keeps a bucket that all draw on open while somebody waits for another, but for what he needs of it", () =>
    Effect.gen(function* () {
      const buckets = { search: { capacity: 1, perSecond: 1 }, day: { capacity: 3, perSecond: 0.001, daily: 100 } }
      const budget = yield* makeBudget({ buckets, concurrency: 10, timeoutMs: 1_000 })
      const log: Array<string> = []
      const call = (name: string, work: Work, cost: Record<string, number>) =>
        budget
          .within(cost)(Effect.sync(() => log.push(name)))
          .pipe(Effect.provideService(CallPriority, work), Effect.forkChild({ startImmediately: true }))
      yield* call("search 1", "poll", { search: 1, day: 1 })
      yield* call("search 2", "poll", { search: 1, day: 1 })
      yield* call("list", "backfill", { day: 1 })
      yield* call("too late", "backfill", { day: 1 })
      assert.deepStrictEqual(log, ["search 1", "list"])
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(log, ["search 1", "list", "search 2"])
    }),
  )

  it.effect("holds to the concurrency, and gives back the place of a call that is interrupted", () =>
    Effect.gen(function* () {
      const { budget, call, log } = yield* setup(100, 100, 2)
      const long = yield* call("a", "poll", { default: 1 }, 60_000)
      yield* call("b", "poll", { default: 1 }, 60_000)
      const waiting = yield* call("c", "poll")
      yield* call("d", "poll")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(budget.load(), { waiting: 2, running: 2 })
      yield* Fiber.interrupt(waiting)
      yield* Fiber.interrupt(long)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(
        log.map(([name]) => name),
        ["a", "b", "d"],
      )
      assert.deepStrictEqual(budget.load(), { waiting: 0, running: 1 })
    }),
  )

  it.effect("honours Retry-After for the connection, a bucket and the day", () =>
    Effect.gen(function* () {
      const noon = Date.parse("2026-11-20T12:00:00Z")
      yield* TestClock.setTime(noon)
      const { budget, call, log } = yield* setup(10, 10)
      yield* budget.limited({ retryAfterMs: 5_000, scope: "bucket", bucket: "search" })
      yield* call("search", "push", { search: 1 })
      yield* call("list", "poll")
      yield* TestClock.adjust("6 seconds")
      assert.deepStrictEqual(log, [
        ["list", noon],
        ["search", noon + 5_000],
      ])
      assert.strictEqual(
        yield* budget.limited({ retryAfterMs: 2_000, scope: "connection", bucket: null }),
        noon + 8_000,
      )
      yield* call("after", "push")
      yield* TestClock.adjust("1 second")
      assert.lengthOf(log, 2)
      yield* TestClock.adjust("1 second")
      assert.lengthOf(log, 3)
      const later = Date.parse("2026-11-20T15:30:00Z")
      const day = { scope: "day", bucket: null } as const
      assert.strictEqual(yield* budget.limited({ retryAfterMs: later - noon - 8_000, ...day }), later)
      yield* call("tomorrow", "push")
      yield* TestClock.setTime(later)
      assert.strictEqual(log.at(-1)?.[0], "tomorrow")
    }),
  )

  it.effect(
    "looks hourly whether a spent day has ended, and at midnight UTC: an account west of it ends its day later",
    () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(Date.parse("2026-11-20T21:30:00Z"))
        const budget = yield* makeBudget(limits(10, 10))
        // Midnight in Los Angeles.
        const end = Date.parse("2026-11-21T08:00:00Z")
        const calls: Array<string> = []
        const call = budget.within({ default: 1 })(
          Effect.gen(function* () {
            const now = yield* Clock.currentTimeMillis
            calls.push(new Date(now).toISOString().slice(11, 16))
            return now >= end
          }),
        )
        const until = Effect.gen(function* () {
          for (;;) {
            yield* budget.untilOpen
            if (yield* call) return
            yield* budget.limited({ retryAfterMs: null, scope: "day", bucket: null })
          }
        })
        yield* Effect.forkChild(until, { startImmediately: true })
        yield* TestClock.adjust("12 hours")
        const hours = "21:30 22:30 23:30 00:00 01:00 02:00 03:00 04:00 05:00 06:00 07:00 08:00"
        assert.strictEqual(calls.join(" "), hours)
      }),
  )

  it.effect(
    "leaves the background a share of the day: an hour's worth at once, then as it comes, and others the rest",
    () =>
      Effect.gen(function* () {
        // A fifth of 4,800 is 40 an hour.
        const budget = yield* makeBudget({
          buckets: { default: { capacity: 1_000, perSecond: 1_000, daily: 4_800 } },
          concurrency: 10,
          timeoutMs: 1_000,
        })
        const done = { census: 0, poll: 0 }
        const call = (work: "census" | "poll") =>
          budget
            .within({ default: 1 })(Effect.sync(() => (done[work] += 1)))
            .pipe(Effect.provideService(CallPriority, work), Effect.forkChild({ startImmediately: true }))
        for (let n = 0; n < 100; n++) yield* call("census")
        yield* TestClock.adjust("1 second")
        assert.strictEqual(done.census, 40)
        for (let n = 0; n < 100; n++) yield* call("poll")
        yield* TestClock.adjust("1 second")
        assert.strictEqual(done.poll, 100)
        yield* TestClock.adjust("30 minutes")
        assert.strictEqual(done.census, 60)
      }),
  )

  it.effect("waits longer each time nobody says how long, and starts small after a success", () =>
    Effect.gen(function* () {
      const { budget } = yield* setup(10, 10)
      const waits: Array<number> = []
      for (let n = 0; n < 4; n++) {
        const now = yield* Clock.currentTimeMillis
        waits.push((yield* budget.unavailable) - now)
        yield* TestClock.adjust("10 minutes")
      }
      for (const [n, wait] of waits.entries()) {
        assert.isAtLeast(wait, 500 * 2 ** n)
        assert.isAtMost(wait, 1_000 * 2 ** n)
      }
      yield* budget.succeeded
      const now = yield* Clock.currentTimeMillis
      assert.isAtMost((yield* budget.unavailable) - now, 1_000)
    }),
  )
})
