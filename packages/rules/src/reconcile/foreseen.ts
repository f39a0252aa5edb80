/** Which documents an input will surely ask for: names that can be told from the input alone, for loading in one question. */
import { referringFields } from "@concordat/model/canonical/types"
import { opened } from "@concordat/model/events/envelope"
import { type Groups, keyRows, keysOf } from "../identity/keys.ts"
import type { ObjectMapping } from "../mapping/lens.ts"
import {
  type BindingDoc,
  type ConnectionDoc,
  type EntityDoc,
  entityKey,
  type MatchDoc,
  type RecordDoc,
  type WaitDoc,
} from "../state/documents.ts"
import { type Compilers, externalsOf } from "./context.ts"
import { plainGroupsOf } from "./place.ts"
import type { Input } from "./reconcile.ts"
import { entityWait, parseWaiter, recordWait } from "./waits.ts"

export interface DocumentName {
  readonly kind: string
  readonly key: string
}

/** The record that an input is about, as `object:id`. */
const recordOf = (input: Input): { readonly connection: string; readonly name: string } | null =>
  "externalId" in input && input.externalId !== null
    ? { connection: input.connection, name: `${input.object}:${input.externalId}` }
    : null

export const foreseen = (input: Input): ReadonlyArray<DocumentName> => {
  const names: Array<DocumentName> = [{ kind: "tenant", key: "" }]
  if ("connection" in input) {
    names.push({ kind: "connection", key: input.connection }, { kind: "binding", key: input.connection })
  }
  const record = recordOf(input)
  if (record !== null) {
    const key = `${record.connection}|${record.name}`
    names.push(
      { kind: "record", key },
      { kind: "question", key },
      { kind: "wait", key: recordWait(record.connection, record.name) },
    )
  }
  if (input._tag === "EntitiesListed") for (const key of input.entities) names.push({ kind: "entity", key })
  if ("entity" in input && input.entity !== null)
    names.push({ kind: "entity", key: `${input.entity.type}:${input.entity.id}` })
  return names
}

type Get = (kind: string, key: string) => unknown

/**
 * Of an observation, also the keys that it says: one whose entity has them all already asks in vain, and one that comes alone
 * is not to wait for another question. `get`: a loaded document.
 */
export const foreseenAlone = (input: Input, get: Get, compilers: Compilers): ReadonlyArray<DocumentName> => {
  const observed = observedBy(input, get, compilers)
  return observed === null ? [] : keyRows(observed.mapping.type, plainGroupsOf(observed.mapping, observed.raw))
}

/** The entity that an input is about, by its own word or by the record's link. */
const entityOf = (input: Input, get: Get): string | null => {
  if ("entity" in input && input.entity !== null) return `${input.entity.type}:${input.entity.id}`
  const record = recordOf(input)
  if (record === null) return null
  const doc = get("record", `${record.connection}|${record.name}`) as RecordDoc | null | undefined
  return doc?.entity == null || doc.type === null ? null : entityKey(doc.type, doc.entity)
}

/** What follows once those are known: the entity that the record is linked to. `get`: a loaded document. */
export const foreseenThen = (input: Input, get: Get): ReadonlyArray<DocumentName> => {
  const key = entityOf(input, get)
  return key === null ? [] : [{ kind: "entity", key }]
}

const listOf = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string" ? [value] : Array.isArray(value) ? (value as ReadonlyArray<string>) : []

/** Of an observation whose mapping is known: the mapping that takes it, and its values. */
const observedBy = (input: Input, get: Get, compilers: Compilers) => {
  if (input._tag !== "RecordObserved") return null
  const state = get("connection", input.connection) as ConnectionDoc | null | undefined
  const binding = get("binding", input.connection) as BindingDoc | null | undefined
  if (state === null || state === undefined || binding === null || binding === undefined) return null
  const raw = opened(input.values)
  const mapping = compilers
    .mapping(state, binding)
    ?.objects.find((one) => one.object === input.object && one.matches(raw) === true)
  return mapping === undefined ? null : { mapping, raw }
}

const kindOf = (key: string): string => key.slice(0, key.indexOf(":"))

/** Match rows that an observation moves or is found by: of an entity that has them all already, none. */
const rowsAsked = (
  { type }: ObjectMapping,
  groups: Groups,
  doc: EntityDoc | null | undefined,
): ReadonlyArray<DocumentName> => {
  const rows = keyRows(type, groups)
  if (doc === null || doc === undefined) return rows
  const fresh = keysOf(type, groups).filter((key) => !doc.keys.includes(key))
  if (fresh.length === 0) return []
  const kinds = new Set(fresh.map(kindOf))
  const asked = new Set([...fresh, ...doc.keys.filter((key) => kinds.has(kindOf(key)))])
  return Array.from(asked, (key) => `${type}|${key}`).flatMap((key) => [
    { kind: "match", key },
    { kind: "matchwait", key },
  ])
}

/** And once the entity is: what it refers to, by our ids and by those of the connection, and the keys of what was seen. */
export const foreseenLast = (input: Input, get: Get, compilers: Compilers): ReadonlyArray<DocumentName> => {
  if (!("connection" in input)) return []
  const { connection } = input
  const names: Array<DocumentName> = []
  const record = (external: string) => names.push({ kind: "record", key: `${connection}|${external}` })
  const key = entityOf(input, get)
  const doc = key === null ? null : (get("entity", key) as EntityDoc | null | undefined)
  const observed = observedBy(input, get, compilers)
  if (observed !== null) {
    const { mapping, raw } = observed
    for (const row of rowsAsked(mapping, plainGroupsOf(mapping, raw), doc)) names.push(row)
    for (const external of externalsOf(mapping, raw)) record(external)
  }
  if (doc === null || doc === undefined) return names
  // Whoever waits for it to be there is looked at again.
  if (input._tag === "RecordWritten" && input.kind === "create" && input.externalId !== null) {
    const waits = [
      recordWait(connection, `${input.object}:${input.externalId}`),
      entityWait(connection, doc.type, doc.id),
    ]
    for (const wait of waits)
      for (const waiter of (get("wait", wait) as WaitDoc | null | undefined) ?? [])
        names.push({ kind: "entity", key: parseWaiter(waiter).entity })
  }
  const link = doc.links[connection]
  for (const [field, { group, to }] of referringFields(doc.type)) {
    for (const id of listOf(doc.groups[group]?.value[field])) names.push({ kind: "entity", key: entityKey(to, id) })
    const views = [link?.groups[group]?.shadow, ...(link?.intents ?? []).map((intent) => intent.groups[group])]
    for (const view of views) for (const external of listOf(view?.[field])) record(external)
  }
  return names
}

/** And what those lead to: entities that it may be, and those of the records that it refers to. */
export const foreseenCandidates = (input: Input, get: Get, compilers: Compilers): ReadonlyArray<DocumentName> => {
  const observed = observedBy(input, get, compilers)
  if (observed === null || !("connection" in input)) return []
  const { mapping, raw } = observed
  const names: Array<DocumentName> = []
  const isLinked = entityOf(input, get) !== null
  const rows = isLinked ? [] : keyRows(mapping.type, plainGroupsOf(mapping, raw))
  for (const { key, kind } of rows) {
    if (kind !== "match") continue
    const ids = (get(kind, key) as MatchDoc | null | undefined) ?? []
    for (const id of ids) names.push({ kind: "entity", key: entityKey(mapping.type, id) })
  }
  for (const external of externalsOf(mapping, raw)) {
    const doc = get("record", `${input.connection}|${external}`) as RecordDoc | null | undefined
    if (doc?.entity != null && doc.type !== null) names.push({ kind: "entity", key: entityKey(doc.type, doc.entity) })
  }
  return names
}
