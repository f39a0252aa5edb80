/** The journal: append-only streams with revisions, and one order over all of them. Every fact and decision is in it. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"

/** An event as it is appended. `data` is JSON text; `metadata` a flat map of strings without personal values. */
export interface NewEvent {
  readonly id: string
  readonly type: string
  readonly data: string
  readonly metadata: Readonly<Record<string, string>>
}

/** An event as it is read. `position` orders all events: opaque, compared only by the journal, never assumed dense. */
export interface RecordedEvent extends NewEvent {
  readonly stream: string
  /** From 0 in its stream. */
  readonly revision: number
  readonly position: string
}

/** `expected` is the revision of the stream's last event as it was read; -1: the stream has none. Never "any". */
export interface Append {
  readonly stream: string
  readonly expected: number
  readonly events: ReadonlyArray<NewEvent>
}

export type AppendResult =
  | { readonly _tag: "Appended"; readonly position: string }
  /** Nothing was appended. The streams whose last revision is not the expected one. */
  | { readonly _tag: "Conflict"; readonly streams: ReadonlyArray<string> }
  /**
   * Nobody knows: repeat with the same ids and revisions. A store that compares ids answers that they are appended; from
   * any other the repetition is a conflict, whose tail is equal and is adopted.
   */
  | { readonly _tag: "Indeterminate" }

export type Subscribed =
  | { readonly _tag: "Event"; readonly event: RecordedEvent }
  /** Everything up to here was looked at, also where nothing matched. */
  | { readonly _tag: "Checkpoint"; readonly position: string }
  /** Said once, when the subscription has reached what was the end. */
  | { readonly _tag: "CaughtUp" }

export type Without = "data" | "contents"

export class JournalError extends Schema.TaggedError<JournalError>()("JournalError", {
  reason: Schema.Literals([
    "unavailable",
    "full",
    "corrupt",
    "locked",
    "foreign",
    "newer",
    "limit",
    "closed",
    "truncated",
    "unauthorised",
  ]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `journal ${this.reason}: ${this.detail}`
  }
}

export class Journal extends Context.Service<
  Journal,
  {
    readonly append: (append: Append) => Effect.Effect<AppendResult, JournalError>
    /** All of them or none. At most one append per stream. */
    readonly appendMany: (appends: ReadonlyArray<Append>) => Effect.Effect<AppendResult, JournalError>
    /** From a revision on (forward, inclusive) or back (`"end"` or inclusive). An unknown stream is empty. */
    readonly read: (
      stream: string,
      options: { readonly from: number | "end"; readonly direction: "forward" | "backward"; readonly limit: number },
    ) => Effect.Effect<ReadonlyArray<RecordedEvent>, JournalError>
    /**
     * Events after a position (`null`: from the start) of streams whose name begins with one of the prefixes (none: all).
     * `without`: what is not asked for may come empty: the data, or the contents, which are data and metadata.
     */
    readonly readAll: (options: {
      readonly after: string | null
      readonly prefixes: ReadonlyArray<string>
      readonly limit: number
      readonly without?: Without
    }) => Effect.Effect<
      { readonly events: ReadonlyArray<RecordedEvent>; readonly position: string | null },
      JournalError
    >
    /** History after a position and then what comes, in order, read only as fast as it is consumed. */
    readonly subscribe: (options: {
      readonly after: string | null
      readonly prefixes: ReadonlyArray<string>
    }) => Stream.Stream<Subscribed, JournalError>
    /**
     * Forgets the events before a revision. Revisions and positions of the others stay. Reads over all streams may still
     * show what is forgotten until the store is cleaned up, where that is a task of its own (KurrentDB's scavenging).
     */
    readonly truncate: (stream: string, before: number) => Effect.Effect<void, JournalError>
    /** Forgets all of a stream; a later append goes on after the last revision. */
    readonly delete: (stream: string) => Effect.Effect<void, JournalError>
    /**
     * Makes the stream go on at a revision, as if all before it had been there and were forgotten. For the copy of a journal,
     * whose streams nobody else writes meanwhile. Where the stream is further already, it forgets what is before.
     */
    readonly skip: (stream: string, revision: number) => Effect.Effect<void, JournalError>
    /** The event at a position; `null` where none stands there (any more), or the position is none of this journal. */
    readonly at: (position: string) => Effect.Effect<RecordedEvent | null, JournalError>
    /** The last position there is; `null` while nothing was ever appended. */
    readonly end: Effect.Effect<string | null, JournalError>
  }
>()("@concordat/engine/ports/Journal") {}
