/** JSON values, and the one canonical text of each: keys sorted, no blanks. Hashes and comparisons stand on it. */
import * as Schema from "effect/Schema"

export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

export const Json: Schema.Codec<Json> = Schema.suspend(() =>
  Schema.Union([
    Schema.Null,
    Schema.Boolean,
    Schema.Finite,
    Schema.String,
    Schema.Array(Json),
    Schema.Record(Schema.String, Json),
  ]),
)
export const JsonObject: Schema.Codec<JsonObject> = Schema.Record(Schema.String, Json)

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Same value, same text: keys in code point order, members that are undefined left out. */
export const canonicalJson = (value: unknown): string => {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null"
  let text = ""
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) text += `${at === 0 ? "" : ","}${canonicalJson(value[at])}`
    return `[${text}]`
  }
  const object = value as Record<string, unknown>
  for (const key of Object.keys(object).sort()) {
    if (object[key] !== undefined)
      text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(object[key])}`
  }
  return `{${text}}`
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

/** Whether both have one canonical text, of values that are JSON: members that are undefined are none. */
export const sameJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (!isObject(a) || !isObject(b)) return canonicalJson(a) === canonicalJson(b)
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, index) => sameJson(one, b[index]))
    )
  for (const key of Object.keys(a))
    if (a[key] !== undefined && (!Object.hasOwn(b, key) || !sameJson(a[key], b[key]))) return false
  for (const key of Object.keys(b)) if (b[key] !== undefined && !Object.hasOwn(a, key)) return false
  return true
}
