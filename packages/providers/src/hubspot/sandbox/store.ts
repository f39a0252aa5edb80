/** Records of the portal: made, changed, archived, merged, erased; with their stamps, unique values and search copies. */
import {
  between,
  IMPORT,
  record,
  type Portal,
  type StoredRecord,
  type Table,
  type Values,
  type Version,
} from "./portal.ts"
import { emitCreated, emitErased, emitMerged, emitProperties, emitSimple } from "./webhooks.ts"
import type { Actor, WriteLogEntry } from "./shapes.ts"
import { moveAssociations } from "./links.ts"

/** Marks of idempotency that a request carried, kept in the log of writes. */
export type Marks = Pick<WriteLogEntry, "traceId" | "key">

/** Follows merges: an old id leads to the record that it became part of. */
export const find = (table: Table, id: number): StoredRecord | undefined => {
  let at = id
  for (let into = table.merged.get(at); into !== undefined; into = table.merged.get(at)) at = into
  return table.records.get(at)
}

export const holderOf = (table: Table, property: string, value: string): StoredRecord | undefined => {
  const id = table.unique.get(property)?.get(property === "email" ? value.trim().toLowerCase() : value)
  return id === undefined ? undefined : table.records.get(id)
}

/** Who else holds a unique value that `values` would set. */
export const conflictOf = (
  table: Table,
  values: Values,
  self: number | null,
): { readonly property: string; readonly holder: StoredRecord } | undefined => {
  for (const property of table.unique.keys()) {
    const value = values[property]
    if (value === undefined || value === "") continue
    const holder = holderOf(table, property, value)
    if (holder !== undefined && holder.id !== self) return { property, holder }
  }
  return undefined
}

const addresses = (properties: Values): ReadonlyArray<string> =>
  [properties["email"] ?? "", ...(properties["hs_additional_emails"] ?? "").split(";")].filter((a) => a !== "")

const uniqueValues = (property: string, properties: Values): ReadonlyArray<string> =>
  property === "email" ? addresses(properties) : [properties[property] ?? ""].filter((value) => value !== "")

const claim = (table: Table, entry: StoredRecord): void => {
  for (const [property, held] of table.unique) {
    for (const value of uniqueValues(property, entry.properties)) held.set(value, entry.id)
  }
}

const release = (table: Table, entry: StoredRecord): void => {
  for (const [property, held] of table.unique) {
    for (const value of uniqueValues(property, entry.properties)) if (held.get(value) === entry.id) held.delete(value)
  }
}

const indexLater = (portal: Portal, table: Table, entry: StoredRecord): void => {
  const copy = { properties: entry.properties, updatedAt: entry.updatedAt }
  const lag = between(portal, portal.settings.indexLagMs)
  if (lag <= 0) entry.indexed = copy
  else portal.unindexed.push({ dueAt: portal.now() + lag, table, record: entry, copy })
}

/** Brings the search index up to now; a later copy never gives way to an earlier one. */
export const index = (portal: Portal): void => {
  const now = portal.now()
  let kept = 0
  for (const waiting of portal.unindexed) {
    if (waiting.dueAt > now) {
      portal.unindexed[kept] = waiting
      kept += 1
    } else if ((waiting.record.indexed?.updatedAt ?? -1) <= waiting.copy.updatedAt) {
      waiting.record.indexed = waiting.copy
    }
  }
  portal.unindexed.length = kept
}

const stored = (before: Values, changes: Values): Values => {
  const after: Record<string, string> = { ...before }
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") delete after[name]
    else after[name] = value
  }
  return after
}

export const nextId = (portal: Portal, table: Table): number => {
  const id = table.nextId
  table.nextId += 1 + Math.floor(portal.random() * 3)
  return id
}

/** Contacts keep 45 versions of a property and other objects 20; the fewer will do. */
const VERSIONS = 20

/** `before`: what stood there, which is not the newest version where the record was made of two. */
const remember = (entry: StoredRecord, values: Values, before: Values, actor: Actor, timestamp: number): void => {
  for (const [property, value] of Object.entries(values)) {
    const versions = entry.history.get(property) ?? []
    if (versions.length > 0 && (before[property] ?? "") === value) continue
    versions.unshift({ value, timestamp, sourceType: actor.source, sourceId: actor.sourceId })
    versions.length = Math.min(versions.length, VERSIONS)
    entry.history.set(property, versions)
  }
}

/** Versions of a property, the newest first; a value that was planted came with an import. */
export const versionsOf = ({ createdAt, history, properties }: StoredRecord, name: string): ReadonlyArray<Version> => {
  const versions = history.get(name) ?? []
  const value = properties[name]
  return versions.length === 0 && value !== undefined
    ? [{ value, timestamp: createdAt, sourceType: IMPORT.source, sourceId: IMPORT.sourceId }]
    : versions
}

/**
 * Of a record that is made of two: the versions of both
 * (https://knowledge.hubspot.com/articles/kcs_article/contacts/what-happens-when-i-merge-two-contacts).
 */
const historyOfBoth = (winner: StoredRecord, loser: StoredRecord): StoredRecord["history"] => {
  const both = [winner, loser]
  const names = new Set(both.flatMap(({ history, properties }) => [...history.keys(), ...Object.keys(properties)]))
  return new Map(
    [...names].map((name) => [
      name,
      both
        .flatMap((one) => versionsOf(one, name))
        .toSorted((a, b) => b.timestamp - a.timestamp)
        .slice(0, VERSIONS),
    ]),
  )
}

const place = (table: Table, entry: StoredRecord): void => {
  table.records.set(entry.id, entry)
  const last = table.order.at(-1)
  table.order.push(entry.id)
  if (last !== undefined && last > entry.id) table.order.sort((a, b) => a - b)
}

export const insert = (portal: Portal, table: Table, values: Values, actor: Actor, marks: Marks = {}): StoredRecord => {
  const now = portal.now()
  const properties = stored({ hs_object_source: actor.source, hs_object_source_id: actor.sourceId }, values)
  const entry: StoredRecord = {
    id: nextId(portal, table),
    properties,
    createdAt: now,
    updatedAt: now,
    archivedAt: null,
    history: new Map(),
    indexed: null,
  }
  remember(entry, values, {}, actor, now)
  place(table, entry)
  claim(table, entry)
  indexLater(portal, table, entry)
  record(portal, {
    object: table.kind.name,
    id: String(entry.id),
    kind: "create",
    by: actor.source,
    properties: values,
    ...marks,
  })
  emitCreated(portal, table, entry.id, actor)
  emitProperties(portal, table, entry.id, values, actor)
  return entry
}

/** A record as it stood before the sandbox began: no log, no webhook, no lag. Ids may be given. */
export const plant = (
  portal: Portal,
  table: Table,
  values: Values,
  at: {
    readonly id?: number
    readonly createdAt?: number
    readonly updatedAt?: number
    readonly archivedAt?: number | null
  },
): StoredRecord => {
  const now = portal.now()
  const id = at.id ?? nextId(portal, table)
  if (table.records.has(id)) throw new Error(`${table.kind.name} ${id} is there already`)
  const updatedAt = at.updatedAt ?? now
  const properties = stored({}, values)
  const entry: StoredRecord = {
    id,
    properties,
    createdAt: at.createdAt ?? updatedAt,
    updatedAt,
    archivedAt: at.archivedAt ?? null,
    history: new Map(),
    indexed: { properties, updatedAt },
  }
  place(table, entry)
  table.nextId = Math.max(table.nextId, id + 1)
  if (entry.archivedAt === null) claim(table, entry)
  return entry
}

export const change = (
  portal: Portal,
  table: Table,
  entry: StoredRecord,
  changes: Values,
  actor: Actor,
  marks: Marks = {},
): void => {
  const before = entry.properties
  release(table, entry)
  const by = actor.source === "CRM_UI" ? { hs_updated_by_user_id: actor.sourceId.replace("userId:", "") } : {}
  entry.properties = stored(before, { ...changes, ...by })
  entry.updatedAt = portal.now()
  remember(entry, changes, before, actor, entry.updatedAt)
  claim(table, entry)
  indexLater(portal, table, entry)
  const now = entry.properties
  record(portal, {
    object: table.kind.name,
    id: String(entry.id),
    kind: "update",
    by: actor.source,
    properties: changes,
    changed: Object.keys(changes).some((name) => (before[name] ?? "") !== (now[name] ?? "")),
    ...marks,
  })
  const changed = Object.entries(changes).filter(([name, value]) => (before[name] ?? "") !== value)
  emitProperties(portal, table, entry.id, Object.fromEntries(changed), actor)
}

/** Archiving moves neither the modified date nor the search copy (https://github.com/airbytehq/airbyte/issues/19838). */
export const archive = (portal: Portal, table: Table, entry: StoredRecord, actor: Actor): void => {
  if (entry.archivedAt !== null) return
  release(table, entry)
  entry.archivedAt = portal.now()
  record(portal, { object: table.kind.name, id: String(entry.id), kind: "archive", by: actor.source })
  emitSimple(portal, table, entry.id, "deletion", actor)
}

export const restore = (portal: Portal, table: Table, entry: StoredRecord, actor: Actor): void => {
  if (entry.archivedAt === null) return
  entry.archivedAt = null
  claim(table, entry)
  record(portal, { object: table.kind.name, id: String(entry.id), kind: "restore", by: actor.source })
  emitSimple(portal, table, entry.id, "restore", actor)
}

export const erase = (portal: Portal, table: Table, entry: StoredRecord, actor: Actor): void => {
  release(table, entry)
  table.records.delete(entry.id)
  record(portal, { object: table.kind.name, id: String(entry.id), kind: "erase", by: actor.source })
  emitErased(portal, table, entry.id, actor)
}

/**
 * The primary's values stay, the other's fill its gaps. Both old ids lead to a record with a new id
 * (https://developers.hubspot.com/changelog/updated-merge-functionality-for-contacts-and-companies).
 */
export const merge = (
  portal: Portal,
  table: Table,
  winner: StoredRecord,
  loser: StoredRecord,
  actor: Actor,
): StoredRecord => {
  const now = portal.now()
  const others = addresses(loser.properties).filter((a) => a !== winner.properties["email"])
  const mints = portal.settings.mergeMintsId
  const earlier = [winner, loser].map(({ properties }) => properties["hs_merged_object_ids"] ?? "")
  const merged = (portal.settings.mergeNamesChain ? earlier : [])
    .flatMap((ids) => ids.split(";"))
    .concat(mints ? [String(winner.id), String(loser.id)] : [String(loser.id)])
    .filter((id) => id !== "")
  const emails =
    table.kind.name === "contacts"
      ? {
          hs_additional_emails: [...new Set([...addresses(winner.properties).slice(1), ...others])].join(";"),
          hs_calculated_merged_vids: merged.map((id) => `${id}:${now}`).join(";"),
        }
      : {}
  release(table, winner)
  release(table, loser)
  const history = historyOfBoth(winner, loser)
  const properties = stored(
    { ...loser.properties, ...winner.properties },
    { ...emails, hs_merged_object_ids: merged.join(";") },
  )
  const result: StoredRecord = mints
    ? {
        id: nextId(portal, table),
        properties,
        createdAt: Math.min(winner.createdAt, loser.createdAt),
        updatedAt: now,
        archivedAt: null,
        history,
        indexed: null,
      }
    : Object.assign(winner, { properties, updatedAt: now, history })
  for (const old of mints ? [winner, loser] : [loser]) {
    table.records.delete(old.id)
    table.merged.set(old.id, result.id)
    moveAssociations(portal, table.kind.name, old.id, result.id)
  }
  if (mints) place(table, result)
  claim(table, result)
  indexLater(portal, table, result)
  record(portal, {
    object: table.kind.name,
    id: String(result.id),
    kind: "merge",
    by: actor.source,
    properties: { primary: String(winner.id), merged: String(loser.id) },
  })
  emitMerged(portal, table, { primary: winner.id, merged: loser.id, result: result.id }, actor)
  return result
}
