/** Appends what people and the configuration say: at the revision read, decided anew when somebody was quicker. */
import { versionOf } from "@concordat/model/events/stored"
import { eventId, sha256 } from "@concordat/model/ids"
import { canonicalJson } from "@concordat/model/json"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type Append, Journal, JournalError, type NewEvent } from "../ports/Journal.ts"

export interface Said {
  readonly type: string
  readonly data: unknown
}

export interface Appended {
  /** Of the last event appended. */
  readonly id: string
  readonly revision: number
}

const ATTEMPTS = 20

/** The events as they follow a revision; each id is made from its place and its content. */
const following = (stream: string, revision: number, said: ReadonlyArray<Said>, atMs: number): Append => {
  const at = new Date(atMs).toISOString()
  const events = said.map(({ type, data }, i): NewEvent => {
    const text = canonicalJson(data)
    const id = eventId(stream, revision + i, sha256(`${type}\n${at}\n${text}`))
    const metadata = { $correlationId: id, $causationId: id, at, schemaVersion: String(versionOf(type)) }
    return { id, type, data: text, metadata }
  })
  return { stream, expected: revision, events }
}

/**
 * Appends at the end of the stream, whatever it is by then. An answer that got lost is asked for again with the same
 * ids, and what is found to be in the stream already is taken as appended.
 */
export const appendTo = Effect.fn("Operations.append")(function* (stream: string, said: ReadonlyArray<Said>) {
  const journal = yield* Journal
  const at = yield* Clock.currentTimeMillis
  const last = Effect.map(
    journal.read(stream, { from: "end", direction: "backward", limit: 1 }),
    ([event]) => event?.revision ?? -1,
  )
  let append = following(stream, yield* last, said, at)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const result = yield* journal.append(append)
    const answer: Appended = { id: append.events.at(-1)!.id, revision: append.expected + append.events.length }
    if (result._tag === "Appended") return answer
    if (result._tag === "Indeterminate") continue
    const [first] = yield* journal.read(stream, { from: append.expected + 1, direction: "forward", limit: 1 })
    if (first?.id === append.events[0]!.id) return answer
    append = following(stream, yield* last, said, at)
  }
  return yield* new JournalError({ reason: "unavailable", detail: `no answer after ${ATTEMPTS} appends` })
})
