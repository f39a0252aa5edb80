/** A record as HubSpot shows it: every value a string, unset ones null, the system's stamps added. */
import type { Portal, StoredRecord, Table, Values } from "./portal.ts"
import { linksFrom } from "./links.ts"
import { versionsOf } from "./store.ts"
import { objectKind, primary } from "./catalog.ts"

const iso = (ms: number): string => new Date(ms).toISOString()

export const propertyValue = (
  table: Table,
  entry: StoredRecord,
  copy: { properties: Values; updatedAt: number },
  name: string,
): string | null => {
  if (name === "hs_object_id") return String(entry.id)
  if (name === table.kind.created) return iso(entry.createdAt)
  if (name === table.kind.modified) return iso(copy.updatedAt)
  return copy.properties[name] ?? null
}

const wanted = (table: Table, names: ReadonlyArray<string> | null): ReadonlyArray<string> =>
  names === null
    ? table.kind.defaults
    : [
        ...new Set([
          ...names.filter((n) => table.properties.has(n)),
          table.kind.created,
          "hs_object_id",
          table.kind.modified,
        ]),
      ]

export type Shown = Readonly<Record<string, unknown>> & { readonly id: string }

const frame = (
  portal: Portal,
  table: Table,
  entry: StoredRecord,
  updatedAt: number,
  properties: Record<string, string | null>,
): Shown => ({
  id: String(entry.id),
  properties,
  createdAt: iso(entry.createdAt),
  updatedAt: iso(updatedAt),
  archived: entry.archivedAt !== null,
  ...(entry.archivedAt === null ? {} : { archivedAt: iso(entry.archivedAt) }),
  url: `https://app.hubspot.com/contacts/${portal.portalId}/record/${table.kind.typeId}/${entry.id}`,
})

/** `names: null` shows the default handful. Unknown names are left out without a word. */
export const show = (portal: Portal, table: Table, entry: StoredRecord, names: ReadonlyArray<string> | null): Shown => {
  const copy = { properties: entry.properties, updatedAt: entry.updatedAt }
  const pairs = wanted(table, names).map((name) => [name, propertyValue(table, entry, copy, name)] as const)
  return frame(portal, table, entry, entry.updatedAt, Object.fromEntries(pairs))
}

/** Versions of the named properties, the newest first. */
export const showHistory = (
  table: Table,
  entry: StoredRecord,
  names: ReadonlyArray<string>,
): Record<string, unknown> => ({
  propertiesWithHistory: Object.fromEntries(
    names
      .filter((name) => table.properties.has(name))
      .map((name) => {
        const shown = versionsOf(entry, name).map(({ timestamp, ...rest }) => ({
          ...rest,
          timestamp: iso(timestamp),
          ...(rest.sourceId.startsWith("userId:")
            ? { updatedByUserId: Number(rest.sourceId.slice("userId:".length)) }
            : {}),
        }))
        return [name, shown]
      }),
  ),
})

/** From the search index: as the record was when it was indexed. */
export const showIndexed = (
  portal: Portal,
  table: Table,
  entry: StoredRecord,
  names: ReadonlyArray<string> | null,
): Shown => {
  const copy = entry.indexed ?? { properties: {}, updatedAt: entry.updatedAt }
  const pairs = wanted(table, names).map((name) => [name, propertyValue(table, entry, copy, name)] as const)
  return frame(portal, table, entry, copy.updatedAt, Object.fromEntries(pairs))
}

/** The answer to a write: what was sent, as it is held now, and the stamps. A cleared value is echoed as "". */
export const showWritten = (
  portal: Portal,
  table: Table,
  entry: StoredRecord,
  sent: Values,
  traceId: string | undefined,
): Shown => {
  const names = [table.kind.created, "hs_object_id", table.kind.modified, "hs_object_source", "hs_object_source_id"]
  const copy = { properties: entry.properties, updatedAt: entry.updatedAt }
  const properties = {
    ...Object.fromEntries(names.map((name) => [name, propertyValue(table, entry, copy, name)])),
    ...sent,
  }
  const shown = frame(portal, table, entry, entry.updatedAt, properties)
  return traceId !== undefined && portal.settings.echoTraceId ? { ...shown, objectWriteTraceId: traceId } : shown
}

export interface ShownLink {
  readonly toObjectId: number
  readonly associationTypes: ReadonlyArray<{
    readonly category: string
    readonly typeId: number
    readonly label: string | null
  }>
}

/** It was `Primary Company`, and is the same in both directions (https://github.com/amp-labs/connectors/pull/1271). */
const primaryLabel = (from: string, to: string): string => {
  const singular = objectKind(from === "companies" ? to : from)?.singular ?? ""
  return `${singular.slice(0, 1).toUpperCase()}${singular.slice(1)} with Primary Company`
}

/** Ids of associated records are numbers here and strings elsewhere: recorded so. */
export const showLinks = (portal: Portal, from: string, id: number, to: string): ReadonlyArray<ShownLink> =>
  linksFrom(portal, from, id, to)
    .filter((link) => portal.tables.get(to)?.records.get(link.to)?.archivedAt === null)
    .map((link) => ({
      toObjectId: link.to,
      associationTypes: [...link.types].map((typeId) => ({
        category: "HUBSPOT_DEFINED",
        typeId,
        label: typeId === primary(from, to) ? primaryLabel(from, to) : null,
      })),
    }))

/** Most entries of one kind that a record carries inline. */
const INLINE = 100

/** The form that lists and single reads carry inside a record: once for each type, ids as text, cut off with a cursor. */
export const showInlineLinks = (
  portal: Portal,
  table: Table,
  entry: StoredRecord,
  kinds: ReadonlyArray<string>,
): Record<string, unknown> => {
  const associations: Record<string, unknown> = {}
  for (const name of kinds) {
    const kind = objectKind(name)
    if (kind === undefined) continue
    const pair = `${table.kind.singular}_to_${kind.singular}`
    const all = showLinks(portal, table.kind.name, entry.id, kind.name).flatMap((link) =>
      link.associationTypes.map((type) => ({
        id: String(link.toObjectId),
        type: type.label === null && primary(table.kind.name, kind.name) !== undefined ? `${pair}_unlabeled` : pair,
      })),
    )
    if (all.length === 0) continue
    associations[kind.name] = {
      results: all.slice(0, INLINE),
      ...(all.length > INLINE ? { paging: { next: { after: String(INLINE) } } } : {}),
    }
  }
  return Object.keys(associations).length === 0 ? {} : { associations }
}
