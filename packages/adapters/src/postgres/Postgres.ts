/** The state on PostgreSQL, for processes that share it. */
import { Leases } from "@concordat/engine/ports/Leases"
import { State, type StateError, StateWriter } from "@concordat/engine/ports/State"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Database, layer as database, type PostgresOptions } from "./Database.ts"
import { makeLeases } from "./Leases.ts"
import { makeState } from "./State.ts"
import { makeStateWriter } from "./StateWriter.ts"

export type { PostgresOptions } from "./Database.ts"

/**
 * The ports over one pool of connections, and the pool itself for what else stands on it. A server that goes away is waited
 * for, up to `GIVE_UP_MS` an operation. Fails as `Database.layer` does.
 */
export const layer = (options: PostgresOptions): Layer.Layer<State | StateWriter | Leases | Database, StateError> =>
  Layer.effectContext(
    Effect.map(Database, (connected) =>
      Context.make(State, makeState(connected)).pipe(
        Context.add(StateWriter, makeStateWriter(connected)),
        Context.add(Leases, makeLeases(connected)),
      ),
    ),
  ).pipe(Layer.provideMerge(database(options)))
