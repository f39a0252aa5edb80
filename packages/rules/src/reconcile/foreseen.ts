/** Which documents an input will surely ask for: names that can be told from the input alone, for loading in one question. */
import type { RecordDoc } from "../state/documents.ts"
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

/** What follows once those are known: the entity that the record is linked to. `get`: a loaded document. */
export const foreseenThen = (
  input: Input,
  get: (kind: string, key: string) => unknown,
): ReadonlyArray<DocumentName> => {
  const record = recordOf(input)
  if (record === null) return []
  const doc = get("record", `${record.connection}|${record.name}`) as RecordDoc | null | undefined
  return doc?.entity == null ? [] : [{ kind: "entity", key: doc.entity }]
}
