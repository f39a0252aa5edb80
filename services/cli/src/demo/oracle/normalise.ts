/**
 * The oracle's own idea of when two values are the same. It is small, written for the data of the demo alone, and shares
 * nothing with the rules: what both got wrong in one place would be seen by neither.
 */

export const text = (value: string | null | undefined): string | null => {
  const tidy = (value ?? "").normalize("NFC").replace(/\s+/gu, " ").trim()
  return tidy === "" ? null : tidy
}

export const email = (value: string | null | undefined): string | null => text(value)?.toLowerCase() ?? null

/** International, as `+4930123`. Numbers without a country are German, as all of the data set are. */
export const phone = (value: string | null | undefined): string | null => {
  const written = text(value)
  if (written === null) return null
  const digits = written.replace(/\(0\)/g, "").replace(/[^\d+]/g, "")
  if (digits.startsWith("+")) return digits
  if (digits.startsWith("00")) return `+${digits.slice(2)}`
  return digits.startsWith("0") ? `+49${digits.slice(1)}` : digits
}

/** `https://www.acme.example/de/` and `acme.example` are one. */
export const domain = (value: string | null | undefined): string | null =>
  text(value)
    ?.toLowerCase()
    .replace(/^[a-z]+:\/\//, "")
    .replace(/^www\./, "")
    .replace(/[/?#:].*$/, "") ?? null

/** "First Last", whichever parts there are. */
export const fullName = (first: string | null | undefined, last: string | null | undefined): string | null =>
  text(`${first ?? ""} ${last ?? ""}`)

/** Decimal text or number in a currency of two places to minor units. */
export const minor = (value: string | number | null | undefined): string | null => {
  if (value === null || value === undefined || value === "") return null
  const number = Number(value)
  return Number.isFinite(number) ? String(Math.round(number * 100)) : `not a number: ${String(value)}`
}

/** To the second, which is what every system keeps. */
export const instant = (value: string | null | undefined): string | null => {
  const written = text(value)
  if (written === null) return null
  const ms = Date.parse(/^\d{4}-\d\d-\d\d \d/.test(written) ? `${written.replace(" ", "T")}Z` : written)
  return Number.isNaN(ms) ? `not a time: ${written}` : new Date(Math.floor(ms / 1000) * 1000).toISOString()
}

export const day = (value: string | null | undefined): string | null => instant(value)?.slice(0, 10) ?? null

/** Seconds; nothing and zero are the same length of time. */
export const seconds = (value: number | string | null | undefined): string | null => {
  const number = Number(value ?? 0)
  return number === 0 ? null : String(Math.round(number))
}

/** Of amounts that name none. */
export const HOME_CURRENCY = "EUR"

export const yes = (value: boolean): string => (value ? "yes" : "no")
