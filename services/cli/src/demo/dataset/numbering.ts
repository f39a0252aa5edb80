/** Gives each written-down thing its id in its system, and remembers which real thing that is. */
import type { EntityType } from "@concordat/model/canonical/fields"
import type { System } from "./sizes.ts"
import type { Label } from "./things.ts"
import { type RealThing, recordKey } from "./truth.ts"

export interface Numbering {
  /** The record of this thing in the system; throws where there is none. */
  readonly idOf: (label: Label) => string
  readonly has: (label: Label) => boolean
  readonly assign: (object: string, type: EntityType, label: Label, id: string) => string
  readonly records: () => Readonly<Record<string, RealThing>>
}

export const numbering = (system: System): Numbering => {
  const ids = new Map<Label, string>()
  const records: Record<string, RealThing> = {}
  return {
    idOf: (label) => {
      const id = ids.get(label)
      if (id === undefined) throw new Error(`${system} has no record of ${label}`)
      return id
    },
    has: (label) => ids.has(label),
    assign: (object, type, label, id) => {
      if (ids.has(label)) throw new Error(`${system} has ${label} twice`)
      ids.set(label, id)
      records[recordKey(system, object, id)] = { label, type }
      return id
    },
    records: () => records,
  }
}
