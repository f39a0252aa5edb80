/** Instants and dates from the forms that providers write them in. */

const two = (n: number): string => String(n).padStart(2, "0")

const iso = (ms: number): string | null =>
  Number.isSafeInteger(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : null

const isDay = (year: number, month: number, day: number): boolean => {
  const date = new Date(Date.UTC(year, month - 1, day))
  // `Date` turns the 30th of February into a day of March; such a date is somebody's error and is not guessed at.
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

const FORM = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i

/**
 * ISO 8601 in UTC with milliseconds, from ISO text (without a zone it is UTC), `YYYY-MM-DD HH:MM:SS`, a date (its
 * midnight), or ms since 1970 as number or digits. Null where it is none of these or no such day exists.
 */
export const parseInstant = (value: string | number): string | null => {
  if (typeof value === "number") return iso(value)
  const trimmed = value.trim()
  if (/^-?\d{9,16}$/.test(trimmed)) return iso(Number(trimmed))
  const match = FORM.exec(trimmed)
  if (match === null) return null
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] = match
  if (!isDay(Number(year), Number(month), Number(day))) return null
  const offset = zone.toUpperCase() === "Z" ? "Z" : `${zone.slice(0, 3)}:${zone.slice(-2)}`
  const ms = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, "0").slice(0, 3)}${offset}`,
  )
  return Number.isNaN(ms) ? null : iso(ms)
}

/** `YYYY-MM-DD` from a date or from an instant, whose day is that of UTC. */
export const parseDate = (value: string | number): string | null => {
  const instant = parseInstant(value)
  return instant === null || !/^\d{4}-/.test(instant) ? null : instant.slice(0, 10)
}

export const instantMs = (instant: string): number => Date.parse(instant)

/** `YYYY-MM-DD HH:MM:SS` in UTC; what is below a second is cut, not rounded. */
export const datetimeText = (instant: string): string => {
  const at = new Date(instant)
  return `${instant.slice(0, 10)} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`
}
