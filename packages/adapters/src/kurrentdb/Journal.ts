/** The `Journal` port over KurrentDB and EventStoreDB. */
import { JournalError } from "@concordat/engine/ports/Journal"
import type { Append, AppendResult, Journal } from "@concordat/engine/ports/Journal"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { makeAppending } from "./appending.ts"
import type { Outcome } from "./appending.ts"
import { backoff } from "./backoff.ts"
import { bytesOfAppend } from "./chunks.ts"
import type { Clients } from "./clients.ts"
import { toFailure, toReadError } from "./failures.ts"
import type { Failure } from "./failures.ts"
import { makeForgetting } from "./forgetting.ts"
import {
  APPEND_BYTES,
  APPEND_TIMEOUT_MS,
  APPEND_TRIES,
  MESSAGE_BYTES,
  NAME_CHARACTERS,
  READ_TRIES,
  STREAMS_AT_ONCE,
  UNIT_BYTES,
  UNIT_EVENTS,
} from "./limits.ts"
import { makeReading } from "./reading.ts"
import { makeSkipping } from "./skipping.ts"
import { subscribe } from "./subscription.ts"
import { isHidden } from "./unit-names.ts"
import { makeUnits } from "./units.ts"
import { appendsMany } from "./wire.ts"

/** What no server takes, or what would not be found again. */
const checkUnit = (appends: ReadonlyArray<Append>): Effect.Effect<void, JournalError> => {
  const limit = (detail: string) => Effect.fail(new JournalError({ reason: "limit", detail }))
  const names = appends.map(({ stream }) => stream)
  if (new Set(names).size < names.length) return limit("two appends to one stream in a unit")
  for (const name of names) {
    if (name.length > NAME_CHARACTERS || name.length === 0 || !name.isWellFormed())
      return limit(`a stream's name has 1 to ${NAME_CHARACTERS} characters`)
    if (isHidden(name)) return limit(`stream ${name}: names that begin with $ or unit- are the journal's own`)
  }
  const events = appends.reduce((sum, append) => sum + append.events.length, 0)
  if (events > UNIT_EVENTS) return limit(`a unit has at most ${UNIT_EVENTS} events, this one has ${events}`)
  const bytes = appends.reduce((sum, append) => sum + bytesOfAppend(append), 0)
  if (bytes > UNIT_BYTES) return limit(`a unit has at most ${UNIT_BYTES} bytes, this one has ${bytes}`)
  return Effect.void
}

/** The server refuses two streams of one unit that differ in case alone. */
const differInCaseOnly = (appends: ReadonlyArray<Append>): boolean =>
  new Set(appends.map(({ stream }) => stream.toLowerCase())).size < appends.length

export const makeJournal = Effect.fnUntraced(function* (clients: Clients) {
  const reading = yield* makeReading(clients.reader)
  const appending = yield* makeAppending(clients.writer, reading)
  const forgetting = makeForgetting(reading, appending)
  const skipping = makeSkipping(reading, appending, forgetting)
  const units = makeUnits(reading, appending, forgetting)
  /** What a server refused once is not tried again. */
  let refusedBytes = Infinity

  const asksServer = Effect.fnUntraced(function* () {
    const client = clients.writer.client()
    const known = yield* Effect.tryPromise({ try: () => appendsMany(client), catch: (cause) => toFailure(cause) }).pipe(
      Effect.timeoutOption(Duration.millis(APPEND_TIMEOUT_MS)),
    )
    if (Option.isSome(known)) return known.value
    yield* clients.writer.renew(client)
    return yield* Effect.fail<Failure>({ _tag: "Unknown", detail: "the server did not say what it can do" })
  })
  /** Asked each time, since the node may have changed; the client remembers it for each connection. */
  const canAppendMany = Effect.suspend(asksServer).pipe(
    Effect.retry({ schedule: backoff(READ_TRIES), while: (failure) => failure._tag === "Unknown" }),
    Effect.mapError(toReadError),
  )

  /** The streams among those without events that are not where they are expected to be. */
  const movedAmong = Effect.fnUntraced(function* (checks: ReadonlyArray<Append>) {
    const heads = yield* Effect.forEach(checks, ({ stream }) => reading.head(stream), { concurrency: STREAMS_AT_ONCE })
    return checks.filter(({ expected }, i) => heads[i] !== null && heads[i] !== expected).map(({ stream }) => stream)
  })

  /** As a whole where the server takes it, else unit first. */
  const appendOnce = Effect.fnUntraced(function* (
    appends: ReadonlyArray<Append>,
  ): Effect.fn.Return<Outcome, JournalError> {
    const sizes = appends.map(bytesOfAppend)
    if (appends.length === 1 && sizes[0]! <= Math.min(APPEND_BYTES, refusedBytes))
      return yield* appending.append(appends)
    const many = yield* canAppendMany
    const total = sizes.reduce((sum, bytes) => sum + bytes, 0)
    const fits = total <= refusedBytes && sizes.every((bytes) => bytes <= MESSAGE_BYTES)
    if (many && fits && !differInCaseOnly(appends)) return yield* appending.append(appends)
    return yield* units.append(appends, Math.min(refusedBytes, many ? MESSAGE_BYTES : APPEND_BYTES))
  })

  const appendMany = Effect.fnUntraced(function* (
    given: ReadonlyArray<Append>,
  ): Effect.fn.Return<AppendResult, JournalError> {
    yield* checkUnit(given)
    const appends = given.filter(({ events }) => events.length > 0)
    if (appends.length < given.length) {
      const moved = yield* movedAmong(given.filter(({ events }) => events.length === 0))
      if (moved.length > 0) return { _tag: "Conflict", streams: moved }
      if (appends.length === 0) return { _tag: "Appended", position: (yield* reading.end) ?? "" }
    }
    for (let attempt = 0; attempt < APPEND_TRIES; attempt++) {
      const outcome = yield* appendOnce(appends)
      if (outcome._tag !== "TooLarge") return outcome
      refusedBytes = Math.min(refusedBytes, outcome.bytes)
      yield* Effect.logInfo(`the server takes ${outcome.bytes} bytes in one append: larger ones are split from now on`)
    }
    return { _tag: "Indeterminate" }
  })

  const read: Context.Service.Shape<typeof Journal>["read"] = Effect.fnUntraced(function* (stream, options) {
    const backward = options.direction === "backward"
    if (options.from === "end" && !backward) return []
    const found = yield* reading.stream(stream, { from: options.from, backward, limit: options.limit })
    // A unit that a crash left unfilled is completed before anybody goes on from what fenced it.
    yield* units.settle(found, Math.min(refusedBytes, APPEND_BYTES))
    return found.map(({ event }) => event)
  })

  const journal: Context.Service.Shape<typeof Journal> = {
    append: (append) => appendMany([append]),
    appendMany,
    read,
    readAll: reading.all,
    at: reading.at,
    subscribe: (options) => subscribe(clients, options),
    truncate: forgetting.truncate,
    // Not the server's own delete: that would let the stream begin anew, as if it had never been.
    delete: (stream) => forgetting.truncate(stream, Number.MAX_SAFE_INTEGER),
    skip: skipping,
    end: reading.end,
  }
  return journal
})
