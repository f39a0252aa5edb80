/** Things that should be in a system and are not, and records that Concordat has taken no notice of. */
import type { EntityType } from "@concordat/model/canonical/fields"
import { SYSTEMS, type System } from "../dataset/sizes.ts"
import type { Label } from "../dataset/things.ts"
import type { Admission, Evidence } from "./evidence.ts"
import { keyOfStored, type Register } from "./register.ts"

export interface Missing {
  readonly reason: "notThere" | "notLinked"
  readonly label: Label
  readonly system: System
  /** The records that are there. */
  readonly records: ReadonlyArray<string>
}

const admits = (admission: Admission, system: System, type: EntityType, kind: string | undefined): boolean => {
  const allowed = admission[system][type] ?? false
  return typeof allowed === "boolean" ? allowed : kind !== undefined && allowed.includes(kind)
}

interface Presence {
  readonly type: EntityType
  readonly kind: string | undefined
  readonly systems: ReadonlySet<System>
  readonly keys: ReadonlyArray<string>
}

const presences = (evidence: Evidence, register: Register): ReadonlyMap<Label, Presence> => {
  const staff = new Set(evidence.truth.staff)
  const found = new Map<Label, Presence>()
  for (const record of evidence.records) {
    const key = keyOfStored(record)
    const label = register.labelOf(key)
    if (label === null || staff.has(label)) continue
    const before = found.get(label)
    found.set(label, {
      type: record.type,
      kind: before?.kind ?? record.kind,
      systems: new Set([...(before?.systems ?? []), record.system]),
      keys: [...(before?.keys ?? []), key],
    })
  }
  return found
}

export const missing = (evidence: Evidence, register: Register): ReadonlyArray<Missing> => {
  const { listed, connections, truth, admission } = evidence
  const excused = new Set<string>()
  for (const { connection, entity } of [...listed.issues, ...listed.tombstones]) {
    for (const label of register.labelsOf(entity)) excused.add(`${String(connections[connection])} ${label}`)
  }
  for (const { system, label } of truth.removed) excused.add(`${system} ${label}`)
  return [...presences(evidence, register)].flatMap(
    ([label, { type, kind, systems, keys }]): ReadonlyArray<Missing> => {
      // Of a thing that is asked about, nothing is created anywhere.
      if (register.questioned.has(label)) return []
      const unseen = keys.filter((key) => register.entityOf(key) === null && !register.isListed(key))
      const absent = SYSTEMS.filter(
        (system) => !systems.has(system) && admits(admission, system, type, kind) && !excused.has(`${system} ${label}`),
      )
      const waits = keys.every((key) => register.isListed(key))
      return [
        ...unseen.map((key): Missing => {
          const system = register.live.get(key)?.system
          if (system === undefined) throw new Error(`${key} is not among the records`)
          return { reason: "notLinked", label, system, records: [key] }
        }),
        ...(waits ? [] : absent.map((system): Missing => ({ reason: "notThere", label, system, records: keys }))),
      ]
    },
  )
}
