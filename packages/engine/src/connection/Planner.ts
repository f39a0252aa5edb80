/** What the worker asks the rules: what to read of this connection, and what to write for an entity that is due. */
import type { EntityRef } from "@concordat/model/events/record"
import type { Mapping } from "@concordat/rules/mapping/lens"
import type { PlannedWrite } from "@concordat/rules/push/plan"
import type { ConnectionDoc } from "@concordat/rules/state/documents"
import type * as Effect from "effect/Effect"
import type { StateError } from "../ports/State.ts"

export interface Planner {
  /** The connection's own document; null until it is opened. */
  readonly opened: Effect.Effect<ConnectionDoc | null, StateError>
  /** The mapping in force; null until the connection is opened and its mapping known. */
  readonly mapping: Effect.Effect<Mapping | null, StateError>
  /** In the order asked for; null where nothing is to be written (any more, or yet). */
  readonly plan: (entities: ReadonlyArray<EntityRef>) => Effect.Effect<ReadonlyArray<PlannedWrite | null>, StateError>
  /** Keys of the writes of these entities whose outcome nobody knows, as far as that is decided. */
  readonly unresolved: (entities: ReadonlyArray<EntityRef>) => Effect.Effect<ReadonlySet<string>, StateError>
  /** The position up to which everything is decided; null before the first decision. */
  readonly decidedTo: Effect.Effect<string | null, StateError>
}
