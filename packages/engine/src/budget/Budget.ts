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

class BudgetOf implements Budget {
  readonly limits: Definition["limits"]
  readonly time: Effect.Effect<number>
  readonly levels: Map<string, bucket.Level>
  /** What the background may take of each day's budget, beside the bucket itself; null: there is no such budget. */
  readonly shares: Map<string, Share> | null
  /** Until when buckets are closed, ms since 1970; null: none was. */
  closed: Map<string, number> | null = null
  readonly queue: Array<Waiter> = []
  turns = 0
  running = 0
  pausedUntil = 0
  failures = 0

  constructor(limits: Definition["limits"], time: Effect.Effect<number>, start: number) {
    const buckets = Object.entries(limits.buckets)
    this.limits = limits
    this.time = time
    this.levels = new Map(buckets.map(([name, one]) => [name, bucket.full(one, start)]))
    const shares = buckets.flatMap(([name, one]): ReadonlyArray<readonly [string, Share]> => {
      const share = bucket.shareOf(one)
      return share === null ? [] : [[name, { bucket: share, level: bucket.full(share, start) }]]
    })
    this.shares = shares.length === 0 ? null : new Map(shares)
  }

  within(cost: Cost) {
    return <A, E, R>(call: Effect.Effect<A, E, R>) => within(this, cost, call)
  }

  limited(reason: Pick<RateLimited, "retryAfterMs" | "scope" | "bucket">) {
    return limited(this, reason)
  }

  get unavailable() {
    return unavailable(this)
  }

  get succeeded() {
    return Effect.sync(() => {
      this.failures = 0
    })
  }

  openAt(): number {
    return this.pausedUntil
  }

  get untilOpen() {
    return untilOpen(this)
  }

  load() {
    return { waiting: this.queue.length, running: this.running }
  }

  left(now: number): ReadonlyArray<BucketLeft> {
    return [...this.levels].map(([name, level]): BucketLeft => {
      const one = this.limits.buckets[name]!
      const { spent, tokens } = bucket.refilled(one, level, now)
      const until = this.closed?.get(name) ?? 0
      return {
        name,
        capacity: one.capacity,
        tokens: Math.floor(tokens),
        day: one.daily === undefined ? null : Math.max(0, one.daily - spent),
        closedUntil: until > now ? until : null,
      }
    })
  }

  #shareFor(name: string, rank: number): Share | undefined {
    return rank === RANK.census ? this.shares?.get(name) : undefined
  }

  waitOf(name: string, cost: number, now: number, rank: number): number {
    const share = this.#shareFor(name, rank)
    return Math.max(
      (this.closed?.get(name) ?? 0) - now,
      bucket.waitFor(this.limits.buckets[name]!, this.levels.get(name)!, cost, now),
      share === undefined ? 0 : bucket.waitFor(share.bucket, share.level, cost, now),
    )
  }

  #pay(name: string, cost: number, now: number, rank: number): void {
    this.levels.set(name, bucket.paid(this.limits.buckets[name]!, this.levels.get(name)!, cost, now))
    const share = this.#shareFor(name, rank)
    if (share !== undefined) share.level = bucket.paid(share.bucket, share.level, cost, now)
  }

  ended(waiter: Waiter, now: number): void {
    this.running -= 1
    for (const [name, cost] of waiter.cost)
      this.levels.set(name, bucket.answered(this.limits.buckets[name]!, this.levels.get(name)!, cost, now))
  }

  /** Lets everybody go whose turn it is. What somebody before waits for, or needs besides, is not taken from him. */
  admit(now: number): void {
    if (now < this.pausedUntil) return
    const reserved = new Set<string>()
    const held = new Map<string, number>()
    const granted: Array<Waiter> = []
    for (const waiter of this.queue) {
      if (this.running >= this.limits.concurrency) break
      const lacks = (name: string, cost: number): boolean =>
        reserved.has(name) || this.waitOf(name, cost + (held.get(name) ?? 0), now, waiter.rank) > 0
      const lacking = new Set(waiter.cost.filter(([name, cost]) => lacks(name, cost)).map(([name]) => name))
      if (lacking.size > 0) {
        for (const [name, cost] of waiter.cost)
          if (lacking.has(name)) reserved.add(name)
          else held.set(name, cost + (held.get(name) ?? 0))
        continue
      }
      for (const [name, cost] of waiter.cost) this.#pay(name, cost, now, waiter.rank)
      this.running += 1
      waiter.isGranted = true
      granted.push(waiter)
    }
    for (const waiter of granted) this.queue.splice(this.queue.indexOf(waiter), 1)
    // Last: who is let go may run at once, and let others go before this returns.
    for (const waiter of granted) Deferred.doneUnsafe(waiter.granted, Effect.void)
  }

  /** Before those of a lower rank. */
  queued(cost: Cost, rank: number): Waiter {
    const waiter: Waiter = {
      rank,
      turn: this.turns++,
      cost: Object.entries(cost).filter(([name]) => this.limits.buckets[name] !== undefined),
      granted: Deferred.makeUnsafe<void>(),
      isGranted: false,
    }
    const place = this.queue.findIndex((other) => other.rank > rank)
    this.queue.splice(place === -1 ? this.queue.length : place, 0, waiter)
    return waiter
  }
}

const untilGranted = Effect.fnUntraced(function* (budget: BudgetOf, waiter: Waiter) {
  for (;;) {
    const now = yield* budget.time
    budget.admit(now)
    if (waiter.isGranted) return
    const wait = Math.max(
      budget.pausedUntil - now,
      ...waiter.cost.map(([name, cost]) => budget.waitOf(name, cost, now, waiter.rank)),
    )
    const granted = Deferred.await(waiter.granted)
    // Who waits for others only is let go by them, or looks again: those before it may have taken what it needs.
    yield* Effect.timeoutOption(granted, wait > 0 ? wait : TURN_LOOK_MS)
  }
})

const leave = (budget: BudgetOf, waiter: Waiter) =>
  Effect.map(budget.time, (now) => {
    budget.ended(waiter, now)
    budget.admit(now)
  })

const within = <A, E, R>(budget: BudgetOf, cost: Cost, call: Effect.Effect<A, E, R>) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const waiter = budget.queued(cost, RANK[yield* CallPriority])
      yield* restore(untilGranted(budget, waiter)).pipe(
        Effect.onInterrupt(() => {
          if (waiter.isGranted) return leave(budget, waiter)
          budget.queue.splice(budget.queue.indexOf(waiter), 1)
          return Effect.map(budget.time, (now) => budget.admit(now))
        }),
      )
      return yield* Effect.ensuring(restore(call), leave(budget, waiter))
    }),
  )

const wait = (budget: BudgetOf) =>
  Effect.map(Random.next, (random) => {
    budget.failures += 1
    return backoff(budget.failures, random, PAUSE_MS, PAUSE_MAX_MS)
  })

const limited = Effect.fnUntraced(function* (
  budget: BudgetOf,
  { retryAfterMs, scope, bucket: name }: Pick<RateLimited, "retryAfterMs" | "scope" | "bucket">,
) {
  const now = yield* budget.time
  const grown = yield* wait(budget)
  // Whose midnight ends the day is the provider's to say.
  const pause = retryAfterMs ?? (scope === "day" ? Math.min(bucket.nextMidnight(now) - now, DAY_LOOK_MS) : grown)
  const until = now + Math.max(1, pause)
  if (scope === "bucket" && name !== null && budget.limits.buckets[name] !== undefined) {
    budget.closed ??= new Map()
    budget.closed.set(name, Math.max(budget.closed.get(name) ?? 0, until))
  } else budget.pausedUntil = Math.max(budget.pausedUntil, until)
  return until
})

const unavailable = Effect.fnUntraced(function* (budget: BudgetOf) {
  const now = yield* budget.time
  // Calls that were out together fail together: one outage, one step.
  if (now >= budget.pausedUntil) budget.pausedUntil = now + (yield* wait(budget))
  return budget.pausedUntil
})

const untilOpen = Effect.fnUntraced(function* (budget: BudgetOf) {
  for (;;) {
    const now = yield* budget.time
    if (now >= budget.pausedUntil) return
    yield* Effect.sleep(budget.pausedUntil - now)
  }
})

export const makeBudget = Effect.fn("Budget.make")(function* (limits: Definition["limits"]) {
  const time = yield* makeSteadyTime()
  const budget: Budget = new BudgetOf(limits, time, yield* time)
  return budget
})
