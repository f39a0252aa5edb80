/** A token bucket with a daily budget, as pure functions of its level and the time. */
import { BACKGROUND_SHARE } from "../limits.ts"
import type { Bucket } from "../ports/Provider.ts"

const DAY_MS = 86_400_000
const DAY_HOURS = 24
const DAY_SECONDS = DAY_MS / 1_000

/**
 * `at`: ms since 1970 for which `tokens` holds. `day`: days since 1970 (UTC) to which `spent` belongs. `recent`: when what was
 * paid within the bucket's window was paid, one entry for each call, the oldest first.
 */
export interface Level {
  readonly tokens: number
  readonly at: number
  readonly day: number
  readonly spent: number
  readonly recent: ReadonlyArray<number>
}

const dayOf = (now: number): number => Math.floor(now / DAY_MS)
/** The next midnight UTC, ms since 1970. */
export const nextMidnight = (now: number): number => (dayOf(now) + 1) * DAY_MS

export const full = (bucket: Bucket, now: number): Level => ({
  tokens: bucket.capacity,
  at: now,
  day: dayOf(now),
  spent: 0,
  recent: [],
})

const inWindow = ({ window }: Bucket, { recent }: Level, now: number): ReadonlyArray<number> => {
  if (window === undefined) return []
  const from = recent.findIndex((at) => at > now - window.ms)
  return from === 0 ? recent : from === -1 ? [] : recent.slice(from)
}

export const refilled = (bucket: Bucket, level: Level, now: number): Level => {
  const elapsed = Math.max(0, now - level.at)
  const day = dayOf(now)
  return {
    tokens: Math.min(bucket.capacity, level.tokens + (elapsed / 1000) * bucket.perSecond),
    at: Math.max(now, level.at),
    day: Math.max(day, level.day),
    spent: day > level.day ? 0 : level.spent,
    recent: inWindow(bucket, level, now),
  }
}

/** A cost above what the bucket can hold at all is all of it: else the call would wait for ever. */
const bounded = (bucket: Bucket, cost: number): number => Math.min(cost, bucket.capacity)

/** ms until the cost can be paid; 0: now. */
export const waitFor = (bucket: Bucket, level: Level, cost: number, now: number): number => {
  const { recent, tokens, spent } = refilled(bucket, level, now)
  if (bucket.daily !== undefined && spent > 0 && spent + cost > bucket.daily) return nextMidnight(now) - now
  if (bucket.window !== undefined) {
    // So many of the oldest have to be out of the window first.
    const over = recent.length + Math.min(Math.ceil(cost), bucket.window.calls) - bucket.window.calls
    if (over > 0) return Math.max(1, Math.ceil(recent[over - 1]! + bucket.window.ms - now))
  }
  const missing = bounded(bucket, cost) - tokens
  // Sums of fractions of a token fall short by a rounding error.
  if (missing <= 1e-9) return 0
  return bucket.perSecond > 0 ? Math.max(1, Math.ceil((missing / bucket.perSecond) * 1000)) : nextMidnight(now) - now
}

export const paid = (bucket: Bucket, level: Level, cost: number, now: number): Level => {
  const { recent, tokens, spent, ...rest } = refilled(bucket, level, now)
  const calls = bucket.window === undefined ? 0 : Math.min(Math.ceil(cost), bucket.window.calls)
  return {
    ...rest,
    tokens: Math.max(0, tokens - bounded(bucket, cost)),
    spent: spent + cost,
    recent: calls === 0 ? recent : [...recent, ...Array.from({ length: calls }, () => now)],
  }
}

/** What of a day's budget may go to what nobody waits for: an hour's worth at once, and then as it comes. Null: no such budget. */
export const shareOf = ({ daily }: Bucket): Bucket | null => {
  if (daily === undefined) return null
  const most = daily * BACKGROUND_SHARE
  return { capacity: Math.max(1, most / DAY_HOURS), perSecond: most / DAY_SECONDS }
}
