/** A token bucket with a daily budget, as pure functions of its level and the time. */
import { BACKGROUND_SHARE } from "../limits.ts"
import type { Bucket } from "../ports/Provider.ts"

const DAY_MS = 86_400_000
const DAY_HOURS = 24
const DAY_SECONDS = DAY_MS / 1_000

/** `at`: ms since 1970 for which `tokens` holds. `day`: days since 1970 (UTC) to which `spent` belongs. */
export interface Level {
  readonly tokens: number
  readonly at: number
  readonly day: number
  readonly spent: number
}

const dayOf = (now: number): number => Math.floor(now / DAY_MS)
/** The next midnight UTC, ms since 1970. */
export const nextMidnight = (now: number): number => (dayOf(now) + 1) * DAY_MS

export const full = (bucket: Bucket, now: number): Level => ({
  tokens: bucket.capacity,
  at: now,
  day: dayOf(now),
  spent: 0,
})

export const refilled = (bucket: Bucket, level: Level, now: number): Level => {
  const elapsed = Math.max(0, now - level.at)
  const day = dayOf(now)
  return {
    tokens: Math.min(bucket.capacity, level.tokens + (elapsed / 1000) * bucket.perSecond),
    at: Math.max(now, level.at),
    day: Math.max(day, level.day),
    spent: day > level.day ? 0 : level.spent,
  }
}

/** A cost above what the bucket can hold at all is all of it: else the call would wait for ever. */
const bounded = (bucket: Bucket, cost: number): number => Math.min(cost, bucket.capacity)

/** ms until the cost can be paid; 0: now. */
export const waitFor = (bucket: Bucket, level: Level, cost: number, now: number): number => {
  const { tokens, spent } = refilled(bucket, level, now)
  if (bucket.daily !== undefined && spent > 0 && spent + cost > bucket.daily) return nextMidnight(now) - now
  const missing = bounded(bucket, cost) - tokens
  // Sums of fractions of a token fall short by a rounding error.
  if (missing <= 1e-9) return 0
  return bucket.perSecond > 0 ? Math.max(1, Math.ceil((missing / bucket.perSecond) * 1000)) : nextMidnight(now) - now
}

export const paid = (bucket: Bucket, level: Level, cost: number, now: number): Level => {
  const { tokens, spent, ...rest } = refilled(bucket, level, now)
  return { ...rest, tokens: Math.max(0, tokens - bounded(bucket, cost)), spent: spent + cost }
}

/** What of a day's budget may go to what nobody waits for: an hour's worth at once, and then as it comes. Null: no such budget. */
export const shareOf = ({ daily }: Bucket): Bucket | null => {
  if (daily === undefined) return null
  const most = daily * BACKGROUND_SHARE
  return { capacity: Math.max(1, most / DAY_HOURS), perSecond: most / DAY_SECONDS }
}
