/** Pairs of records of one entity that should say the same and do not, without anybody having been told. */
import { groupOf } from "./groups.ts"
import type { Evidence, StoredRecord } from "./evidence.ts"
import { keyOfStored, type Register } from "./register.ts"

export interface Divergence {
  readonly entity: string
  readonly group: string
  readonly field: string
  readonly records: readonly [string, string]
  readonly values: readonly [string | null, string | null]
}

interface Linked {
  readonly connection: string
  readonly record: StoredRecord
}

/** Everybody who is meant, by the real thing: ids differ from system to system. */
const meant = (register: Register, keys: ReadonlyArray<string>): ReadonlyArray<string> =>
  keys.map((key) => register.labelOf(key) ?? key).toSorted()

/** A single reference agrees with a list that has it: one system keeps one company, another several. */
const sameReferences = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.length === 0 || b.length === 0 ? a.length === b.length : a.some((label) => b.includes(label))

const differences = (
  register: Register,
  a: StoredRecord,
  b: StoredRecord,
): ReadonlyArray<Pick<Divergence, "field" | "values">> => {
  const fields = Object.entries(a.fields).flatMap(([field, value]) => {
    const other = b.fields[field]
    return other === undefined || other === value ? [] : [{ field, values: [value, other] as const }]
  })
  const refs = Object.entries(a.refs).flatMap(([field, keys]) => {
    const others = b.refs[field]
    if (others === undefined) return []
    const [left, right] = [meant(register, keys), meant(register, others)]
    return sameReferences(left, right) ? [] : [{ field, values: [left.join(" "), right.join(" ")] as const }]
  })
  return [...fields, ...refs]
}

export const divergent = (evidence: Evidence, register: Register): ReadonlyArray<Divergence> => {
  const excused = new Set<string>()
  for (const { connection, entity, group } of [...evidence.listed.conflicts, ...evidence.listed.issues]) {
    excused.add(`${connection}|${entity}|${group ?? "*"}`)
  }
  const isExcused = (entity: string, group: string, { connection }: Linked): boolean =>
    excused.has(`${connection}|${entity}|${group}`) || excused.has(`${connection}|${entity}|*`)
  return evidence.entities.flatMap((entity) => {
    const linked = entity.records.flatMap((record): ReadonlyArray<Linked> => {
      const held = record.primary === false ? undefined : register.live.get(register.keyOf(record))
      return held === undefined ? [] : [{ connection: record.connection, record: held }]
    })
    return linked.flatMap((a, at) =>
      linked.slice(at + 1).flatMap((b) =>
        differences(register, a.record, b.record).flatMap(({ field, values }): ReadonlyArray<Divergence> => {
          const group = groupOf(entity.type, field)
          if (isExcused(entity.entity, group, a) || isExcused(entity.entity, group, b)) return []
          return [
            { entity: entity.entity, group, field, records: [keyOfStored(a.record), keyOfStored(b.record)], values },
          ]
        }),
      ),
    )
  })
}
