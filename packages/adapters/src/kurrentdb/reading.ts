/** Reads of a stream and of the whole journal, page by page, tried again where the server can't be reached. */
import { JournalError } from "@concordat/engine/ports/Journal"
import type { RecordedEvent } from "@concordat/engine/ports/Journal"
import type { KurrentDBClient } from "@kurrent/kurrentdb-client"
import type pb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { backoff } from "./backoff.ts"
import type { Renewable } from "./clients.ts"
import { positionOf, toWireEvent } from "./events.ts"
import type { WireEvent } from "./events.ts"
import { toFailure, toReadError } from "./failures.ts"
import type { Failure } from "./failures.ts"
import { Incoming } from "./incoming.ts"
import { CALLS_AT_ONCE, PAGE_EVENTS, READ_TIMEOUT_MS, READ_TRIES } from "./limits.ts"
import { laterOf, parsePosition } from "./positions.ts"
import { isShown } from "./unit-names.ts"
import { allRequest, channelOf, endRequest, openRead, streamRequest } from "./wire.ts"
import type { StreamRead } from "./wire.ts"

export interface StreamPage {
  readonly events: ReadonlyArray<WireEvent>
  /** The revision of the stream's last event, also of a forgotten one; -1: no stream; `null`: the server did not say. */
  readonly last: number | null
}
export interface AllPage {
  readonly events: ReadonlyArray<RecordedEvent>
  readonly position: string | null
}

const recordsOf = (messages: ReadonlyArray<pb.ReadResp>) =>
  messages.flatMap((message) => message.getEvent()?.getEvent() ?? [])

const read = (client: KurrentDBClient, request: pb.ReadReq) =>
  Effect.tryPromise({
    try: async (signal) => {
      const incoming = new Incoming(await openRead(client, request, READ_TIMEOUT_MS))
      if (signal.aborted) incoming.cancel()
      signal.addEventListener("abort", () => incoming.cancel())
      return incoming.all()
    },
    catch: (cause): Failure => toFailure(cause),
  })

/** A position that this journal can have given out; `null` stays what it is. */
export const checkPosition = (position: string | null, end: string | null): Effect.Effect<void, JournalError> => {
  const isOurs = position === null || (parsePosition(position) !== null && end !== null && position <= end)
  if (isOurs) return Effect.void
  const detail = `position ${position} is none of this journal, which ends at ${end ?? "its start"}`
  return Effect.fail(new JournalError({ reason: "foreign", detail }))
}

/** The last position there is; asked of the client that is to read up to there. */
export const endOf = (client: KurrentDBClient): Effect.Effect<string | null, Failure> =>
  Effect.map(read(client, endRequest()), (messages) => {
    const [record] = recordsOf(messages)
    return record === undefined ? null : positionOf(record)
  })

export const makeReading = Effect.fnUntraced(function* (reader: Renewable) {
  const permits = yield* Semaphore.make(CALLS_AT_ONCE)

  const again = <A>(attempt: Effect.Effect<A, Failure>): Effect.Effect<A, JournalError> =>
    Effect.mapError(
      Effect.retry(attempt, { schedule: backoff(READ_TRIES), while: (failure) => failure._tag === "Unknown" }),
      toReadError,
    )
  const messagesOf = (request: pb.ReadReq): Effect.Effect<ReadonlyArray<pb.ReadResp>, Failure> =>
    permits.withPermit(Effect.suspend(() => read(reader.client(), request)))
  const end = permits.withPermit(Effect.suspend(() => endOf(reader.client())))

  const page = Effect.fnUntraced(function* (wanted: StreamRead) {
    const messages = yield* again(messagesOf(streamRequest(wanted)))
    const events = recordsOf(messages).map(toWireEvent)
    const said = messages.find((message) => message.hasLastStreamPosition())
    const isMissing = messages.some((message) => message.hasStreamNotFound())
    const last = said === undefined ? (isMissing ? -1 : null) : Number(said.getLastStreamPosition())
    return { events, last } satisfies StreamPage
  })

  /** Up to `limit` events, in pages. */
  const stream = Effect.fnUntraced(function* (
    name: string,
    options: { readonly from: number | "end"; readonly backward: boolean; readonly limit: number },
  ) {
    const events: Array<WireEvent> = []
    let from = options.from
    while (events.length < options.limit) {
      const count = Math.min(options.limit - events.length, PAGE_EVENTS)
      const found = yield* page({ stream: name, from, backward: options.backward, count })
      events.push(...found.events)
      const last = found.events.at(-1)
      if (last === undefined || found.events.length < count) break
      from = last.event.revision + (options.backward ? -1 : 1)
      if (from < 0) break
    }
    return events
  })

  /** The revision of a stream's last event; -1: none; `null`: all of it is forgotten, and the server does not say. */
  const head = Effect.fnUntraced(function* (name: string) {
    const { events, last } = yield* page({ stream: name, from: "end", backward: true, count: 1 })
    return events[0]?.event.revision ?? last
  })

  /**
   * One pass over a filtered read. The server says nothing of what it passed over, so the end is asked for first: what is
   * read to its end after that has seen all up to there, if it was the same node that answered.
   */
  const pass = Effect.fnUntraced(function* (after: string | null, prefixes: ReadonlyArray<string>, limit: number) {
    const client = reader.client()
    const channel = yield* Effect.tryPromise({ try: () => channelOf(client), catch: (cause) => toFailure(cause) })
    const before = yield* end
    yield* Effect.mapError(checkPosition(after, before), (error): Failure => ({ _tag: "Refused", error }))
    const events: Array<RecordedEvent> = []
    let from = after
    while (events.length < limit) {
      const wanted = Math.min(limit - events.length, PAGE_EVENTS)
      // A read begins at the position itself, which was seen already.
      const count = from === null ? wanted : wanted + 1
      const records = recordsOf(yield* messagesOf(allRequest(from, prefixes, count)))
      const passed = from
      const fresh = records.filter((record) => passed === null || positionOf(record) > passed).slice(0, wanted)
      for (const record of fresh) {
        const { event } = toWireEvent(record)
        from = event.position
        if (isShown(event)) events.push(event)
      }
      if (records.length < count) {
        const now = yield* Effect.tryPromise({ try: () => channelOf(client), catch: (cause) => toFailure(cause) })
        if (now !== channel || client !== reader.client())
          return yield* Effect.fail<Failure>({ _tag: "Unknown", detail: "another node answered" })
        return { events, position: laterOf(before, from) } satisfies AllPage
      }
    }
    return { events, position: from } satisfies AllPage
  })
  const all = (options: {
    readonly after: string | null
    readonly prefixes: ReadonlyArray<string>
    readonly limit: number
  }): Effect.Effect<AllPage, JournalError> => again(pass(options.after, options.prefixes, options.limit))

  const at = Effect.fnUntraced(function* (position: string) {
    const last = yield* again(end)
    // A server answers with an error where it is asked for what lies beyond its end.
    if (parsePosition(position) === null || last === null || position > last) return null
    const [record] = recordsOf(yield* again(messagesOf(allRequest(position, [], 1))))
    return record === undefined || positionOf(record) !== position ? null : toWireEvent(record).event
  })

  return { page, stream, head, all, at, end: again(end) }
})
export type Reading = Effect.Success<ReturnType<typeof makeReading>>
