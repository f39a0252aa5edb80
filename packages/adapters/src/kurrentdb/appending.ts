/**
 * One append as the server takes it, until its outcome is known: within our own timeout, repeated with the same ids and
 * revisions, and adopted where the stream's tail turns out to be it.
 */
import { JournalError } from "@concordat/engine/ports/Journal"
import type { Append, AppendResult } from "@concordat/engine/ports/Journal"
import type { KurrentDBClient } from "@kurrent/kurrentdb-client"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Semaphore from "effect/Semaphore"
import { backoff } from "./backoff.ts"
import type { Renewable } from "./clients.ts"
import { toEventData } from "./events.ts"
import { toFailure } from "./failures.ts"
import type { Failure } from "./failures.ts"
import { APPEND_TIMEOUT_MS, APPEND_TRIES, APPEND_WAITS, CALLS_AT_ONCE, STREAMS_AT_ONCE } from "./limits.ts"
import { knownPosition, laterOf } from "./positions.ts"
import type { Reading } from "./reading.ts"

/** `TooLarge`: nothing was appended, the server takes so many bytes at once. */
export type Outcome = AppendResult | { readonly _tag: "TooLarge"; readonly bytes: number }

/** `null`: appended, but the server no longer knows where. */
type Position = string | null

const state = (expected: number) => (expected === -1 ? "no_stream" : BigInt(expected))

const call = async (client: KurrentDBClient, appends: ReadonlyArray<Append>): Promise<Position> => {
  const [first] = appends
  if (appends.length === 1) {
    const events = first!.events.map(toEventData)
    const { position } = await client.appendToStream(first!.stream, events, { streamState: state(first!.expected) })
    return position === undefined ? null : knownPosition(position.commit, position.prepare)
  }
  const { position } = await client.multiStreamAppend(
    appends.map(({ stream, expected, events }) => ({
      streamName: stream,
      expectedState: state(expected),
      events: events.map(toEventData),
    })),
  )
  return knownPosition(position, position)
}

export const makeAppending = Effect.fnUntraced(function* (writer: Renewable, reading: Reading) {
  const permits = yield* Semaphore.make(CALLS_AT_ONCE)

  /** Appends that were answered, whatever the answer was, by connection. */
  const answers = new WeakMap<KurrentDBClient, number>()
  const answersOf = (client: KurrentDBClient): number => answers.get(client) ?? 0

  /**
   * A connection on which others are answered meanwhile is not dead: the server is slow. To connect anew would take their answers
   * from those who wait too, and send all of it once more to a server that can't keep up.
   */
  const answered = Effect.fnUntraced(function* (client: KurrentDBClient, appends: ReadonlyArray<Append>) {
    const asked = call(client, appends)
    const noted = asked.finally(() => void answers.set(client, answersOf(client) + 1))
    // Nobody may be there any more to hear that it failed.
    noted.catch(() => undefined)
    const answer = Effect.tryPromise({ try: () => noted, catch: (cause) => toFailure(cause, appends[0]!.stream) })
    for (let waits = 1; ; waits++) {
      const before = answersOf(client)
      const found = yield* Effect.timeoutOption(answer, Duration.millis(APPEND_TIMEOUT_MS))
      if (Option.isSome(found) || waits === APPEND_WAITS || answersOf(client) === before) return found
    }
  })

  const attempt = Effect.fnUntraced(function* (appends: ReadonlyArray<Append>) {
    const client = writer.client()
    const answer = yield* answered(client, appends)
    if (Option.isSome(answer)) return answer.value
    yield* Effect.logWarning("no answer to an append in time: connecting anew")
    yield* writer.renew(client)
    return yield* Effect.fail<Failure>({ _tag: "Unknown", detail: "no answer in time" })
  })

  const tail = ({ stream, expected, events }: Append) =>
    reading.stream(stream, { from: expected + 1, backward: false, limit: events.length })

  /**
   * What a refused append finds: all of its own events, put there by an attempt whose answer was lost, or the streams that
   * have moved. The server compares ids only where it still finds them, so they are compared here.
   */
  const lookAfterConflict = Effect.fnUntraced(function* (appends: ReadonlyArray<Append>, named: string) {
    const moved: Array<string> = []
    let ours = 0
    let position: Position = null
    yield* Effect.forEach(
      appends,
      Effect.fnUntraced(function* (append) {
        const found = yield* tail(append)
        const isOurs =
          found.length === append.events.length && found.every(({ event }, i) => event.id === append.events[i]!.id)
        if (isOurs) {
          ours += 1
          position = laterOf(position, found.at(-1)!.event.position)
        }
        if (found.length > 0 || append.stream === named) moved.push(append.stream)
      }),
      { concurrency: STREAMS_AT_ONCE, discard: true },
    )
    const result: AppendResult =
      ours === appends.length && position !== null
        ? { _tag: "Appended", position }
        : { _tag: "Conflict", streams: moved }
    return result
  })

  /** Where an append ended that the server knows to be done and no longer knows where. */
  const placeOf = Effect.fnUntraced(function* (appends: ReadonlyArray<Append>) {
    let position: Position = null
    for (const append of appends) {
      const last = (yield* tail(append)).at(-1)
      position = laterOf(position, last?.event.position ?? null)
    }
    return position ?? (yield* reading.end) ?? ""
  })

  /** @param appends to one stream each, none empty; several only where the server appends to several at once */
  const append = Effect.fnUntraced(function* (appends: ReadonlyArray<Append>): Effect.fn.Return<Outcome, JournalError> {
    const result = yield* permits.withPermit(attempt(appends)).pipe(
      Effect.retry({ schedule: backoff(APPEND_TRIES), while: (failure) => failure._tag === "Unknown" }),
      Effect.map((position): { readonly position: Position } | Failure => ({ position })),
      Effect.catch((failure) => Effect.succeed(failure)),
    )
    if ("position" in result) return { _tag: "Appended", position: result.position ?? (yield* placeOf(appends)) }
    switch (result._tag) {
      case "Conflict":
        return yield* lookAfterConflict(appends, result.stream)
      case "TooLarge":
        return result
      case "Refused":
        return yield* result.error
      case "Unknown":
        yield* Effect.logWarning(`outcome of an append unknown after ${APPEND_TRIES} tries: ${result.detail}`)
        return { _tag: "Indeterminate" }
    }
  })
  return { append }
})
export type Appending = Effect.Success<ReturnType<typeof makeAppending>>
