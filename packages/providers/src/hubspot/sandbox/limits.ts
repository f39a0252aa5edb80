/**
 * Rate limits of the portal: a rolling ten-second window per token, five searches a second for the account, a budget
 * per day. Over them: 429 in the documented form or in the recorded one, never with Retry-After
 * (https://developers.hubspot.com/docs/api/usage-details).
 */
import type { Portal } from "./portal.ts"
import { Refusal } from "./refusal.ts"

const DAY = 86_400_000
const HOUR = 3_600_000

/** True when the call fits into the window and was counted. */
const admit = (times: Array<number>, now: number, windowMs: number, most: number): boolean => {
  let gone = 0
  while (gone < times.length && times[gone]! <= now - windowMs) gone += 1
  times.splice(0, gone)
  if (times.length >= most) return false
  times.push(now)
  return true
}

/** Documented: `policyName` and `errorType`. Recorded for searches: `category` alone. */
const over = (portal: Portal, policyName: "DAILY" | "TEN_SECONDLY_ROLLING" | "SECONDLY"): Refusal => {
  const message = `You have reached your ${policyName.toLowerCase()} limit.`
  const recorded = policyName === "SECONDLY" ? portal.random() < 0.7 : portal.random() < 0.3
  return new Refusal(
    429,
    recorded
      ? { status: "error", message, category: "RATE_LIMITS" }
      : {
          status: "error",
          message,
          errorType: "RATE_LIMIT",
          policyName,
          requestId: portal.random().toString(16).slice(2),
        },
  )
}

/** Counts the call, or refuses it. The headers tell what is left. */
export const meter = (portal: Portal, token: string, isSearch: boolean): Readonly<Record<string, string>> => {
  const { enforced, burst, searchPerSecond, daily, dayBeginsAtHour } = portal.settings.limits
  const now = portal.now()
  const day = Math.floor((now - dayBeginsAtHour * HOUR) / DAY)
  if (portal.daily.day !== day) portal.daily = { day, used: 0 }
  if (enforced) {
    if (portal.daily.used >= daily) throw over(portal, "DAILY")
    const times = portal.requests.get(token) ?? []
    portal.requests.set(token, times)
    if (isSearch && !admit(portal.searches, now, 1_000, searchPerSecond)) throw over(portal, "SECONDLY")
    if (!isSearch && !admit(times, now, 10_000, burst)) throw over(portal, "TEN_SECONDLY_ROLLING")
  }
  portal.daily.used += 1
  const perDay = {
    "x-hubspot-ratelimit-daily": String(daily),
    "x-hubspot-ratelimit-daily-remaining": String(Math.max(0, daily - portal.daily.used)),
  }
  return isSearch
    ? perDay
    : {
        ...perDay,
        "x-hubspot-ratelimit-max": String(burst),
        "x-hubspot-ratelimit-remaining": String(Math.max(0, burst - (portal.requests.get(token)?.length ?? 0))),
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
      }
}
