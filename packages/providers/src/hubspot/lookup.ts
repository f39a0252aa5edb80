/** Finds records by our id or a match key: unique properties by a consistent read, others by a search that lags. */
import type { LookupKey, RawRecord, ReadOptions } from "@concordat/engine/ports/Provider"
import * as Effect from "effect/Effect"
import type { HubspotClient } from "./client.ts"
import { OWN_ID } from "./definition.ts"
import { batchRead, EMAIL_FIELDS, emailsOf, withFacets, withMerged } from "./reading.ts"
import { WirePage, type WireRecord } from "./wire.ts"

/** A search takes five groups of six filters. */
const GROUPS = 5
const RESULTS = 100

interface Wanted {
  readonly key: number
  readonly field: string
  readonly value: string
}

const matches = (record: WireRecord, { field, value }: Wanted): boolean =>
  field === "email" && emailsOf(record).includes(value.trim().toLowerCase())
    ? true
    : (record.properties[field] ?? "").toLowerCase() === value.trim().toLowerCase()

const byUniqueProperty = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  field: string,
  wanted: ReadonlyArray<Wanted>,
  fields: ReadonlyArray<string>,
) {
  const values = [...new Set(wanted.map((w) => (field === "email" ? w.value.trim().toLowerCase() : w.value)))]
  const found: Array<WireRecord> = []
  for (let from = 0; from < values.length; from += RESULTS) {
    found.push(...(yield* batchRead(client, object, values.slice(from, from + RESULTS), fields, { idProperty: field })))
  }
  return found
})

const bySearch = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  wanted: ReadonlyArray<Wanted>,
  fields: ReadonlyArray<string>,
) {
  const found: Array<WireRecord> = []
  for (let from = 0; from < wanted.length; from += GROUPS) {
    const groups = wanted
      .slice(from, from + GROUPS)
      .map(({ field, value }) => ({ filters: [{ propertyName: field, operator: "EQ", value }] }))
    const { body } = yield* client.fetch(
      {
        method: "POST",
        path: `/crm/objects/{version}/${object}/search`,
        body: { filterGroups: groups, properties: fields, limit: RESULTS },
        operation: `${object}.lookup`,
        search: true,
      },
      WirePage,
    )
    found.push(...body.results)
  }
  // Search serves what was indexed; values come from a read.
  const ids = [...new Set(found.map((record) => record.id))]
  const read: Array<WireRecord> = []
  for (let from = 0; from < ids.length; from += RESULTS)
    read.push(...(yield* batchRead(client, object, ids.slice(from, from + RESULTS), fields)))
  return read
})

export const lookup = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  keys: ReadonlyArray<LookupKey>,
  options: ReadOptions,
) {
  const wanted: ReadonlyArray<Wanted> = keys.flatMap(({ ownId, fields }, key) => [
    ...(ownId === undefined ? [] : [{ key, field: OWN_ID, value: ownId }]),
    ...Object.entries(fields).map(([field, value]) => ({ key, field, value })),
  ])
  const unique = object === "contacts" ? [OWN_ID, "email"] : [OWN_ID]
  const fields = [
    ...new Set([...options.fields, ...wanted.map((w) => w.field), ...(object === "contacts" ? EMAIL_FIELDS : [])]),
  ]
  const records = new Map<string, WireRecord>()
  for (const field of unique) {
    const asked = wanted.filter((w) => w.field === field)
    if (asked.length > 0)
      for (const record of yield* byUniqueProperty(client, object, field, asked, fields)) records.set(record.id, record)
  }
  const others = wanted.filter((w) => !unique.includes(w.field))
  if (others.length > 0)
    for (const record of yield* bySearch(client, object, others, fields)) records.set(record.id, record)
  const raw = new Map(
    (yield* withFacets(client, object, [...records.values()], options)).map((record) => [record.id, record]),
  )
  const answers: Array<{ readonly key: number; readonly record: RawRecord }> = []
  for (const [id, record] of records) {
    for (const key of new Set(wanted.filter((w) => matches(record, w)).map((w) => w.key))) {
      const found = raw.get(id)
      if (found !== undefined) answers.push({ key, record: withMerged(record, found) })
    }
  }
  return answers
})
