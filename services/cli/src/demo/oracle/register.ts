/** Which real thing each record is and which entity it belongs to: everything else is asked of this. */
import type { Label } from "../dataset/things.ts"
import { recordKey } from "../dataset/truth.ts"
import type { EntityLinks, Evidence, LinkedRecord, StoredRecord } from "./evidence.ts"

export interface Register {
  /** Live records by key. */
  readonly live: ReadonlyMap<string, StoredRecord>
  /** The real thing that a record is: as the data set says, or else as the entity does that Concordat put it in. */
  readonly labelOf: (key: string) => Label | null
  /** True for records that people made: the data set or its edits know them. */
  readonly isKnown: (key: string) => boolean
  readonly entityOf: (key: string) => EntityLinks | null
  /** Labels that an entity's records carry by themselves, sorted. */
  readonly labelsOf: (entity: string) => ReadonlyArray<Label>
  readonly keyOf: (record: LinkedRecord) => string
  /** Records that stand in a question or are listed as waiting. */
  readonly isListed: (key: string) => boolean
  /** Labels of which a record, or a candidate entity, stands in a question. */
  readonly questioned: ReadonlySet<Label>
}

export const keyOfStored = (record: StoredRecord): string => recordKey(record.system, record.object, record.id)

export const register = (evidence: Evidence): Register => {
  const { truth, records, entities, listed, connections } = evidence
  const keyOf = ({ connection, object, id }: Pick<LinkedRecord, "connection" | "object" | "id">): string => {
    const system = connections[connection]
    if (system === undefined) throw new Error(`no system is known for connection ${connection}`)
    return recordKey(system, object, id)
  }
  const live = new Map(records.map((record) => [keyOfStored(record), record]))
  const own = new Map<string, Label>(Object.entries(truth.records).map(([key, { label }]) => [key, label]))
  const known = new Set(own.keys())
  for (const record of records) {
    const key = keyOfStored(record)
    if (own.has(key)) continue
    const absorbed = record.absorbed.flatMap((id) => own.get(recordKey(record.system, record.object, id)) ?? [])
    const label =
      absorbed[0] ??
      (record.type === "activity" ? truth.subjects[record.fields["subject"] ?? record.said ?? ""] : undefined)
    if (label === undefined) continue
    own.set(key, label)
    // Only people merge; a subject alone may have been copied by Concordat.
    if (absorbed.length > 0) known.add(key)
  }
  // What says too little is whatever it was put together with, if that is one of those that it may be.
  for (const entity of entities) {
    const keys = entity.records.map(keyOf)
    for (const key of keys) {
      const either = truth.either[key]
      if (either === undefined) continue
      const company = keys.flatMap((other) => (other === key ? [] : (own.get(other) ?? [])))
      const found = either.find((label) => company.includes(label))
      if (found !== undefined) own.set(key, found)
    }
  }
  const entityByKey = new Map<string, EntityLinks>()
  const labelsByEntity = new Map<string, ReadonlyArray<Label>>()
  for (const entity of entities) {
    const keys = entity.records.map(keyOf)
    for (const key of keys) entityByKey.set(key, entity)
    labelsByEntity.set(entity.entity, [...new Set(keys.flatMap((key) => own.get(key) ?? []))].toSorted())
  }
  const labelsOf = (entity: string): ReadonlyArray<Label> => labelsByEntity.get(entity) ?? []
  const labelOf = (key: string): Label | null => {
    const label = own.get(key)
    if (label !== undefined) return label
    const entity = entityByKey.get(key)
    return entity === undefined ? null : (labelsOf(entity.entity)[0] ?? null)
  }
  const asked = listed.questions.map((question) => ({ key: keyOf(question), candidates: question.candidates }))
  const listedKeys = new Set([...asked.map(({ key }) => key), ...listed.waiting.map(keyOf)])
  return {
    live,
    labelOf,
    isKnown: (key) => known.has(key),
    entityOf: (key) => entityByKey.get(key) ?? null,
    labelsOf,
    keyOf,
    isListed: (key) => listedKeys.has(key),
    questioned: new Set(
      asked.flatMap(({ key, candidates }) => [
        ...(labelOf(key) === null ? [] : [labelOf(key) ?? ""]),
        ...candidates.flatMap(labelsOf),
      ]),
    ),
  }
}
