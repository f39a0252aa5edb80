/** A rule that is taken away by one change of the engine's text, and what is known to see it. */
import type { Plant } from "../crew.ts"
import type { Size } from "../size.ts"
import type { WorldName } from "./worlds/named.ts"

/** What a world ends in, by the name that `docs/proof.md` has for it. */
export interface SeenInWorld {
  readonly invariant: string
}

export type Sight =
  /** The world of a seed; without a size it is of the seed's own. */
  | (SeenInWorld & { readonly seed: number; readonly size?: Size })
  /** A world of which every step is written down: no seed of the first 200 is known to come by it, or it may move on. */
  | (SeenInWorld & { readonly world: WorldName })
  /** What no simulated world shows (other processes, other mappings, a store's own promises): a test, by its title. */
  | { readonly file: string; readonly title: string }

export interface Mutation extends Plant {
  /** The rule of `docs/rules.md` that is gone. */
  readonly rule: string
  readonly says: string
  readonly seenBy: Sight
}

/** As it is printed, and stands in `docs/proof.md`. */
export const nameOf = (sight: Sight): string => {
  if ("file" in sight) return `test "${sight.title}"`
  if ("world" in sight) return `world "${sight.world}" (${sight.invariant})`
  return `seed ${sight.seed}${sight.size === undefined ? "" : ` ${sight.size}`} (${sight.invariant})`
}
