import { RETRY_AFTER_MAX_MS } from "../limits.ts"

const DELAY = /^\s*(\d{1,9})(\.\d+)?\s*$/

/**
 * The wait in ms that a `Retry-After` header asks for in seconds (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after);
 * `null` where there is none, where it is a date (the clock it goes by is not ours), and where it is no wait that a provider
 * means: the connection then waits as it does where nobody says for how long.
 */
export const retryAfterMs = (header: string | undefined): number | null => {
  const told = header === undefined ? null : DELAY.exec(header)
  const ms = told === null ? Number.NaN : Math.round(Number(told[0]) * 1_000)
  return ms <= RETRY_AFTER_MAX_MS ? ms : null
}
