/** Whether what the app sends can be meant, by the canonical tables: each fault names its field, its value and a remedy. */
import { ENTITY_TYPES, type EntityType, type Field, type ValueKind } from "@concordat/model/canonical/fields"
import { canonical, isCustom } from "@concordat/model/canonical/types"
import type { Json, JsonObject } from "@concordat/model/json"
import { parseValue } from "@concordat/model/values/parse"
import * as Result from "effect/Result"

export interface Problem {
  readonly field: string
  readonly value: string
  readonly message: string
}

const LONGEST_SHOWN = 120
const LONGEST_KEY = 200
const LONGEST_TEXT = 100_000

const shown = (value: Json | undefined): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value ?? null)
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
}
const problem = (field: string, value: Json | undefined, message: string): Problem => ({
  field,
  value: shown(value),
  message,
})

/** How a value of a kind is to be sent. */
const REMEDY: Readonly<Record<ValueKind, string>> = {
  text: "send a text, or null to empty it",
  html: "send a text, or null to empty it",
  email: "send an address like ada@example.com, or null",
  owner: "send the owner's e-mail address, or null",
  phone: "send a text with the number, best as +49301234567, or null",
  domain: "send a host name like example.com, or null",
  url: "send an address that begins with http:// or https://, or null",
  country: "send the ISO 3166-1 code like DE, or null",
  currency: "send the ISO 4217 code like EUR, or null",
  enum: "send one of the texts the field has, or null",
  minor: "send a whole number of minor units (12.50 EUR is 1250), or null",
  decimal: "send a number, or a decimal as text, or null",
  integer: "send a whole number, or null",
  seconds: "send a number of seconds from 0 on, or null",
  boolean: "send true or false, or null",
  instant: 'send a UTC time like "2026-01-31T08:00:00.000Z", or null',
  date: 'send a day like "2026-01-31", or null',
  ref: "send the id of the record in your own product, or null",
  refs: "send a list of ids of records in your own product, or null",
  set: "send a list of texts, or null",
}

const TEXT_SHAPE: Partial<Readonly<Record<ValueKind, RegExp>>> = {
  email: /^[^\s@]+@[^\s@]+\.[^\s@]+$/,
  owner: /^[^\s@]+@[^\s@]+\.[^\s@]+$/,
  phone: /\d/,
  domain: /^[^\s/@:]+\.[^\s/@:]+$/,
  url: /^https?:\/\/\S+$/i,
  country: /^[A-Z]{2}$/,
  currency: /^[A-Z]{3}$/,
  instant: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/,
  date: /^\d{4}-\d\d-\d\d$/,
}

/** Ids stand in the names of streams and in lists that people see: an address or a name has no place there. */
const ID = /^[A-Za-z0-9][A-Za-z0-9_:-]{0,99}$/

const parses = (kind: ValueKind, value: Json): boolean => Result.isSuccess(parseValue(kind, value))

const fits = (kind: ValueKind, value: Json, of: ValueKind | undefined): boolean => {
  switch (kind) {
    case "boolean":
      return typeof value === "boolean"
    case "minor":
    case "integer":
      return Number.isSafeInteger(value)
    case "seconds":
      return typeof value === "number" && value >= 0
    case "decimal":
      return (typeof value === "number" || typeof value === "string") && parses("decimal", value)
    case "set":
    case "refs":
      return (
        Array.isArray(value) && value.every((one) => fits(kind === "refs" ? "ref" : (of ?? "text"), one, undefined))
      )
    case "ref":
      return typeof value === "string" && ID.test(value)
    default:
      return typeof value === "string" && value !== "" && (TEXT_SHAPE[kind]?.test(value) ?? true) && parses(kind, value)
  }
}

/** NUL and one half of a surrogate pair: no database and no CRM holds them, and what they would hold instead differs. */
const isPlainText = (text: string): boolean => text.isWellFormed() && !text.includes("\0")

/** What is wrong with a text, or with one in a list, whatever it is to mean. */
const textFault = (value: Json): string | null => {
  const texts = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string")
  const longest = Math.max(0, ...texts.map(({ length }) => length))
  if (longest > LONGEST_TEXT) return `has ${longest} characters: send at most ${LONGEST_TEXT}`
  return texts.every(isPlainText) ? null : "has a NUL character or half a surrogate pair: send it without"
}

const checkField = (name: string, field: Field, value: Json): Problem | null => {
  if (value === null) return null
  const fault = textFault(value)
  if (fault !== null) return problem(name, value, fault)
  if (!fits(field.kind, value, field.of)) return problem(name, value, REMEDY[field.kind])
  if (field.values !== undefined && !field.values.includes(String(value))) {
    return problem(name, value, `send one of ${field.values.join(", ")}, or null`)
  }
  return null
}

/** Fields of the app's own are typed by the mapping; here they only have to be single values or lists of texts. */
const checkCustom = (name: string, value: Json): Problem | null => {
  const fault = textFault(value)
  if (fault !== null) return problem(name, value, fault)
  const single = value === null || typeof value !== "object"
  const texts = Array.isArray(value) && value.every((one) => typeof one === "string")
  return single || texts ? null : problem(name, value, "send a text, a number, true or false, a list of texts, or null")
}

export const isObject = (object: string): object is EntityType =>
  (ENTITY_TYPES as ReadonlyArray<string>).includes(object)

export const checkObject = (object: string): ReadonlyArray<Problem> =>
  isObject(object) ? [] : [problem("object", object, `send to one of ${ENTITY_TYPES.join(", ")}`)]

export const checkId = (id: string): ReadonlyArray<Problem> =>
  ID.test(id) ? [] : [problem("id", id, "use 1 to 100 letters, digits, - _ or :, that say nothing of a person")]

export const checkKey = (key: string): ReadonlyArray<Problem> =>
  key.length > 0 && key.length <= LONGEST_KEY
    ? []
    : [problem("Idempotency-Key", key, `send a key of 1 to ${LONGEST_KEY} characters, a new one for each edit`)]

/** The year 2100, in ms. Microseconds taken for ms would make an edit newer than all that there will ever be. */
const LAST_MS = 4_102_444_800_000

export const checkStamp = (stamp: number | undefined): ReadonlyArray<Problem> =>
  stamp === undefined || (stamp >= 0 && stamp < LAST_MS)
    ? []
    : [problem("stamp", stamp, "send the time of the edit in ms since 1970, or leave it out")]

/** The table is asked by own name only: `constructor` is a field of no contact. */
export const checkValues = (type: EntityType, values: JsonObject): ReadonlyArray<Problem> =>
  Object.entries(values).flatMap(([name, value]) => {
    const field = Object.hasOwn(canonical[type], name) ? canonical[type][name] : undefined
    if (field !== undefined) return checkField(name, field, value) ?? []
    if (isCustom(name)) return checkCustom(name, value) ?? []
    if (name.startsWith("custom."))
      return [problem(name, value, "name it custom. and then a-z, and up to 62 of A-Z, a-z, 0-9 and _")]
    const known = Object.keys(canonical[type]).join(", ")
    return [problem(name, value, `${type} has ${known}; name a field of your own custom.<name>`)]
  })
