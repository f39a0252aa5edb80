/** For every kind of value: what is kept of it, what it is compared by, and when two are the same. */
import type { Value, ValueKind } from "../canonical/fields.ts"
import { isEmpty } from "../canonical/types.ts"
import { normalPhone, normalUrl, tidyDomain, tidyEmail, tidyPhone } from "./contact-points.ts"
import { countryCode } from "./country.ts"
import { memoised } from "./memo.ts"
import { normalDecimal } from "./money.ts"
import { htmlText, tidyText } from "./text.ts"
import { parseDate, parseInstant } from "./time.ts"

export interface ValueOptions {
  /** ISO 3166-1 alpha-2 of phone numbers that name no country; `""` where none is known. */
  readonly region: string
  /** Of `set`: the kind of its members. Default `text`. */
  readonly of?: ValueKind
}

export const noOptions: ValueOptions = { region: "" }

const text = memoised(20_000, htmlText)

const normalScalar = (kind: ValueKind, value: string | number | boolean, region: string): string => {
  const written = String(value)
  switch (kind) {
    case "html":
      return text(written)
    case "email":
    case "owner":
      return tidyEmail(written)
    case "phone":
      return normalPhone(written, region)
    case "domain":
      return tidyDomain(written)
    case "url":
      return normalUrl(written)
    case "country":
      return countryCode(written) ?? tidyText(written).toLowerCase()
    case "currency":
      return written.trim().toUpperCase()
    case "minor":
    case "decimal":
    case "integer":
    case "seconds":
      return normalDecimal(written) ?? written.trim()
    case "instant":
      return parseInstant(typeof value === "boolean" ? written : value) ?? written.trim()
    case "date":
      return parseDate(typeof value === "boolean" ? written : value) ?? written.trim()
    case "boolean":
      return written.trim().toLowerCase()
    case "text":
    case "enum":
    case "ref":
    case "refs":
    case "set":
      return tidyText(written)
  }
}

/**
 * What a value is compared by: equal text if and only if the values are the same. Empty (null, `""`, a blank, an empty
 * list) is null. Of a list: its members' normal forms, sorted, each once.
 */
export const normal = (
  kind: ValueKind,
  value: Value | undefined,
  options: ValueOptions = noOptions,
): string | null | ReadonlyArray<string> => {
  if (value === undefined || value === null || isEmpty(value)) return null
  if (typeof value === "object") {
    const member = kind === "set" ? (options.of ?? "text") : kind
    const members = new Set(
      value.filter((one) => !isEmpty(one)).map((one) => normalScalar(member, one, options.region)),
    )
    members.delete("")
    return members.size === 0 ? null : [...members].sort()
  }
  const scalar = normalScalar(kind, value, options.region)
  return scalar === "" ? null : scalar
}

/** Whether two values of a kind mean the same. Cheap where they are written alike. */
export const same = (
  kind: ValueKind,
  a: Value | undefined,
  b: Value | undefined,
  options: ValueOptions = noOptions,
): boolean => {
  if (a === b) return true
  // A tag without text is as empty as nothing; all other kinds need no parsing to tell something from nothing.
  if (kind !== "html" && (a === null || a === undefined) && typeof b === "string" && b.trim() !== "") return false
  const one = normal(kind, a, options)
  const other = normal(kind, b, options)
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other
  return one.length === other.length && one.every((member, index) => member === other[index])
}

/** One member of a set as it is compared. */
export const memberKey = (kind: ValueKind, member: string, options: ValueOptions = noOptions): string =>
  normalScalar(kind === "set" ? (options.of ?? "text") : kind, member, options.region)

export { parseDate, parseInstant, tidyDomain, tidyEmail, tidyPhone, tidyText }
