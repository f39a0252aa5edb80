/** Reading records: the consistent list for a first sync, batches by id, and the ids of all for a census. */
import type { Cursor, Page, RawRecord, Reading, ReadOptions } from "@concordat/engine/ports/Provider"
import type { ProviderError } from "@concordat/engine/ports/ProviderError"
import type { Json } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { facetObject, facetValue, isFacet, primaryOf, readLinks } from "./associations.ts"
import { decode, type HubspotClient } from "./client.ts"
import { LIST_LIMIT, OWN_ID } from "./definition.ts"
import { editorOf, withHistory } from "./history.ts"
import { idText, nextOf, WireBatch, WirePage, WireRecord } from "./wire.ts"

/** Names the records that were merged into one. */
export const MERGED_IDS = "hs_merged_object_ids"

export const mergedIds = (record: WireRecord): ReadonlyArray<string> =>
  (record.properties[MERGED_IDS] ?? "").split(";").filter((id) => id !== "")

/** A contact is found by each of these; the additional ones are joined by semicolons and can't be written. */
export const EMAIL_FIELDS = ["email", "hs_additional_emails"] as const

export const emailsOf = (record: WireRecord): ReadonlyArray<string> =>
  EMAIL_FIELDS.flatMap((field) => (record.properties[field] ?? "").toLowerCase().split(";")).filter(
    (email) => email !== "",
  )

/** A cleared value is "" in the answer to a write and null later: both are empty. */
export const empty = (value: string | null | undefined): string | null =>
  value === undefined || value === "" ? null : value

const properties = (fields: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set([...fields.filter((f) => !isFacet(f)), OWN_ID, MERGED_IDS]),
]

/** The asked fields of a record; a field that HubSpot's answer leaves out stays unknown. */
export const toRaw = (
  object: string,
  record: WireRecord,
  options: ReadOptions,
  facets: Readonly<Record<string, Json>>,
  clock: number | null = null,
): RawRecord => {
  const values: Record<string, Json> = { ...facets }
  for (const field of options.fields) {
    if (!isFacet(field) && field in record.properties) values[field] = empty(record.properties[field])
  }
  const stamp = Date.parse(record.updatedAt ?? "")
  const ownId = empty(record.properties[OWN_ID])
  const by = editorOf(record, clock)
  return {
    object,
    id: record.id,
    values,
    ...(Number.isNaN(stamp) ? {} : { stamp }),
    ...(ownId === null ? {} : { ownId }),
    ...(by === undefined ? {} : { by }),
  }
}

/** With the ids that it names of what was merged into it, for where they are not readings of their own. */
export const withMerged = (record: WireRecord, raw: RawRecord): RawRecord => {
  const merged = mergedIds(record)
  return merged.length === 0 ? raw : { ...raw, merged }
}

/** Adds the asked facets, one call for each kind. */
export const withFacets = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  records: ReadonlyArray<WireRecord>,
  options: ReadOptions,
  clock: number | null = null,
) {
  const facets = new Map<string, Record<string, Json>>(records.map((record) => [record.id, {}]))
  if (records.length > 0) {
    for (const facet of options.fields.filter(isFacet)) {
      const to = facetObject(facet)
      const links = yield* readLinks(
        client,
        object,
        records.map((record) => record.id),
        to,
      )
      for (const [id, linked] of links) {
        const held = facets.get(id)
        if (held !== undefined) held[facet] = facetValue(to, linked)
      }
    }
  }
  return records.map((record) => toRaw(object, record, options, facets.get(record.id) ?? {}, clock))
})

/** A place in a list; `total` was counted at its beginning. */
const Place = Schema.Struct({ after: Schema.optionalKey(Schema.String), total: Schema.optionalKey(Schema.Finite) })
const isPlace = Schema.is(Place)
const placeOf = (cursor: Cursor | null): typeof Place.Type => (isPlace(cursor) ? cursor : {})

/** Lists carry associations inline, which spares a call for each kind; a list of them that goes on is read apart. */
const inlineFacets = (
  object: string,
  record: WireRecord,
  facets: ReadonlyArray<string>,
): Readonly<Record<string, Json>> | null => {
  const values: Record<string, Json> = {}
  for (const facet of facets) {
    const to = facetObject(facet)
    const inline = record.associations?.[to]
    if (nextOf(inline?.paging) !== null) return null
    // One that has several types is listed once for each of them.
    const links = inline?.results ?? []
    const primary = links.find(({ type }) => typeof type === "string" && type === primaryOf(object, to)?.name)
    values[facet] = facetValue(to, {
      ids: links.map((link) => idText(link.id)),
      primary: primary === undefined ? null : idText(primary.id),
    })
  }
  return values
}

/** How many there are, from the search index: for progress only. */
const count = (client: HubspotClient, object: string): Effect.Effect<number | undefined, ProviderError> =>
  client
    .fetch(
      {
        method: "POST",
        path: `/crm/objects/{version}/${object}/search`,
        body: { limit: 1, properties: ["hs_object_id"] },
        operation: `${object}.count`,
        search: true,
      },
      WirePage,
    )
    .pipe(Effect.map(({ body }) => body.total))

/** A list names its properties in the address, which has a limit: above this they are read apart, by id. */
const ADDRESS_CHARACTERS = 8_000

/** Listed records with the properties that the list could not name. One that went meanwhile is left out. */
const readApart = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  listed: ReadonlyArray<WireRecord>,
  fields: ReadonlyArray<string>,
) {
  if (listed.length === 0) return []
  const read = yield* batchRead(
    client,
    object,
    listed.map((record) => record.id),
    fields,
  )
  const inline = new Map(listed.map((record) => [record.id, record.associations]))
  return read.map((record): WireRecord => {
    const associations = inline.get(record.id)
    return associations === undefined ? record : { ...record, associations }
  })
})

export const backfill = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  cursor: Cursor | null,
  options: ReadOptions,
) {
  const at = placeOf(cursor)
  const facets = options.fields.filter(isFacet)
  const named = properties(options.fields).join(",")
  const isLong = encodeURIComponent(named).length > ADDRESS_CHARACTERS
  const isCounted = cursor === null && options.counted !== false
  const total = at.total ?? (isCounted ? yield* count(client, object) : undefined)
  const { body } = yield* client.fetch(
    {
      method: "GET",
      path: `/crm/objects/{version}/${object}`,
      query: {
        limit: String(Math.min(options.limit, LIST_LIMIT)),
        properties: isLong ? "hs_object_id" : named,
        ...(facets.length === 0 ? {} : { associations: facets.map(facetObject).join(",") }),
        ...(at.after === undefined ? {} : { after: at.after }),
      },
      operation: `${object}.list`,
      cursorOf: object,
    },
    WirePage,
  )
  const partial: Array<WireRecord> = []
  const records: Array<RawRecord> = []
  for (const record of isLong ? yield* readApart(client, object, body.results, options.fields) : body.results) {
    const inline = inlineFacets(object, record, facets)
    if (inline === null) partial.push(record)
    else records.push(withMerged(record, toRaw(object, record, options, inline)))
  }
  const apart = yield* withFacets(client, object, partial, options)
  records.push(...apart.map((raw, index) => withMerged(partial[index]!, raw)))
  const after = nextOf(body.paging)
  const known = total === undefined ? {} : { total }
  const page: Page = {
    records,
    hints: [],
    next: after === null ? null : { after, ...known },
    more: after !== null,
    ...known,
  }
  return page
})

export const census = Effect.fnUntraced(function* (client: HubspotClient, object: string, cursor: Cursor | null) {
  const { after } = placeOf(cursor)
  const { body } = yield* client.fetch(
    {
      method: "GET",
      path: `/crm/objects/{version}/${object}`,
      query: { limit: String(LIST_LIMIT), properties: "hs_object_id", ...(after === undefined ? {} : { after }) },
      operation: `${object}.census`,
      cursorOf: object,
    },
    WirePage,
  )
  const next = nextOf(body.paging)
  const page: Page = {
    records: [],
    hints: body.results.map((record) => ({ object, id: record.id, kind: "changed" as const })),
    next: next === null ? null : { after: next },
    more: next !== null,
  }
  return page
})

/** The records, and HubSpot's clock where it told it. */
const batchReadAt = (
  client: HubspotClient,
  object: string,
  ids: ReadonlyArray<string>,
  fields: ReadonlyArray<string>,
  how: { readonly archived?: boolean; readonly idProperty?: string; readonly histories?: ReadonlyArray<string> } = {},
) =>
  client
    .fetch(
      {
        method: "POST",
        path: `/crm/objects/{version}/${object}/batch/read`,
        ...(how.archived === true ? { query: { archived: "true" } } : {}),
        body: {
          inputs: ids.map((id) => ({ id })),
          properties: properties(fields),
          ...(how.idProperty === undefined ? {} : { idProperty: how.idProperty }),
          ...(how.histories === undefined || how.histories.length === 0
            ? {}
            : { propertiesWithHistory: how.histories }),
        },
        operation: `${object}.batchRead`,
      },
      WireBatch,
    )
    .pipe(Effect.map(({ body, clock }) => ({ results: body.results, clock })))

export const batchRead = (
  ...how: Parameters<typeof batchReadAt>
): Effect.Effect<ReadonlyArray<WireRecord>, ProviderError> => Effect.map(batchReadAt(...how), ({ results }) => results)

/** The id under which HubSpot now shows what this id led to; null where it shows nothing. */
const idBehind = Effect.fnUntraced(function* (client: HubspotClient, object: string, id: string) {
  const operation = `${object}.read`
  const answer = yield* client.send({
    method: "GET",
    path: `/crm/objects/{version}/${object}/${encodeURIComponent(id)}`,
    operation,
    also: [404],
  })
  if (answer.status === 404) return null
  const record = yield* decode(operation, WireRecord, answer.text)
  return record.id === id ? null : record.id
})

/**
 * An id that was merged away is answered with the record it became part of, under that record's id
 * (https://developers.hubspot.com/changelog/updated-merge-functionality-for-contacts-and-companies); two of them in one
 * batch give one result. What is neither there nor archived is gone for good, or hidden from the app.
 */
export const read = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  given: ReadonlyArray<string>,
  options: ReadOptions,
) {
  const ids = [...new Set(given)]
  if (ids.length === 0) return []
  const histories = withHistory(object, ids.length, options.fields)
  const { clock, results } = yield* batchReadAt(client, object, ids, options.fields, { histories })
  const asked = new Set(ids)
  const found = results.filter((record) => asked.has(record.id))
  const into = new Map(results.flatMap((record) => mergedIds(record).map((id) => [id, record.id] as const)))
  const there = new Set(found.map((record) => record.id))
  // Also those that nobody asked for, and before the record that they are part of: without them that one is somebody new.
  const readings: Array<Reading> = [...into]
    .filter(([id, winner]) => !there.has(id) && (asked.has(id) || there.has(winner)))
    .map(([id, winner]) => ({ _tag: "Merged", object, id, into: winner }))
  for (const record of yield* withFacets(client, object, found, options, clock))
    readings.push({ _tag: "Found", record })
  const missing = ids.filter((id) => !there.has(id) && !into.has(id))
  // One that others were merged into may stand for any of the missing, also where it was asked for or names some of them:
  // ask for each alone.
  const mayStand = results.some((record) => !asked.has(record.id) || mergedIds(record).length > 0)
  const lost: Array<string> = []
  for (const id of missing) {
    const winner = mayStand ? yield* idBehind(client, object, id) : null
    if (winner === null) lost.push(id)
    else readings.push({ _tag: "Merged", object, id, into: winner })
  }
  if (lost.length === 0) return readings
  const archived = new Set((yield* batchRead(client, object, lost, [], { archived: true })).map((record) => record.id))
  for (const id of lost) readings.push({ _tag: "Gone", object, id, reason: archived.has(id) ? "archived" : "deleted" })
  return readings
})
