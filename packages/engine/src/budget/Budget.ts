/** A connection's budget: every call to its provider waits here for its turn, its tokens and the end of a pause. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { DAY_LOOK_MS, PAUSE_MAX_MS, PAUSE_MS, TURN_LOOK_MS } from "../limits.ts"
import type { Bucket, Definition } from "../ports/Provider.ts"
import type { RateLimited } from "../ports/ProviderError.ts"
import { backoff } from "./backoff.ts"
import * as bucket from "./bucket.ts"
import { makeSteadyTime } from "../steady-time.ts"
import { CallPriority, RANK } from "./priority.ts"

export type Cost = Readonly<Record<string, number>>

export interface Budget {
  /** Runs the call when its turn has come. Buckets that the definition does not name cost nothing. */
  readonly within: (cost: Cost) => <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** The provider said "too many": nothing of that scope goes out until the time answered (ms since 1970). */
  readonly limited: (reason: Pick<RateLimited, "retryAfterMs" | "scope" | "bucket">) => Effect.Effect<number>
  /** The provider did not answer: the connection waits, longer each time in a row. */
  readonly unavailable: Effect.Effect<number>
  /** A call went well: the next pause starts small again. */
  readonly succeeded: Effect.Effect<void>
  /** When the connection as a whole may call again, ms since 1970; in the past: now. */
  readonly openAt: () => number
  readonly untilOpen: Effect.Effect<void>
  /** Calls that wait, and calls on their way. */
  readonly load: () => { readonly waiting: number; readonly running: number }
  /** What each bucket has left, at a time in ms since 1970. */
  readonly left: (now: number) => ReadonlyArray<BucketLeft>
}

export interface BucketLeft {
  readonly name: string
  readonly capacity: number
  readonly tokens: number
  /** Of the day's budget; null: there is none. */
  readonly day: number | null
  /** The provider said "too many" of this bucket: closed until then, ms since 1970; null: open. */
  readonly closedUntil: number | null
}

interface Share {
  readonly bucket: Bucket
  level: bucket.Level
}

interface Waiter {
  readonly rank: number
  readonly turn: number
  readonly cost: ReadonlyArray<readonly [string, number]>
  readonly granted: Deferred.Deferred<void>
  isGranted: boolean
}

export const makeBudget = Effect.fn("Budget.make")(function* (limits: Definition["limits"]) {
  const time = yield* makeSteadyTime()
  const start = yield* time
  const levels = new Map(Object.entries(limits.buckets).map(([name, one]) => [name, bucket.full(one, start)]))
  /** What the background may take of each day's budget, beside the bucket itself. */
  const shares = new Map<string, Share>(
    Object.entries(limits.buckets).flatMap(([name, one]) => {
      const share = bucket.shareOf(one)
      return share === null ? [] : [[name, { bucket: share, level: bucket.full(share, start) }]]
    }),
  )
  const closed = new Map<string, number>()
  const queue: Array<Waiter> = []
  let turns = 0
  let running = 0
  let pausedUntil = 0
  let failures = 0

  const shareFor = (name: string, rank: number) => (rank === RANK.census ? shares.get(name) : undefined)

  const waitOf = (name: string, cost: number, now: number, rank: number): number => {
    const share = shareFor(name, rank)
    return Math.max(
      (closed.get(name) ?? 0) - now,
      bucket.waitFor(limits.buckets[name]!, levels.get(name)!, cost, now),
      share === undefined ? 0 : bucket.waitFor(share.bucket, share.level, cost, now),
    )
  }

  const pay = (name: string, cost: number, now: number, rank: number): void => {
    levels.set(name, bucket.paid(limits.buckets[name]!, levels.get(name)!, cost, now))
    const share = shareFor(name, rank)
    if (share !== undefined) share.level = bucket.paid(share.bucket, share.level, cost, now)
  }

  /** Lets everybody go whose turn it is. What somebody before waits for, or needs besides, is not taken from him. */
  const admit = (now: number): void => {
    if (now < pausedUntil) return
    const reserved = new Set<string>()
    const held = new Map<string, number>()
    const granted: Array<Waiter> = []
    for (const waiter of queue) {
      if (running >= limits.concurrency) break
      const lacks = (name: string, cost: number): boolean =>
        reserved.has(name) || waitOf(name, cost + (held.get(name) ?? 0), now, waiter.rank) > 0
      const lacking = new Set(waiter.cost.filter(([name, cost]) => lacks(name, cost)).map(([name]) => name))
      if (lacking.size > 0) {
        for (const [name, cost] of waiter.cost)
          if (lacking.has(name)) reserved.add(name)
          else held.set(name, cost + (held.get(name) ?? 0))
        continue
      }
      for (const [name, cost] of waiter.cost) pay(name, cost, now, waiter.rank)
      running += 1
      waiter.isGranted = true
      granted.push(waiter)
    }
    for (const waiter of granted) queue.splice(queue.indexOf(waiter), 1)
    // Last: who is let go may run at once, and let others go before this returns.
    for (const waiter of granted) Deferred.doneUnsafe(waiter.granted, Effect.void)
  }

  const untilGranted = Effect.fnUntraced(function* (waiter: Waiter) {
    for (;;) {
      const now = yield* time
      admit(now)
      if (waiter.isGranted) return
      const wait = Math.max(
        pausedUntil - now,
        ...waiter.cost.map(([name, cost]) => waitOf(name, cost, now, waiter.rank)),
      )
      const granted = Deferred.await(waiter.granted)
      // Who waits for others only is let go by them, or looks again: those before it may have taken what it needs.
      yield* Effect.timeoutOption(granted, wait > 0 ? wait : TURN_LOOK_MS)
    }
  })

  const leave = Effect.map(time, (now) => {
    running -= 1
    admit(now)
  })

  const within: Budget["within"] = (cost) => (call) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const rank = RANK[yield* CallPriority]
        const known = Object.entries(cost).filter(([name]) => limits.buckets[name] !== undefined)
        const waiter: Waiter = {
          rank,
          turn: turns++,
          cost: known,
          granted: yield* Deferred.make<void>(),
          isGranted: false,
        }
        const place = queue.findIndex((other) => other.rank > rank)
        queue.splice(place === -1 ? queue.length : place, 0, waiter)
        yield* restore(untilGranted(waiter)).pipe(
          Effect.onInterrupt(() => {
            if (waiter.isGranted) return leave
            queue.splice(queue.indexOf(waiter), 1)
            return Effect.map(time, admit)
          }),
        )
        return yield* Effect.ensuring(restore(call), leave)
      }),
    )

  const wait = Effect.fnUntraced(function* () {
    failures += 1
    return backoff(failures, yield* Random.next, PAUSE_MS, PAUSE_MAX_MS)
  })

  const limited: Budget["limited"] = Effect.fnUntraced(function* ({ retryAfterMs, scope, bucket: name }) {
    const now = yield* time
    const grown = yield* wait()
    // Whose midnight ends the day is the provider's to say.
    const pause = retryAfterMs ?? (scope === "day" ? Math.min(bucket.nextMidnight(now) - now, DAY_LOOK_MS) : grown)
    const until = now + Math.max(1, pause)
    if (scope === "bucket" && name !== null && limits.buckets[name] !== undefined)
      closed.set(name, Math.max(closed.get(name) ?? 0, until))
    else pausedUntil = Math.max(pausedUntil, until)
    return until
  })

  const unavailable = Effect.gen(function* () {
    const now = yield* time
    // Calls that were out together fail together: one outage, one step.
    if (now >= pausedUntil) pausedUntil = now + (yield* wait())
    return pausedUntil
  })

  const untilOpen = Effect.gen(function* () {
    for (;;) {
      const now = yield* time
      if (now >= pausedUntil) return
      yield* Effect.sleep(pausedUntil - now)
    }
  })

  const budget: Budget = {
    within,
    limited,
    unavailable,
    succeeded: Effect.sync(() => {
      failures = 0
    }),
    openAt: () => pausedUntil,
    untilOpen,
    load: () => ({ waiting: queue.length, running }),
    left: (now) =>
      [...levels].map(([name, level]): BucketLeft => {
        const one = limits.buckets[name]!
        const { spent, tokens } = bucket.refilled(one, level, now)
        const until = closed.get(name) ?? 0
        return {
          name,
          capacity: one.capacity,
          tokens: Math.floor(tokens),
          day: one.daily === undefined ? null : Math.max(0, one.daily - spent),
          closedUntil: until > now ? until : null,
        }
      }),
  }
  return budget
})
