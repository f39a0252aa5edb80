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

/** The record is no longer: what is put under its id from then on is another one, and what was written before is void. */
const ENDS: ReadonlyArray<string> = ["RecordGone", "RecordMerged", "RecordConverted"]
const TELLS: ReadonlyArray<string> = ["RecordObserved", "RecordWritten", ...ENDS]

export const isEnd = (fact: RecordFact): boolean => ENDS.includes(fact._tag)

export interface Recent {
  /** Of the stream's last event; -1 where there is none. */
  readonly revision: number
  /** The newest fact of what the record holds, or that it ended; null: there is none. */
  readonly newest: RecordFact | null
  /** Whether Concordat wrote after `basedOn`, or `basedOn` is of another, longer history. */
  readonly stale: boolean
  /** `basedOn` is of another, longer history. */
  readonly ahead: boolean
  /** A write after `basedOn` that the app may have by now, though its answer is not here yet. */
  readonly open: boolean
}

type Read = Journal["Service"]["read"]

const back = (read: Read, stream: string, from: number | "end") =>
  read(stream, { from, direction: "backward", limit: PAGE })

/**
 * Looks back from the end as far as `basedOn` (null: to the beginning) and the newest fact, or to the first write found.
 * `wasTaken` tells of an intent's key whether its write was taken: an intent that was overtaken has no answer, ever.
 */
export const recentOf = Effect.fnUntraced(function* (
  read: Read,
  stream: string,
  basedOn: number | null,
  wasTaken: (key: string) => boolean,
): Effect.fn.Return<Recent, JournalError | UnreadableEvent> {
  let revision = -1
  let open = false
  let newest: RecordFact | null = null
  let from: number | "end" = "end"
  for (;;) {
    const events: ReadonlyArray<RecordedEvent> = yield* back(read, stream, from)
    if (revision === -1) revision = events[0]?.revision ?? -1
    // An app that is ahead of the journal saw another one: a restore lies between, and what came since is unknown to it.
    if (basedOn !== null && basedOn > revision) return { revision, newest, stale: true, ahead: true, open }
    for (const event of events) {
      const isNews = basedOn === null || event.revision > basedOn
      if (!isNews && newest !== null) return { revision, newest, stale: false, ahead: false, open }
      const fact = yield* factOf(event)
      if (newest === null && fact !== null && TELLS.includes(fact._tag)) newest = fact
      if (!isNews) continue
      if (fact?._tag === "RecordWritten") return { revision, newest, stale: true, ahead: false, open }
      if (fact?._tag === "WriteIntended" && wasTaken(fact.key)) open = true
      if (fact === null || !isEnd(fact)) continue
      // Whoever takes it back as it was when he last saw it has not seen what was written before it ended.
      if (basedOn === null || newest !== fact) return { revision, newest, stale: false, ahead: false, open }
    }
    const last = events.at(-1)
    if (events.length < PAGE || last === undefined || last.revision === 0) {
      return { revision, newest, stale: false, ahead: false, open }
    }
    from = last.revision - 1
  }
})

/**
 * The newest known value of each field, of the app's own edits and of what was written to it. What was empty from the
 * record's first fact on is left out: nobody but the app has touched it since. `isTakenBack`: of a record that ended, as it was then.
 */
export const valuesOf = Effect.fnUntraced(function* (
  read: Read,
  tenant: string,
  stream: string,
  open: Open,
  isTakenBack = false,
): Effect.fn.Return<JsonObject, JournalError | UnreadableEvent> {
  const values: Record<string, Json> = {}
  let hasEnded = !isTakenBack
  let emptyFirst: ReadonlyArray<string> = []
  const begun = (): JsonObject => {
    for (const name of emptyFirst) delete values[name]
    return values
  }
  let from: number | "end" = "end"
  for (let seen = 0; seen < MOST; seen += PAGE) {
    const events: ReadonlyArray<RecordedEvent> = yield* back(read, stream, from)
    for (const event of events) {
      const fact = yield* factOf(event)
      if (fact !== null && isEnd(fact)) {
        if (hasEnded) return begun()
        hasEnded = true
      }
      const personal = fact?._tag === "RecordObserved" ? fact.values : fact?._tag === "RecordWritten" ? fact.held : null
      if (personal === null || personal === undefined) continue
      const fresh = Object.entries(yield* open(tenant, personal)).filter(([name]) => !Object.hasOwn(values, name))
      for (const [name, value] of fresh) values[name] = value
      emptyFirst =
        fact?._tag === "RecordObserved"
          ? fresh.flatMap(([name, value]) =>
              value === null || (Array.isArray(value) && value.length === 0) ? [name] : [],
            )
          : []
    }
    const last = events.at(-1)
    if (events.length < PAGE || last === undefined || last.revision === 0) return begun()
    from = last.revision - 1
  }
  return values
})
