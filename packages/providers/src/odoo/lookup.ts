/** Lookups before a create: the record that bears our id, or holds one of the values, in the forms that Odoo keeps them in. */
import type { Connector, RawRecord } from "@concordat/engine/ports/Provider"
import type { Json } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import type { Catalog } from "./catalog.ts"
import { asProviderError } from "./errors.ts"
import { externalName, recordsNamed } from "./own-ids.ts"
import { makePresent, type Reader } from "./reading.ts"
import type { Rpc } from "./rpc.ts"

/** `=ilike` takes `%` and `_` for any text: they are escaped, or a name could match every other. */
const literal = (value: string): string => value.replace(/[\\%_]/g, "\\$&")

/** A website is kept with a scheme that Odoo puts in front, with or without `www.` and a slash. */
const websites = (value: string): ReadonlyArray<string> => {
  const host = value
    .trim()
    .replace(/^https?:\/\//i, "")
    .replace(/^www\./i, "")
    .replace(/\/+$/, "")
  return ["", "http://", "https://"].flatMap((scheme) =>
    ["", "www."].flatMap((www) => ["", "/"].map((slash) => `${scheme}${www}${host}${slash}`)),
  )
}

const held = (field: string, value: string): ReadonlyArray<Json> => {
  // The address alone, also where a person wrote `Name <address>`.
  if (field === "email" || field === "email_from") return [["email_normalized", "=", value.trim().toLowerCase()]]
  return (field === "website" ? websites(value) : [value]).map((each) => [field, "=ilike", literal(each)])
}

export const makeLookup = (rpc: Rpc, catalog: Catalog, reader: Reader): NonNullable<Connector["lookup"]> => {
  const present = makePresent(catalog)
  return Effect.fn("odoo.lookup")(
    function* (object, keys, options) {
      const domain = yield* present(object)
      const hits: Array<{ readonly key: number; readonly record: RawRecord }> = []
      for (const [index, key] of keys.entries()) {
        const own =
          key.ownId === undefined
            ? []
            : yield* recordsNamed(
                rpc,
                object,
                ["contact", "company", "deal", "activity"].map((type) => externalName(type, key.ownId!)),
              )
        const either: Array<Json> = []
        if (own.length > 0) either.push(["id", "in", own.map(({ id }) => id)])
        for (const [field, value] of Object.entries(key.fields)) if (value !== "") either.push(...held(field, value))
        if (either.length === 0) continue
        const alternatives = [...Array.from({ length: either.length - 1 }, () => "|"), ...either]
        const { rows, around } = yield* reader.rows(object, [...alternatives, ...domain], options)
        const records = yield* reader.records(object, rows, options, around)
        hits.push(...records.map((record) => ({ key: index, record })))
      }
      return hits
    },
    Effect.mapError(asProviderError("lookup", false)),
  )
}
