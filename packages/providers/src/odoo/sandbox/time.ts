/** Instants of the sandbox: microseconds inside, whole seconds of UTC outside. */
import { OdooFault } from "./fault.ts"

const pad = (value: number, width = 2) => String(value).padStart(width, "0")

/** `2026-11-20 09:51:48`, truncated as Odoo truncates it. */
export const toSeconds = (micros: number): string => {
  const at = new Date(Math.floor(micros / 1000))
  return `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())} ${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}:${pad(at.getUTCSeconds())}`
}

/** `2026-11-20 09:51:48.643447`: only a webhook shows it. */
export const toMicroseconds = (micros: number): string => `${toSeconds(micros)}.${pad(micros % 1_000_000, 6)}`

export const secondOf = (micros: number): number => Math.floor(micros / 1_000_000) * 1_000_000

const shape = /^(\d{4})-(\d{2})-(\d{2})(?:([ T])(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(Z|[+-]\d{2}:?\d{2})?)?$/

const parse = (text: string) => {
  const found = shape.exec(text)
  if (found === null) return undefined
  const [, year, month, day, separator, hour, minute, second, fraction, zone] = found
  const millis = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
  )
  return { micros: millis * 1000 + Number((fraction ?? "").padEnd(6, "0")), separator, fraction, zone }
}

/** A datetime given as a value: only `YYYY-MM-DD HH:MM:SS` (or a date) is taken. */
export const datetimeValue = (text: string): number => {
  const parsed = parse(text)
  if (parsed === undefined || parsed.separator === "T" || parsed.fraction !== undefined || parsed.zone !== undefined)
    throw new OdooFault("ValueError", `time data '${text}' does not match format '%Y-%m-%d %H:%M:%S'`)
  return parsed.micros
}

/** A datetime literal in a domain. 17 hands it to PostgreSQL, which ignores the zone; 19 refuses a zone. */
export const datetimeLiteral = (text: string, version: 17 | 19): number => {
  const parsed = parse(text)
  if (parsed === undefined) throw new OdooFault("ValueError", `invalid input syntax for type timestamp: "${text}"`)
  if (version === 19 && parsed.zone !== undefined)
    throw new OdooFault("ValueError", "expecting only datetimes with no timezone")
  return parsed.micros
}

export const dateValue = (text: string): string => {
  const parsed = /^\d{4}-\d{2}-\d{2}$/.test(text) ? parse(text) : undefined
  if (parsed === undefined) throw new OdooFault("ValueError", `time data '${text}' does not match format '%Y-%m-%d'`)
  return text
}
