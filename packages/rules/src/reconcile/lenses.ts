/** Which lenses of a mapping are asked for what: told once for each mapping, and not for each record. */
import type { EntityType } from "@concordat/model/canonical/fields"
import { fieldOf } from "@concordat/model/canonical/types"
import { identifies } from "../identity/keys.ts"
import type { GroupLens, ObjectMapping } from "../mapping/lens.ts"

export interface Lenses {
  /** Whose fields refer to other entities. */
  readonly referring: ReadonlyArray<GroupLens>
  /** Of those that are read and tell which thing a record is: the ones that refer to nothing, and the others. */
  readonly identifying: { readonly plain: ReadonlyArray<GroupLens>; readonly referring: ReadonlyArray<GroupLens> }
}

/** Whether a field of the group refers to another entity. */
export const isReference = (type: EntityType, lens: GroupLens): boolean => {
  for (const field of lens.fields) if (fieldOf(type, field)?.to !== undefined) return true
  return false
}

const known = new WeakMap<ObjectMapping, Lenses>()

export const lensesOf = (mapping: ObjectMapping): Lenses => {
  let lenses = known.get(mapping)
  if (lenses === undefined) {
    const { groups, type } = mapping
    const referring = groups.filter((lens) => isReference(type, lens))
    const identifying = groups.filter((lens) => lens.direction !== "out" && identifies(type, lens.group))
    lenses = {
      referring,
      identifying: {
        plain: identifying.filter((lens) => !isReference(type, lens)),
        referring: identifying.filter((lens) => isReference(type, lens)),
      },
    }
    known.set(mapping, lenses)
  }
  return lenses
}
