/** `contact:0190…` on the command line. */
import { ENTITY_TYPES, type EntityType } from "@concordat/model/canonical/fields"
import * as Effect from "effect/Effect"
import { CommandFailed } from "./failure.ts"
import { pair } from "./operator.ts"

export const entityRef = Effect.fnUntraced(function* (text: string) {
  const [given, id] = yield* pair(text, "entity")
  const type = ENTITY_TYPES.find((one) => one === given)
  if (type === undefined) {
    const detail = `${given} is no type of entity; there are: ${ENTITY_TYPES.join(", ")}`
    return yield* new CommandFailed({ detail })
  }
  return { type, id } satisfies { readonly type: EntityType; readonly id: string }
})
