/** What the journal holds of one record of the app's: what Concordat wrote since a revision, and what the record holds. */
import type { Journal, JournalError, RecordedEvent } from "@concordat/engine/ports/Journal"
import type { Personal } from "@concordat/model/events/envelope"
import type { RecordObserved, RecordWritten, WriteIntended, WriteRefused } from "@concordat/model/events/record"
import { readEvent, type UnreadableEvent } from "@concordat/model/events/stored"
import { isJsonObject, type Json, type JsonObject } from "@concordat/model/json"
import * as Effect from "effect/Effect"

const PAGE = 64
/** A record with a longer history than this answers with what its newest events say. */
const MOST = 2_048

export type RecordFact =
  | RecordObserved
  | RecordWritten
  | WriteIntended
  | WriteRefused
  | { readonly _tag: "RecordGone" | "RecordMerged" | "RecordConverted" }

/** Opens what is sealed; of an erased subject nothing. */
export type Open = (tenant: string, personal: Personal) => Effect.Effect<JsonObject>

const FACTS: ReadonlyArray<string> = [
  "RecordObserved",
  "RecordWritten",
  "WriteIntended",
  "WriteRefused",
  "RecordGone",
  "RecordMerged",
  "RecordConverted",
]

/** `null` for events that are no facts of a record. */
export const factOf = (event: RecordedEvent): Effect.Effect<RecordFact | null, UnreadableEvent> =>
  FACTS.includes(event.type)
    ? Effect.map(Effect.fromResult(readEvent(event.type, event.data, event.metadata)), (data) => data as RecordFact)
    : Effect.succeed(null)

/** Of an intent: the raw values that are sent, without the views they were made from. */
export const sentValues = (sent: JsonObject): JsonObject => {
  const values: Json | undefined = sent["values"]
  return isJsonObject(values) ? values : {}
}

export interface Recent {
  /** Of the stream's last event; -1 where there is none. */
  readonly revision: number
  /** Whether Concordat wrote after `basedOn`, or `basedOn` is of another, longer history. */
  readonly stale: boolean
  /** A write after `basedOn` that the app may have by now, though its answer is not here yet. */
  readonly open: boolean
}

type Read = Journal["Service"]["read"]

const back = (read: Read, stream: string, from: number | "end") =>
  read(stream, { from, direction: "backward", limit: PAGE })

/**
 * Looks back from the end as far as `basedOn` (null: to the beginning), or to the first write found. `wasTaken` tells of
 * an intent's key whether its write was taken: an intent that was overtaken has no answer, ever.
 */
export const recentOf = Effect.fnUntraced(function* (
  read: Read,
  stream: string,
  basedOn: number | null,
  wasTaken: (key: string) => boolean,
) {
  let revision = -1
  let open = false
  let from: number | "end" = "end"
  for (;;) {
    const events: ReadonlyArray<RecordedEvent> = yield* back(read, stream, from)
    if (revision === -1) revision = events[0]?.revision ?? -1
    // An app that is ahead of the journal saw another one: a restore lies between, and what came since is unknown to it.
    if (basedOn !== null && basedOn > revision) return { revision, stale: true, open } satisfies Recent
    for (const event of events) {
      if (basedOn !== null && event.revision <= basedOn) return { revision, stale: false, open } satisfies Recent
      const fact = yield* factOf(event)
      if (fact?._tag === "RecordWritten") return { revision, stale: true, open } satisfies Recent
      if (fact?._tag === "WriteIntended" && wasTaken(fact.key)) open = true
    }
    const last = events.at(-1)
    if (events.length < PAGE || last === undefined || last.revision === 0) {
      return { revision, stale: false, open } satisfies Recent
    }
    from = last.revision - 1
  }
})

/** The newest known value of each field, of the app's own edits and of what was written to it. */
export const valuesOf = Effect.fnUntraced(function* (
  read: Read,
  tenant: string,
  stream: string,
  open: Open,
): Effect.fn.Return<JsonObject, JournalError | UnreadableEvent> {
  const values: Record<string, Json> = {}
  let from: number | "end" = "end"
  for (let seen = 0; seen < MOST; seen += PAGE) {
    const events: ReadonlyArray<RecordedEvent> = yield* back(read, stream, from)
    for (const event of events) {
      const fact = yield* factOf(event)
      const personal = fact?._tag === "RecordObserved" ? fact.values : fact?._tag === "RecordWritten" ? fact.held : null
      if (personal === null || personal === undefined) continue
      for (const [name, value] of Object.entries(yield* open(tenant, personal))) {
        if (!Object.hasOwn(values, name)) values[name] = value
      }
    }
    const last = events.at(-1)
    if (events.length < PAGE || last === undefined || last.revision === 0) break
    from = last.revision - 1
  }
  return values
})
