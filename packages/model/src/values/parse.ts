/** From JSON to a value of a kind: what is kept when a provider, the app or a person gives it. */
import * as Result from "effect/Result"
import type { Value, ValueKind } from "../canonical/fields.ts"
import type { Json } from "../json.ts"
import { tidyDomain, tidyEmail, tidyPhone } from "./contact-points.ts"
import { countryCode } from "./country.ts"
import { memberKey, noOptions, type ValueOptions } from "./equivalence.ts"
import { isCurrency, normalDecimal } from "./money.ts"
import { tidyText } from "./text.ts"
import { parseDate, parseInstant } from "./time.ts"

type Parsed = Result.Result<Value, string>

const orFail = (value: Value, problem: string): Parsed =>
  value === null ? Result.fail(problem) : Result.succeed(value)

const number = (written: string, whole: boolean): Parsed => {
  const decimal = normalDecimal(written)
  const parsed = decimal === null ? Number.NaN : Number(decimal)
  if (!Number.isFinite(parsed)) return Result.fail("is no number")
  return whole && !Number.isSafeInteger(parsed) ? Result.fail("is no whole number") : Result.succeed(parsed)
}

const scalar = (kind: ValueKind, raw: string | number | boolean, options: ValueOptions): Parsed => {
  const written = tidyText(String(raw))
  if (kind === "boolean") {
    if (/^(true|1|yes)$/i.test(written)) return Result.succeed(true)
    return /^(false|0|no)$/i.test(written) ? Result.succeed(false) : Result.fail("is neither true nor false")
  }
  if (typeof raw === "boolean") return Result.fail("is true or false, not a value of this kind")
  if (written === "") return Result.succeed(null)
  switch (kind) {
    case "email":
    case "owner":
      return Result.succeed(tidyEmail(written))
    case "phone":
      return Result.succeed(tidyPhone(written, options.region))
    case "domain":
      return Result.succeed(tidyDomain(written))
    case "country":
      return orFail(countryCode(written), "is no country")
    case "currency":
      return isCurrency(written.toUpperCase()) ? Result.succeed(written.toUpperCase()) : Result.fail("is no currency")
    case "minor":
    case "integer":
      return number(written, true)
    case "seconds":
      return number(written, false)
    case "decimal":
      return orFail(normalDecimal(written), "is no number")
    case "instant":
      return orFail(parseInstant(raw), "is no time")
    case "date":
      return orFail(parseDate(raw), "is no date")
    case "text":
    case "html":
    case "url":
    case "enum":
    case "ref":
      return Result.succeed(written)
    case "set":
    case "refs":
      return list(kind, [written], options)
  }
}

/** Members in the order given, each once by its normal form. */
const list = (kind: ValueKind, raw: ReadonlyArray<Json>, options: ValueOptions): Parsed => {
  const member: ValueKind = kind === "refs" ? "ref" : (options.of ?? "text")
  const kept = new Map<string, string>()
  for (const one of raw) {
    if (typeof one !== "string" && typeof one !== "number") return Result.fail("has members that are no text")
    const parsed = scalar(member, one, options)
    if (Result.isFailure(parsed)) return parsed
    const text = String(parsed.success ?? "")
    const key = memberKey(member, text, options)
    if (text !== "" && !kept.has(key)) kept.set(key, text)
  }
  return Result.succeed([...kept.values()])
}

/**
 * The value to keep: trimmed, NFC, e-mails and domains in lower case, phones E.164 where they parse, countries and
 * currencies as codes, numbers as numbers, instants in UTC. Empty is null, of lists `[]`. Fails with what is wrong with
 * it, without the value itself.
 */
export const parseValue = (kind: ValueKind, raw: Json, options: ValueOptions = noOptions): Parsed => {
  const many = kind === "set" || kind === "refs"
  if (raw === null || raw === "") return Result.succeed(many ? [] : null)
  if (typeof raw === "object") {
    return many && Array.isArray(raw) ? list(kind, raw, options) : Result.fail("is a structure, not a value")
  }
  return scalar(kind, raw, options)
}
