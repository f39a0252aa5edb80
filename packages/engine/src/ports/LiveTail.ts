/**
 * Canonical events as they happen, to many listeners, at most once. It saves them from reading the journal for what they
 * could have been told; what it lost, came late or came before they listened is in the journal (`flows/follow.ts`).
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { BusError } from "./Bus.ts"
import type { RecordedEvent } from "./Journal.ts"

export interface Announced {
  readonly _tag: "Announced"
  /** Of the stream of a contact, company, deal or activity. */
  readonly event: RecordedEvent
  /** The position of the canonical event of the same tenant before it; null: whoever announces it does not know. */
  readonly after: string | null
}

/** Something may have happened that was not heard: also said at the beginning, once everything from then on is heard. */
export interface Missed {
  readonly _tag: "Missed"
}

export type Heard = Announced | Missed

export class LiveTail extends Context.Service<
  LiveTail,
  {
    /** Returns when they are on their way. After a failure any of them may have been heard. */
    readonly announce: (events: ReadonlyArray<Announced>) => Effect.Effect<void, BusError>
    /** Every listener of every tenant hears `Missed`. */
    readonly announceMissed: Effect.Effect<void, BusError>
    /** For a slow listener nothing is kept beyond a bound: it hears `Missed` instead. */
    readonly listen: (tenant: string) => Stream.Stream<Heard, BusError>
  }
>()("@concordat/engine/ports/LiveTail") {}

/** A subject ends at the type: a server keeps what it knows of each in memory. The event's id is in a header. */
export const eventSubject = (partition: string, tenant: string, type: string): string =>
  `concordat.${partition}.${tenant}.${type}`
