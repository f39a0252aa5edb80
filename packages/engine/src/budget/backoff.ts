/** Waits that double, up to a bound, with jitter, so that those who failed together do not come back together. */

/** `attempt` from 1; `chance` in [0, 1). Between half of the wait and all of it, in ms. */
export const backoff = (attempt: number, chance: number, first: number, longest: number): number => {
  const wait = Math.min(longest, first * 2 ** Math.min(30, attempt - 1))
  return Math.round(wait / 2 + (wait / 2) * chance)
}
