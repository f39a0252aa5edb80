/**
 * What changed: searches by modified date as hints, in windows [since − overlap, to) by HubSpot's own clock, walked by
 * id. The search index lags, so windows overlap by more than its lag; a background job can stamp one instant on more
 * records than a query may return, so pages go on after the last id and never by offset
 * (https://github.com/airbytehq/airbyte/issues/43317). Archiving moves no date: the archived list is walked now and then.
 */
import type { Cursor, Hint, Page, ReadOptions } from "@concordat/engine/ports/Provider"
import { CursorExpired } from "@concordat/engine/ports/ProviderError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { HubspotClient } from "./client.ts"
import { ARCHIVE_SWEEP_MS, LIST_LIMIT, SEARCH_LIMIT } from "./definition.ts"
import { providerError, unreadable } from "./errors.ts"
import { MERGED_IDS, mergedIds } from "./reading.ts"
import { nextOf, WirePage } from "./wire.ts"

/** Times in ms since 1970 by HubSpot's clock. */
const ChangesCursor = Schema.Struct({
  /** All before it is covered. */
  since: Schema.Finite,
  /** The archived list was walked at this time. */
  swept: Schema.Finite,
  /** A search under way: its upper bound and the last id it saw. */
  walk: Schema.optionalKey(Schema.Struct({ to: Schema.Finite, lastId: Schema.String })),
  /** A walk of the archived list under way: when it began and where it goes on. */
  sweep: Schema.optionalKey(Schema.Struct({ at: Schema.Finite, after: Schema.optionalKey(Schema.String) })),
})
type ChangesCursor = typeof ChangesCursor.Type
const isChangesCursor = Schema.is(ChangesCursor)

/** Contacts have their own name for it. */
export const modifiedProperty = (object: string): string =>
  object === "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate"

export const changesFrom = Effect.fnUntraced(function* (client: HubspotClient, object: string) {
  const operation = `${object}.clock`
  const { clock } = yield* client.fetch(
    { method: "GET", path: "/account-info/{version}/details", operation },
    Schema.Unknown,
  )
  if (clock === null) return yield* unreadable(operation, "no Date header: HubSpot's clock is unknown")
  const cursor: ChangesCursor = { since: clock, swept: clock }
  return cursor as Cursor
})

const page = (hints: ReadonlyArray<Hint>, next: ChangesCursor, more: boolean): Page => ({
  records: [],
  hints,
  next: next as Cursor,
  more,
})

const searchPage = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  cursor: ChangesCursor,
  limit: number,
) {
  const modified = modifiedProperty(object)
  const operation = `${object}.search`
  const filters = [
    { propertyName: modified, operator: "GTE", value: String(cursor.since - client.indexLagMs) },
    // The first page is open: its answer tells the time at which the window ends.
    ...(cursor.walk === undefined
      ? []
      : [
          { propertyName: modified, operator: "LT", value: String(cursor.walk.to) },
          { propertyName: "hs_object_id", operator: "GT", value: cursor.walk.lastId },
        ]),
  ]
  const { body, clock } = yield* client.fetch(
    {
      method: "POST",
      path: `/crm/objects/{version}/${object}/search`,
      body: {
        filterGroups: [{ filters }],
        sorts: [{ propertyName: "hs_object_id", direction: "ASCENDING" }],
        properties: [modified, MERGED_IDS],
        limit,
      },
      operation,
      search: true,
    },
    WirePage,
  )
  const to = cursor.walk?.to ?? clock
  if (to === null) return yield* unreadable(operation, "no Date header: HubSpot's clock is unknown")
  const hints: ReadonlyArray<Hint> = body.results.flatMap((record) => [
    // Associations move no date: what is found by its date has changed in its own fields.
    { object, id: record.id, kind: "changed" as const, about: "fields" as const },
    // The winner of a merge is all that search shows of it.
    ...mergedIds(record).map((id) => ({ object, id, kind: "merged" as const })),
  ])
  const last = body.results.at(-1)
  if (last !== undefined && body.results.length >= limit) {
    return page(hints, { since: cursor.since, swept: cursor.swept, walk: { to, lastId: last.id } }, true)
  }
  const done: ChangesCursor = { since: to, swept: cursor.swept }
  const due = to - cursor.swept >= ARCHIVE_SWEEP_MS
  return page(hints, due ? { ...done, sweep: { at: to } } : done, due)
})

const sweepPage = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  cursor: ChangesCursor,
  sweep: NonNullable<ChangesCursor["sweep"]>,
) {
  const { body } = yield* client.fetch(
    {
      method: "GET",
      path: `/crm/objects/{version}/${object}`,
      query: {
        archived: "true",
        limit: String(LIST_LIMIT),
        properties: "hs_object_id",
        ...(sweep.after === undefined ? {} : { after: sweep.after }),
      },
      operation: `${object}.listArchived`,
      cursorOf: object,
    },
    WirePage,
  )
  const recent = body.results.filter((record) => {
    const at = Date.parse(record.archivedAt ?? "")
    return Number.isNaN(at) || at >= cursor.swept - client.indexLagMs
  })
  const hints: ReadonlyArray<Hint> = recent.map((record) => ({ object, id: record.id, kind: "gone" }))
  const after = nextOf(body.paging)
  return after === null
    ? page(hints, { since: cursor.since, swept: sweep.at }, false)
    : page(hints, { ...cursor, sweep: { at: sweep.at, after } }, true)
})

export const changes = Effect.fnUntraced(function* (
  client: HubspotClient,
  object: string,
  cursor: Cursor,
  options: ReadOptions,
) {
  if (!isChangesCursor(cursor)) return yield* providerError(`${object}.changes`, new CursorExpired({ object }))
  return cursor.sweep === undefined
    ? yield* searchPage(client, object, cursor, Math.max(1, Math.min(options.limit, SEARCH_LIMIT)))
    : yield* sweepPage(client, object, cursor, cursor.sweep)
})
