/** The `Journal` port over the embedded store. */
import { JournalError } from "@concordat/engine/ports/Journal"
import type { Append, AppendResult, Journal, RecordedEvent } from "@concordat/engine/ports/Journal"
import type { DocumentWrite } from "@concordat/engine/ports/State"
import type * as Context from "effect/Context"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Client } from "./client.ts"
import { UNIT_CHARACTERS, UNIT_EVENTS } from "./limits.ts"
import {
  appendColumns,
  documentColumns,
  EVENT_COLUMNS,
  NOTHING,
  pageEvents,
  parsePosition,
  showPosition,
} from "./protocol.ts"
import type { Committed, CommitRequest, Failure } from "./protocol.ts"
import { subscribe } from "./subscription.ts"

export const toJournalError = ({ reason, detail }: Failure): JournalError =>
  new JournalError({ reason: reason === "indeterminate" ? "unavailable" : reason, detail })

type UnitColumns = Pick<CommitRequest, "streams" | "expected" | "counts" | "events" | "documents">

/** A unit's events and documents as columns, or what is wrong with them. */
export const checkedColumns = (
  appends: ReadonlyArray<Append>,
  documents: ReadonlyArray<DocumentWrite>,
): Effect.Effect<UnitColumns, JournalError> => {
  const limit = (detail: string) => Effect.fail(new JournalError({ reason: "limit", detail }))
  const columns = { ...appendColumns(appends), documents: documentColumns(documents) }
  if (new Set(columns.streams).size < columns.streams.length) return limit("two appends to one stream in a unit")
  if (columns.events.length / EVENT_COLUMNS > UNIT_EVENTS) return limit(`a unit has at most ${UNIT_EVENTS} events`)
  let characters = 0
  for (const text of columns.events) characters += text.length
  for (const text of columns.documents) characters += text?.length ?? 0
  if (characters > UNIT_CHARACTERS) return limit(`a unit has at most ${UNIT_CHARACTERS} characters`)
  return Effect.succeed(columns)
}

export const toAppendResult = (committed: Committed): AppendResult =>
  committed._tag === "Conflict" ? committed : { _tag: "Appended", position: showPosition(committed.position) }

/** A commit's outcome nobody knows is a value of the port, not an error. */
export const orIndeterminate = (result: Effect.Effect<Committed, Failure>): Effect.Effect<AppendResult, Failure> =>
  Effect.matchEffect(result, {
    onSuccess: (committed) => Effect.succeed(toAppendResult(committed)),
    onFailure: (failure) =>
      failure.reason === "indeterminate"
        ? Effect.succeed<AppendResult>({ _tag: "Indeterminate" })
        : Effect.fail(failure),
  })

/** The number of a position of this file, 0 for the start. A position it never gave out is another journal's. */
export const positionOf = (client: Client, after: string | null): Effect.Effect<number, JournalError> => {
  if (after === null) return Effect.succeed(0)
  const position = parsePosition(after)
  if (position !== null && position <= client.end()) return Effect.succeed(position)
  const end = showPosition(client.end())
  return Effect.fail(
    new JournalError({ reason: "foreign", detail: `position ${after} is none of this journal, which ends at ${end}` }),
  )
}

export const makeJournal = (client: Client): Context.Service.Shape<typeof Journal> => {
  const appendMany = Effect.fnUntraced(function* (appends: ReadonlyArray<Append>) {
    const columns = yield* checkedColumns(appends, [])
    const now = yield* Clock.currentTimeMillis
    return yield* Effect.mapError(orIndeterminate(client.request({ ...NOTHING, ...columns, now })), toJournalError)
  })

  const read: Context.Service.Shape<typeof Journal>["read"] = Effect.fnUntraced(function* (stream, options) {
    const backward = options.direction === "backward"
    const events: Array<RecordedEvent> = []
    let from = options.from === "end" ? Number.MAX_SAFE_INTEGER : options.from
    if (options.from === "end" && !backward) return events
    while (events.length < options.limit) {
      const limit = options.limit - events.length
      const page = yield* client.request({ op: "stream", stream, from, backward, limit })
      events.push(...pageEvents(page))
      const last = events[events.length - 1]
      if (page.atEnd || last === undefined) break
      from = last.revision + (backward ? -1 : 1)
    }
    return events
  }, Effect.mapError(toJournalError))

  const readAll: Context.Service.Shape<typeof Journal>["readAll"] = Effect.fnUntraced(function* (options) {
    let reached = yield* positionOf(client, options.after)
    const events: Array<RecordedEvent> = []
    while (events.length < options.limit) {
      const limit = options.limit - events.length
      const page = yield* Effect.mapError(
        client.request({
          op: "all",
          after: reached,
          prefixes: options.prefixes,
          limit,
          without: options.without ?? null,
        }),
        toJournalError,
      )
      events.push(...pageEvents(page))
      reached = page.reached
      if (page.atEnd) break
    }
    return { events, position: reached === 0 ? null : showPosition(reached) }
  })

  return {
    append: (append) => appendMany([append]),
    appendMany,
    read,
    readAll,
    subscribe: (options) => subscribe(client, options),
    truncate: (stream, before) =>
      Effect.mapError(Effect.asVoid(client.request({ op: "forget", stream, before })), toJournalError),
    delete: (stream) =>
      Effect.mapError(Effect.asVoid(client.request({ op: "forget", stream, before: "all" })), toJournalError),
    skip: (stream, revision) =>
      Effect.mapError(Effect.asVoid(client.request({ op: "skip", stream, revision })), toJournalError),
    at: (shown) => {
      const position = parsePosition(shown)
      if (position === null) return Effect.succeed(null)
      return Effect.map(
        Effect.mapError(client.request({ op: "at", position }), toJournalError),
        (page) => pageEvents(page)[0] ?? null,
      )
    },
    end: Effect.map(Effect.mapError(client.request({ op: "end" }), toJournalError), (end) =>
      end === 0 ? null : showPosition(end),
    ),
  }
}
