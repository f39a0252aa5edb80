/** A record that is put for the first time is put whole: of what did not exist before, nothing is left as it was. */
import { ENTITY_TYPES, type EntityType, type Field } from "@concordat/model/canonical/fields"
import { canonical } from "@concordat/model/canonical/types"
import type { Json, JsonObject } from "@concordat/model/json"

const nothingOf = ({ kind }: Field): Json => (kind === "set" || kind === "refs" ? [] : null)

const EMPTY = Object.fromEntries(
  ENTITY_TYPES.map((type) => [
    type,
    Object.fromEntries(Object.entries(canonical[type]).map(([name, field]) => [name, nothingOf(field)])),
  ]),
) as Readonly<Record<EntityType, JsonObject>>

/** With every canonical field: `null`, of sets `[]`, where none is named. A `custom.*` field not named stays unknown. */
export const wholeOf = (type: EntityType, values: JsonObject): JsonObject => ({ ...EMPTY[type], ...values })
