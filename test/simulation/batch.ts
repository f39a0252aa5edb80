/** Small pages: lists of more than a page, and ties among what is on several, need thousands of records in a system as it is. */
import type { Definition } from "@concordat/engine/ports/Provider"
import type { Chance } from "./random.ts"
import type { SideName } from "./script.ts"

/** Of how many records a call is at most. */
export interface Batch {
  readonly list: number
  readonly read: number
  readonly write: number
}

/** What is not named takes as many as the provider does: all there is comes on one page. */
export type Batches = Partial<Readonly<Record<SideName, Batch>>>

export const batchesOf = (chance: Chance, sides: ReadonlyArray<SideName>): Batches => {
  const batches: Partial<Record<SideName, Batch>> = {}
  for (const side of sides)
    // The product is not called.
    if (side !== "app" && chance.isLess(0.4))
      batches[side] = { list: chance.between(2, 7), read: chance.between(1, 6), write: chance.between(1, 4) }
  return batches
}

export const inBatches = (definition: Definition, batch: Batch | undefined): Definition => {
  if (batch === undefined) return definition
  const objects: Record<string, Definition["objects"][string]> = {}
  for (const [name, object] of Object.entries(definition.objects)) objects[name] = { ...object, batch }
  return { ...definition, objects }
}
