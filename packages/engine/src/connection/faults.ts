/** Calls to the provider: made when the connection may call, and their faults turned into pauses of the connection. */
import * as streams from "@concordat/model/streams"
import type { BindingDoc, ConnectionDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { CallPriority, type Work } from "../budget/priority.ts"
import { PAUSED_LOOK_MS, PAUSED_REST_MS } from "../limits.ts"
import { appendTo } from "../operations/append.ts"
import { Journal } from "../ports/Journal.ts"
import type { ProviderError } from "../ports/ProviderError.ts"
import type { Parts } from "./parts.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

/** As it was last read: it is asked for before every call, and is seldom another. */
const lastDocs = new WeakMap<Parts, { readonly text: string; readonly doc: ConnectionDoc }>()

export const connectionDoc = Effect.fnUntraced(function* (parts: Parts) {
  const { tenant, connection } = parts
  const [text] = yield* parts.state.getMany([{ tenant, kind: "connection", key: connection }])
  if (text === null || text === undefined) return null
  const last = lastDocs.get(parts)
  if (last?.text === text) return last.doc
  const doc = JSON.parse(text) as ConnectionDoc
  lastDocs.set(parts, { text, doc })
  return doc
})

/** What its mapping is compiled from: the provider's own word and the document. */
export const bindingDoc = Effect.fnUntraced(function* (parts: Parts) {
  const { tenant, connection } = parts
  const [text] = yield* parts.state.getMany([{ tenant, kind: "binding", key: connection }])
  return text === null || text === undefined ? null : (JSON.parse(text) as BindingDoc)
})

export interface Gate {
  /** Waits while the connection is paused or its provider wants to be left alone. */
  readonly untilRunning: Effect.Effect<void, WorkerError>
  readonly isRunning: Effect.Effect<boolean, WorkerError>
  /** Whether it is paused, by the connection's document as it was just read. */
  readonly isPausedBy: (doc: ConnectionDoc | null) => boolean
  /** Stops calls until the reason is taken back, from this moment on, and in the journal. */
  readonly pause: (reason: string) => Effect.Effect<void, WorkerError>
  /** Why the worker itself has stopped calling, before the reconciler has taken note; null: it has not. */
  readonly heldBy: () => string | null
  /** One call to the provider, for which the connection has to be running. */
  readonly call: <A>(work: Work, call: Effect.Effect<A, ProviderError>) => Effect.Effect<A, ProviderError | WorkerError>
  /** The same without waiting for anything but the budget. */
  readonly callNow: Gate["call"]
  /** A write that is begun. Where nobody knows whether it was taken it counts as repeated once it is sent again. */
  readonly write: Gate["call"]
}

/** Pauses that the worker asked for itself, until the reconciler has taken note and somebody has resumed. */
interface Held {
  readonly reason: string
  /** Id of the event that says so; null: it is being appended. */
  event: string | null
}

/** Why a worker pauses its connection, as people read it. */
export const PAUSES = {
  authorisation: "authorisation",
  permission: "permission",
  /** See `following.ts`. */
  restored: "the journal was restored: the app has to send all that it has",
} as const

const REASONS: Partial<Record<ProviderError["reason"]["_tag"], string>> = {
  AuthLost: PAUSES.authorisation,
  Forbidden: PAUSES.permission,
}

const DETAIL = 200

/** The call and what went wrong; a provider's own words only where they speak of the connection and of no record. */
const inWords = ({ operation, reason }: ProviderError): string => {
  const isOfConnection = reason._tag === "Unavailable" || reason._tag === "AuthLost" || reason._tag === "Forbidden"
  return `${operation}: ${reason._tag}${isOfConnection && reason.detail !== "" ? `: ${reason.detail.slice(0, DETAIL)}` : ""}`
}

export const makeGate = (parts: Parts): Gate => {
  const store = asWorkerError(parts.connection)
  let held: Held | null = null

  const pause = Effect.fnUntraced(function* (reason: string) {
    if (held?.reason === reason) return
    const mine: Held = { reason, event: null }
    held = mine
    yield* Effect.logWarning("connection paused", { connection: parts.connection, reason })
    const data = { _tag: "ConnectionPaused", connection: parts.connection, reason }
    const said = [{ type: "ConnectionPaused", data }]
    const { id } = yield* appendTo(streams.connection(parts.tenant, parts.connection), said).pipe(
      Effect.provideService(Journal, parts.journal),
    )
    mine.event = id
  })

  const isPausedBy = (doc: ConnectionDoc | null): boolean => {
    if (doc === null) return held !== null
    // The pause is known by its event: it may have been taken note of and taken back since anybody looked here.
    if (held !== null && held.event !== null && doc.pausedBy?.[held.reason] === held.event)
      if (!doc.paused.includes(held.reason)) held = null
    return held !== null || doc.closed || doc.paused.length > 0
  }
  const opened = store(connectionDoc(parts))

  const untilRunning = Effect.gen(function* () {
    for (;;) {
      if (!isPausedBy(yield* opened)) break
      yield* parts.news.within(Math.min(PAUSED_REST_MS, parts.news.lookIn(yield* parts.tick, PAUSED_LOOK_MS)))
    }
    yield* parts.budget.untilOpen
  })

  const noteFault = Effect.fnUntraced(function* (error: ProviderError, isWrite: boolean) {
    const { reason } = error
    const isOpen = isWrite && reason._tag === "Unavailable" && reason.effect === "unknown"
    // Whoever made the call makes it again when the fault has passed.
    if (error.transient && !isOpen) parts.counting.add("retries")
    switch (reason._tag) {
      case "RateLimited":
        parts.counting.add("rateLimits")
        yield* parts.budget.limited(reason)
        break
      case "Unavailable":
        yield* parts.budget.unavailable
        break
      case "AuthLost":
      case "Forbidden":
        yield* store(pause(REASONS[reason._tag]!))
        break
      default:
        return
    }
    parts.counting.fault(inWords(error), yield* parts.tick)
  })

  const calling = <A>(work: Work, call: Effect.Effect<A, ProviderError>, isWrite: boolean) =>
    Effect.suspend(() => {
      parts.counting.add("calls")
      return call
    }).pipe(
      Effect.provideService(CallPriority, work),
      Effect.tap(() => {
        parts.counting.fault(null)
        return parts.budget.succeeded
      }),
      Effect.tapError((error) => noteFault(error, isWrite)),
    )
  const callNow: Gate["call"] = (work, call) => calling(work, call, false)

  return {
    untilRunning,
    isRunning: Effect.flatMap(opened, (doc) =>
      Effect.map(parts.tick, (now) => !isPausedBy(doc) && parts.budget.openAt() <= now),
    ),
    isPausedBy,
    pause: (reason) => store(pause(reason)),
    heldBy: () => held?.reason ?? null,
    call: (work, call) => Effect.andThen(untilRunning, callNow(work, call)),
    callNow,
    write: (work, call) => calling(work, call, true),
  }
}

/** Repeats while the fault is one that passes by itself; the gate waits in between. */
export const persistently = <A>(
  effect: Effect.Effect<A, ProviderError | WorkerError>,
): Effect.Effect<A, ProviderError | WorkerError> =>
  Effect.retry(effect, {
    while: (error) =>
      error._tag === "ProviderError" &&
      (error.transient || error.reason._tag === "AuthLost" || error.reason._tag === "Forbidden"),
  })
