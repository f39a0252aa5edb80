/** Appends what people and the configuration say: at the revision read, decided anew when somebody was quicker. */
import { versionOf } from "@concordat/model/events/stored"
import { eventId, sha256 } from "@concordat/model/ids"
import { canonicalJson } from "@concordat/model/json"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { ENDS_REMEMBERED } from "../limits.ts"
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

interface Turn {
  readonly one: Semaphore.Semaphore
  waiting: number
  /** The last revision, as whoever had the turn before left it; null: not known. */
  revision: number | null
}

/** Of each journal, the streams that are being appended to, and those that were, the last one last. */
const turns = new WeakMap<Journal["Service"], Map<string, Turn>>()

/** A stream that is appended to again and again, as that of a connection's webhooks, is not asked for its end each time. */
const remember = (streams: Map<string, Turn>, stream: string, turn: Turn): void => {
  streams.set(stream, turn)
  if (streams.size <= ENDS_REMEMBERED) return
  for (const [name, { waiting }] of streams) {
    if (waiting > 0) continue
    streams.delete(name)
    return
  }
}

/**
 * Many at once on one stream (the webhooks of a burst) would find each other's revision for ever: they take turns here,
 * and only another process is ever met at the journal.
 */
const inTurn = <A, E, R>(
  journal: Journal["Service"],
  stream: string,
  append: (turn: Turn) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const streams = turns.get(journal) ?? new Map<string, Turn>()
    turns.set(journal, streams)
    const turn = streams.get(stream) ?? { one: Semaphore.makeUnsafe(1), waiting: 0, revision: null }
    streams.set(stream, turn)
    turn.waiting += 1
    return Semaphore.withPermit(turn.one, append(turn)).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          turn.waiting -= 1
          if (turn.waiting > 0) return
          streams.delete(stream)
          if (turn.revision !== null) remember(streams, stream, turn)
        }),
      ),
    )
  })

/**
 * Appends at the end of the stream, whatever it is by then. An answer that got lost is asked for again with the same
 * ids, and what is found to be in the stream already is taken as appended.
 */
export const appendTo = Effect.fn("Operations.append")(function* (stream: string, said: ReadonlyArray<Said>) {
  const journal = yield* Journal
  const at = yield* Clock.currentTimeMillis
  const last = Effect.suspend(() =>
    Effect.map(
      journal.read(stream, { from: "end", direction: "backward", limit: 1 }),
      ([event]) => event?.revision ?? -1,
    ),
  )
  const append = Effect.fnUntraced(function* (turn: Turn) {
    const revision = turn.revision ?? (yield* last)
    // Whatever ends this turn early leaves the next one to look for itself.
    turn.revision = null
    let next = following(stream, revision, said, at)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const result = yield* journal.append(next)
      const answer: Appended = { id: next.events.at(-1)!.id, revision: next.expected + next.events.length }
      if (result._tag === "Appended") {
        turn.revision = answer.revision
        return answer
      }
      if (result._tag === "Indeterminate") continue
      const [first] = yield* journal.read(stream, { from: next.expected + 1, direction: "forward", limit: 1 })
      if (first?.id === next.events[0]!.id) return answer
      next = following(stream, yield* last, said, at)
    }
    return yield* new JournalError({ reason: "unavailable", detail: `no answer after ${ATTEMPTS} appends` })
  })
  return yield* inTurn(journal, stream, append)
})
