/** Things that are there twice, and entities that are two things: the faults of identity. */
import type { System } from "../dataset/sizes.ts"
import type { Label } from "../dataset/things.ts"
import type { Evidence } from "./evidence.ts"
import type { Register } from "./register.ts"

export interface Duplicate {
  readonly reason:
    /** Two live records of one thing in one system. */
    | "twoRecords"
    /** The same, and one of them is Concordat's own. */
    | "createdAgain"
    /** One entity has records of two things: they were merged. */
    | "twoThings"
    /** Two entities for one thing, and nobody is asked. */
    | "twoEntities"
  readonly label: Label
  /** Records or entities. */
  readonly among: ReadonlyArray<string>
}

const grouped = <A>(all: Iterable<A>, by: (one: A) => string | null): ReadonlyMap<string, ReadonlyArray<A>> => {
  const groups = new Map<string, Array<A>>()
  for (const one of all) {
    const name = by(one)
    if (name === null) continue
    const group = groups.get(name) ?? []
    groups.set(name, group)
    group.push(one)
  }
  return groups
}

export const duplicates = (evidence: Evidence, register: Register): ReadonlyArray<Duplicate> => {
  const systemOf = (key: string): System | null => register.live.get(key)?.system ?? null
  const perSystem = grouped(register.live.keys(), (key) => {
    const label = register.labelOf(key)
    return label === null ? null : `${String(systemOf(key))} ${label}`
  })
  const twice = [...perSystem].flatMap(([name, keys]): ReadonlyArray<Duplicate> => {
    if (keys.length < 2) return []
    const label = name.slice(name.indexOf(" ") + 1)
    return [{ reason: keys.every(register.isKnown) ? "twoRecords" : "createdAgain", label, among: keys }]
  })
  const merged = evidence.entities.flatMap((entity): ReadonlyArray<Duplicate> => {
    const labels = register.labelsOf(entity.entity)
    return labels.length < 2 ? [] : [{ reason: "twoThings", label: labels[0] ?? "", among: labels }]
  })
  const byLabel = grouped(
    evidence.entities.flatMap(({ entity }) => register.labelsOf(entity).map((label) => ({ entity, label }))),
    ({ label }) => label,
  )
  const apart = [...byLabel].flatMap(([label, entities]): ReadonlyArray<Duplicate> =>
    entities.length < 2 || register.questioned.has(label)
      ? []
      : [{ reason: "twoEntities", label, among: entities.map(({ entity }) => entity) }],
  )
  return [...twice, ...merged, ...apart]
}
