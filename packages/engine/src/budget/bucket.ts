/** A token bucket with a daily budget, as pure functions of its level and the time. */
import { BACKGROUND_SHARE } from "../limits.ts"
import type { Bucket } from "../ports/Provider.ts"

const DAY_MS = 86_400_000
const DAY_HOURS = 24
const DAY_SECONDS = DAY_MS / 1_000

/**
 * `at`: ms since 1970 for which `tokens` holds. `day`: days since 1970 (UTC) to which `spent` belongs. `recent`: when what was
 * paid within the bucket's window was paid, one entry for each call, the oldest first. `ended`: the same of when each was answered;
 * `open`: calls that are not.
 */
export interface Level {
  readonly tokens: number
  readonly at: number
  readonly day: number
  readonly spent: number
  readonly recent: ReadonlyArray<number>
  readonly ended: ReadonlyArray<number>
  readonly open: number
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
  ended: [],
  open: 0,
})

const NO_MARGIN = { calls: 0, ms: 0 }

/** Of times in their order those after a time. */
const since = (times: ReadonlyArray<number>, after: number): ReadonlyArray<number> => {
  const from = times.findIndex((at) => at > after)
  return from === 0 ? times : from === -1 ? [] : times.slice(from)
}

const callsOf = ({ window }: Bucket, cost: number): number =>
  window === undefined ? 0 : Math.min(Math.ceil(cost), window.calls)
const times = (count: number, at: number): ReadonlyArray<number> => Array.from({ length: count }, () => at)

export const refilled = (bucket: Bucket, level: Level, now: number): Level => {
  const elapsed = Math.max(0, now - level.at)
  const day = dayOf(now)
  return {
    tokens: Math.min(bucket.capacity, level.tokens + (elapsed / 1000) * bucket.perSecond),
    at: Math.max(now, level.at),
    day: Math.max(day, level.day),
    spent: day > level.day ? 0 : level.spent,
    ...inWindow(bucket, level, now),
  }
}

const inWindow = ({ window }: Bucket, { ended, open, recent }: Level, now: number) =>
  window === undefined
    ? { recent, ended, open }
    : {
        recent: since(recent, now - window.ms - (window.margin ?? NO_MARGIN).ms),
        ended: since(ended, now - window.ms),
        open,
      }

/** So many of the oldest have to be out of the window first; `Infinity`: calls that have no answer yet are among them. */
const outOf = (times: ReadonlyArray<number>, over: number, ms: number, now: number): number =>
  over <= 0 ? 0 : over > times.length ? Number.POSITIVE_INFINITY : Math.max(1, Math.ceil(times[over - 1]! + ms - now))

/** ms until the window has room for the calls, by what is known of answers or by when calls were let go. */
const roomIn = (bucket: Bucket, { ended, open, recent }: Level, cost: number, now: number): number => {
  const { window } = bucket
  if (window === undefined) return 0
  const count = callsOf(bucket, cost)
  const { calls, ms } = window.margin ?? NO_MARGIN
  const most = window.calls - calls
  return Math.min(
    outOf(ended, open + ended.length + count - window.calls, window.ms, now),
    outOf(recent, recent.length + Math.min(count, most) - most, window.ms + ms, now),
  )
}

/** A cost above what the bucket can hold at all is all of it: else the call would wait for ever. */
const bounded = (bucket: Bucket, cost: number): number => Math.min(cost, bucket.capacity)

/** ms until the cost can be paid; 0: now. */
export const waitFor = (bucket: Bucket, level: Level, cost: number, now: number): number => {
  const today = refilled(bucket, level, now)
  const { tokens, spent } = today
  if (bucket.daily !== undefined && spent > 0 && spent + cost > bucket.daily) return nextMidnight(now) - now
  const room = roomIn(bucket, today, cost, now)
  if (room > 0) return room
  const missing = bounded(bucket, cost) - tokens
  // Sums of fractions of a token fall short by a rounding error.
  if (missing <= 1e-9) return 0
  return bucket.perSecond > 0 ? Math.max(1, Math.ceil((missing / bucket.perSecond) * 1000)) : nextMidnight(now) - now
}

export const paid = (bucket: Bucket, level: Level, cost: number, now: number): Level => {
  const { open, recent, tokens, spent, ...rest } = refilled(bucket, level, now)
  const calls = callsOf(bucket, cost)
  return {
    ...rest,
    tokens: Math.max(0, tokens - bounded(bucket, cost)),
    spent: spent + cost,
    recent: calls === 0 ? recent : [...recent, ...times(calls, now)],
    open: open + calls,
  }
}

/** What was paid for has an answer, or never gets one. */
export const answered = (bucket: Bucket, level: Level, cost: number, now: number): Level => {
  const calls = callsOf(bucket, cost)
  if (calls === 0) return level
  const today = refilled(bucket, level, now)
  return { ...today, ended: [...today.ended, ...times(calls, now)], open: Math.max(0, today.open - calls) }
}

/** What of a day's budget may go to what nobody waits for: an hour's worth at once, and then as it comes. Null: no such budget. */
export const shareOf = ({ daily }: Bucket): Bucket | null => {
  if (daily === undefined) return null
  const most = daily * BACKGROUND_SHARE
  return { capacity: Math.max(1, most / DAY_HOURS), perSecond: most / DAY_SECONDS }
}
