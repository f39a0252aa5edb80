/** What a connection's worker can't go on after: its stores fail, or somebody else owns the connection now. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { BusError } from "../ports/Bus.ts"
import type { JournalError } from "../ports/Journal.ts"
import type { StateError } from "../ports/State.ts"

/** `fenced`: another worker appends to the same connection. `contended`: a stream kept moving under every try. */
export class WorkerError extends Schema.TaggedError<WorkerError>()("WorkerError", {
  connection: Schema.String,
  reason: Schema.Literals(["journal", "state", "bus", "mapping", "fenced", "contended", "closed"]),
  detail: Schema.String,
  /** The store does not answer, and is waited for by starting again. Absent: no. */
  isAway: Schema.optionalKey(Schema.Boolean),
}) {
  override get message(): string {
    return `connection ${this.connection}, ${this.reason}: ${this.detail}`
  }
}

const REASONS = { JournalError: "journal", StateError: "state", BusError: "bus" } as const

/** A store's error as the worker's, which names the connection. */
export const asWorkerError =
  (connection: string) =>
  <A, R>(effect: Effect.Effect<A, JournalError | StateError | BusError, R>): Effect.Effect<A, WorkerError, R> =>
    Effect.mapError(
      effect,
      (error) =>
        new WorkerError({
          connection,
          reason: error._tag === "StateError" && error.reason === "fenced" ? "fenced" : REASONS[error._tag],
          detail: error.message,
          isAway: error.reason === "unavailable",
        }),
    )
