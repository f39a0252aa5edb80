/** Every transform by its name in a mapping. */
import { lookupTransforms } from "./lookups.ts"
import { moneyTransforms } from "./money.ts"
import { partTransforms } from "./parts.ts"
import { plainTransforms } from "./plain.ts"
import { stageTransforms } from "./stages.ts"
import type { TransformDefinition } from "./transform.ts"

export const TRANSFORMS: ReadonlyMap<string, TransformDefinition> = new Map(
  Object.entries({
    ...plainTransforms,
    ...lookupTransforms,
    ...stageTransforms,
    ...moneyTransforms,
    ...partTransforms,
  }),
)
