/** Which documents an input will surely ask for: names that can be told from the input alone, for loading in one question. */
import { referringFields } from "@concordat/model/canonical/types"
import { type EntityDoc, entityKey, type RecordDoc } from "../state/documents.ts"
import { recordWait } from "./waits.ts"
import type { Input } from "./reconcile.ts"

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
  if ("connection" in input) names.push({ kind: "connection", key: input.connection })
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

/** And once the entity is: what it refers to, by our ids and by those of the connection that the input is from. */
export const foreseenLast = (input: Input, get: Get): ReadonlyArray<DocumentName> => {
  const key = entityOf(input, get)
  const doc = key === null ? null : (get("entity", key) as EntityDoc | null | undefined)
  if (doc === null || doc === undefined || !("connection" in input)) return []
  const names: Array<DocumentName> = []
  const { connection } = input
  const link = doc.links[connection]
  for (const [field, { group, to }] of referringFields(doc.type)) {
    for (const id of listOf(doc.groups[group]?.value[field])) names.push({ kind: "entity", key: entityKey(to, id) })
    const views = [link?.groups[group]?.shadow, ...(link?.intents ?? []).map((intent) => intent.groups[group])]
    for (const view of views)
      for (const external of listOf(view?.[field])) names.push({ kind: "record", key: `${connection}|${external}` })
  }
  return names
}
