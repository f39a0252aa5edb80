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
import { stepAside } from "../right-of-way.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

/** It is asked for before every call, and is seldom another. */
export const connectionDoc = (parts: Parts) => parts.planner.opened

/** What its mapping is compiled from: the provider's own word and the document. */
export const bindingDoc = Effect.fnUntraced(function* (parts: Parts) {
  const { tenant, connection } = parts
  const [text] = yield* parts.state.getMany([{ tenant, kind: "binding", key: connection }])
  return text === null || text === undefined ? null : (JSON.parse(text) as BindingDoc)
})

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

/** Pauses that the worker asked for itself, until the reconciler has taken note and somebody has resumed. */
interface Held {
  readonly reason: string
  /** Id of the event that says so; null: it is being appended. */
  event: string | null
}

export class Gate {
  readonly parts: Parts
  held: Held | null = null

  constructor(parts: Parts) {
    this.parts = parts
  }

  /** Waits while the connection is paused or its provider wants to be left alone. */
  get untilRunning(): Effect.Effect<void, WorkerError> {
    return untilRunning(this)
  }

  get isRunning(): Effect.Effect<boolean, WorkerError> {
    return isRunning(this)
  }

  /** Whether it is paused, by the connection's document as it was just read. */
  isPausedBy(doc: ConnectionDoc | null): boolean {
    const { held } = this
    if (doc === null) return held !== null
    // The pause is known by its event: it may have been taken note of and taken back since anybody looked here.
    if (held !== null && held.event !== null && doc.pausedBy?.[held.reason] === held.event)
      if (!doc.paused.includes(held.reason)) this.held = null
    return this.held !== null || doc.closed || doc.paused.length > 0
  }

  /** Stops calls until the reason is taken back, from this moment on, and in the journal. */
  pause(reason: string): Effect.Effect<void, WorkerError> {
    return pause(this, reason)
  }

  /** Why the worker itself has stopped calling, before the reconciler has taken note; null: it has not. */
  get heldBy(): string | null {
    return this.held?.reason ?? null
  }

  /** One call to the provider, for which the connection has to be running. */
  call<A>(work: Work, call: Effect.Effect<A, ProviderError>): Effect.Effect<A, ProviderError | WorkerError> {
    return Effect.andThen(this.untilRunning, this.callNow(work, call))
  }

  /** The same without waiting for anything but the budget. */
  callNow<A>(work: Work, call: Effect.Effect<A, ProviderError>): Effect.Effect<A, ProviderError | WorkerError> {
    return calling(this, work, call)
  }

  /** A write that is begun. Where nobody knows whether it was taken it counts as repeated once it is sent again. */
  write<A>(call: Effect.Effect<A, ProviderError>): Effect.Effect<A, ProviderError | WorkerError> {
    return calling(this, "write", call)
  }
}

const opened = (parts: Parts) => asWorkerError(parts.connection)(connectionDoc(parts))

const untilRunning = Effect.fnUntraced(function* (gate: Gate) {
  const { budget, news, tenant, tick } = gate.parts
  for (;;) {
    if (!gate.isPausedBy(yield* opened(gate.parts))) break
    const lookIn = Math.min(PAUSED_REST_MS, news.lookIn(yield* tick, PAUSED_LOOK_MS))
    yield* stepAside(tenant, news.within(lookIn))
  }
  yield* stepAside(tenant, budget.untilOpen)
})

const isRunning = Effect.fnUntraced(function* (gate: Gate) {
  const isPaused = gate.isPausedBy(yield* opened(gate.parts))
  return !isPaused && gate.parts.budget.openAt() <= (yield* gate.parts.tick)
})

const pause = Effect.fnUntraced(function* (gate: Gate, reason: string) {
  const { connection, journal, tenant } = gate.parts
  if (gate.held?.reason === reason) return
  const mine: Held = { reason, event: null }
  gate.held = mine
  yield* Effect.logWarning("connection paused", { connection, reason })
  const data = { _tag: "ConnectionPaused", connection, reason }
  const said = [{ type: "ConnectionPaused", data }]
  const { id } = yield* appendTo(streams.connection(tenant, connection), said).pipe(
    Effect.provideService(Journal, journal),
    asWorkerError(connection),
  )
  mine.event = id
})

const noteFault = Effect.fnUntraced(function* (gate: Gate, error: ProviderError, isWrite: boolean) {
  const { budget, counting, tick } = gate.parts
  const { reason } = error
  const isOpen = isWrite && reason._tag === "Unavailable" && reason.effect === "unknown"
  // Whoever made the call makes it again when the fault has passed.
  if (error.transient && !isOpen) counting.add("retries")
  switch (reason._tag) {
    case "RateLimited":
      counting.add("rateLimits")
      yield* budget.limited(reason)
      break
    case "Unavailable":
      yield* budget.unavailable
      break
    case "AuthLost":
    case "Forbidden":
      yield* gate.pause(REASONS[reason._tag]!)
      break
    default:
      return
  }
  counting.fault(inWords(error), yield* tick)
})

const calling = <A>(gate: Gate, work: Work, call: Effect.Effect<A, ProviderError>) => {
  const { budget, counting, tenant } = gate.parts
  return Effect.suspend(() => {
    counting.add("calls")
    return stepAside(tenant, call)
  }).pipe(
    Effect.provideService(CallPriority, work),
    Effect.tap(() => {
      counting.fault(null)
      return budget.succeeded
    }),
    Effect.tapError((error) => noteFault(gate, error, work === "write")),
  )
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
