/** Lookups before a create: records that bear our id, or hold one of the values, in the forms that Odoo keeps them in. */
import type { Connector, LookupKey, RawRecord } from "@concordat/engine/ports/Provider"
import type { Json, JsonObject } from "@concordat/model/json"
import { withoutLast } from "@concordat/model/values/text"
import * as Effect from "effect/Effect"
import type { Catalog, Columns } from "./catalog.ts"
import { asProviderError } from "./errors.ts"
import { externalName, type OwnRecord, recordsNamed } from "./own-ids.ts"
import { makePresent, type Reader } from "./reading.ts"
import type { Rpc } from "./rpc.ts"

/** Keys that share a call: each may add a leaf to the domain. */
const TOGETHER = 100

/** `=ilike` takes `%` and `_` for any text: they are escaped, or a name could match every other. */
const literal = (value: string): string => value.replace(/[\\%_]/g, "\\$&")

/** A website without what people, and Odoo itself, put around its host. */
const hostOf = (value: string): string =>
  withoutLast(
    value
      .trim()
      .toLowerCase()
      .replace(/^https?:\/\//, "")
      .replace(/^www\./, ""),
    /\//,
  )

const websites = (value: string): ReadonlyArray<string> =>
  ["", "http://", "https://"].flatMap((scheme) =>
    ["", "www."].flatMap((www) => ["", "/"].map((slash) => `${scheme}${www}${hostOf(value)}${slash}`)),
  )

const isEmail = (field: string): boolean => field === "email" || field === "email_from"

const same = (field: string, value: string, row: JsonObject): boolean => {
  // The address alone, also where a person wrote `Name <address>`.
  if (isEmail(field)) return row["email_normalized"] === value.trim().toLowerCase()
  const held = row[field]
  if (typeof held !== "string") return false
  return field === "website" ? hostOf(held) === hostOf(value) : held.toLowerCase() === value.toLowerCase()
}

const leavesFor = (keys: ReadonlyArray<LookupKey>, columns: Columns): ReadonlyArray<Json> => {
  const byField = new Map<string, Set<string>>()
  for (const { fields } of keys)
    for (const [field, value] of Object.entries(fields))
      if (value !== "" && columns.has(field)) byField.set(field, (byField.get(field) ?? new Set()).add(value))
  return [...byField].flatMap(([field, values]): ReadonlyArray<Json> => {
    if (isEmail(field)) return [["email_normalized", "in", [...values].map((value) => value.trim().toLowerCase())]]
    if (field === "website") return [[field, "in", [...values].flatMap(websites)]]
    return [...values].map((value) => [field, "=ilike", literal(value)])
  })
}

const matches = (row: JsonObject, key: LookupKey, own: ReadonlyArray<OwnRecord>): boolean =>
  own.some(({ id, ownId }) => id === row["id"] && ownId === key.ownId) ||
  Object.entries(key.fields).some(([field, value]) => value !== "" && same(field, value, row))

export const makeLookup = (rpc: Rpc, catalog: Catalog, reader: Reader): NonNullable<Connector["lookup"]> => {
  const present = makePresent(catalog)

  const together = Effect.fnUntraced(function* (
    object: string,
    keys: ReadonlyArray<LookupKey>,
    options: { readonly fields: ReadonlyArray<string>; readonly limit: number },
  ) {
    const domain = yield* present(object)
    const names = keys.flatMap(({ ownId }) =>
      ownId === undefined ? [] : ["contact", "company", "deal", "activity"].map((type) => externalName(type, ownId)),
    )
    const own = yield* recordsNamed(rpc, object, names)
    const either = [...leavesFor(keys, yield* catalog.columns(object))]
    if (own.length > 0) either.push(["id", "in", own.map(({ id }) => id)])
    if (either.length === 0) return []
    const alternatives: ReadonlyArray<Json> = [...Array.from({ length: either.length - 1 }, () => "|"), ...either]
    const compared = keys.flatMap(({ fields }) => Object.keys(fields))
    const { rows, around } = yield* reader.rows(object, [...alternatives, ...domain], {
      fields: [...options.fields, ...compared, "email_normalized"],
      limit: options.limit * keys.length,
    })
    const records = yield* reader.records(object, rows, options, around)
    return keys.flatMap((key, index) =>
      rows.flatMap((row, at): ReadonlyArray<{ readonly key: number; readonly record: RawRecord }> =>
        matches(row, key, own) ? [{ key: index, record: records[at]! }] : [],
      ),
    )
  })

  return Effect.fn("odoo.lookup")(
    function* (object, keys, options) {
      const hits: Array<{ readonly key: number; readonly record: RawRecord }> = []
      for (let start = 0; start < keys.length; start += TOGETHER) {
        const found = yield* together(object, keys.slice(start, start + TOGETHER), options)
        hits.push(...found.map(({ key, record }) => ({ key: start + key, record })))
      }
      return hits
    },
    Effect.mapError(asProviderError("lookup", false)),
  )
}
