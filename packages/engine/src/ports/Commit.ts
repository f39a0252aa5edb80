/**
 * The unit of a decision: its events, the state that follows, the wake-ups and how far it has read. Embedded it is one
 * transaction. In production it is three steps, in this order, each of which can be repeated.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { BusError, Message } from "./Bus.ts"
import type { Append, AppendResult, JournalError } from "./Journal.ts"
import type { LeaseToken } from "./Leases.ts"
import type { Checkpoint, DocumentWrite, StateError } from "./State.ts"

export interface Unit {
  readonly appends: ReadonlyArray<Append>
  readonly documents: ReadonlyArray<DocumentWrite>
  readonly commands: ReadonlyArray<Message>
  readonly checkpoint: Checkpoint | null
  /** Under which the state is written, where processes own shares; absent: one process holds the whole store. */
  readonly lease?: LeaseToken
}

export class Commit extends Context.Service<
  Commit,
  {
    /** `Conflict` and `Indeterminate` leave documents, commands and checkpoint as they were. */
    readonly commit: (unit: Unit) => Effect.Effect<AppendResult, JournalError | StateError | BusError>
  }
>()("@concordat/engine/ports/Commit") {}
