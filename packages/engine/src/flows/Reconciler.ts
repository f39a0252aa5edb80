/** The reconciler's runner: reads input events in order, decides each, commits a batch of decisions with its checkpoint. */
import { readEvent } from "@concordat/model/events/stored"
import { INPUT_CATEGORIES, partitionOf, tenantOf } from "@concordat/model/streams"
import type { Compilers } from "@concordat/rules/reconcile/context"
import { foreseen } from "@concordat/rules/reconcile/foreseen"
import { type Input, reconcile } from "@concordat/rules/reconcile/reconcile"
import type { DecidedEvent, Decision, Loaded, Wake } from "@concordat/rules/state/transaction"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { pushSubject } from "../ports/Bus.ts"
import { Commit } from "../ports/Commit.ts"
import { type Append, Journal, type NewEvent, type RecordedEvent } from "../ports/Journal.ts"
import { State } from "../ports/State.ts"
import { Documents } from "./Documents.ts"

/** Events decided before they are committed together: one transaction for many, and not so many that live ones wait. */
const BATCH = 500
/** Parsed documents kept over all tenants: some 3 kB each, 60 MB in all. */
const DOCUMENTS = 20_000
/** Tenants whose documents are kept; the least recently used one goes. */
const TENANTS = 64
/** Questions to the state for a whole batch: after these, few decisions are left that miss anything. */
const AHEAD_ROUNDS = 4
const CHECKPOINT = "reconciler"

/** The journal does not say what was decided, or can't be read: nothing is guessed, the reconciler stops. */
export class ReconcilerStopped extends Schema.TaggedError<ReconcilerStopped>()("ReconcilerStopped", {
  reason: Schema.Literals(["unreadable event", "foreign checkpoint", "other decision in the journal"]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `the reconciler stopped (${this.reason}): ${this.detail}`
  }
}

const encode = (event: DecidedEvent): NewEvent => ({
  id: event.id,
  type: event.type,
  data: event.text,
  metadata: event.metadata,
})

/** Appends in the order of decision, one per stream. */
const appendsOf = (events: ReadonlyArray<DecidedEvent>): ReadonlyArray<Append> => {
  const byStream = new Map<string, { expected: number; events: Array<NewEvent> }>()
  for (const event of events) {
    const known = byStream.get(event.stream)
    if (known === undefined) byStream.set(event.stream, { expected: event.expected, events: [encode(event)] })
    else known.events.push(encode(event))
  }
  return [...byStream].map(([stream, append]) => ({ stream, ...append }))
}

export interface Progress {
  /** Input events decided so far, and the position of the last. */
  readonly decided: number
  readonly position: string | null
}

const prefixes = INPUT_CATEGORIES.map((category) => `${category}-`)

/** Makes the runner; `run` goes on for ever, `drain` decides what there is and returns how many events that were. */
export const makeReconciler = Effect.fn("makeReconciler")(function* (compilers: Compilers) {
  const journal = yield* Journal
  const state = yield* State
  const commit = yield* Commit
  const tenants = new Map<string, Documents>()
  let progress: Progress = { decided: 0, position: null }

  const documentsOf = (tenant: string): Documents => {
    const known =
      tenants.get(tenant) ??
      new Documents(state, tenant, Math.floor(DOCUMENTS / Math.max(1, Math.min(tenants.size + 1, 8))))
    tenants.delete(tenant)
    tenants.set(tenant, known)
    return known
  }
  const forgetTenants = (): void => {
    for (const oldest of tenants.keys()) {
      if (tenants.size <= TENANTS) return
      tenants.delete(oldest)
    }
  }

  const start = Effect.gen(function* () {
    // What was decided and not committed when a run ended is decided again.
    tenants.clear()
    const checkpoint = yield* state.checkpoint(CHECKPOINT)
    if (checkpoint === null) return null
    const end = yield* journal.end
    // The embedded commit is one transaction, so a state that is ahead of its journal belongs to another one.
    if (end === null) {
      return yield* new ReconcilerStopped({
        reason: "foreign checkpoint",
        detail: "the state is ahead of an empty journal; restore the journal, or drop the state to rebuild it",
      })
    }
    progress = { ...progress, position: checkpoint.position }
    return checkpoint.position
  })

  const read = Effect.fnUntraced(function* (event: RecordedEvent) {
    const decoded = readEvent(event.type, event.data, event.metadata)
    if (Result.isFailure(decoded)) {
      return yield* new ReconcilerStopped({
        reason: "unreadable event",
        detail: `${event.stream}@${event.revision}: ${decoded.failure.message}`,
      })
    }
    const tenant = tenantOf(event.stream)
    const correlation = event.metadata["$correlationId"] ?? event.id
    const cause = { tenant, event: event.id, correlation, at: Date.parse(event.metadata["at"] ?? "") }
    const input = decoded.success as Input
    return { tenant, input, decide: (loaded: Loaded) => reconcile(loaded, compilers, cause, input) }
  })

  type Reading = Effect.Success<ReturnType<typeof read>>

  /** Decides a batch, in its order: ahead where that holds, so that a batch costs a few questions to the state. */
  const decideAll = Effect.fnUntraced(function* (readings: ReadonlyArray<Reading>) {
    const decisions: Array<{ tenant: string; decision: Decision }> = []
    for (const [tenant, ofTenant] of Map.groupBy(readings, (one) => one.tenant)) {
      const documents = documentsOf(tenant)
      yield* documents.prefetch(ofTenant.flatMap(({ input }) => foreseen(input)))
      const ahead = yield* documents.ahead(
        ofTenant.map(({ decide }) => decide),
        AHEAD_ROUNDS,
      )
      for (const [index, { decide }] of ofTenant.entries()) {
        const decision = yield* documents.decide(decide, ahead[index])
        yield* documents.write(decision)
        decisions.push({ tenant, decision })
      }
    }
    return decisions
  })

  /** What is in the journal already, with the same ids, was decided before: it is adopted. */
  const adopt = Effect.fnUntraced(function* (append: Append) {
    const tail = yield* journal.read(append.stream, {
      from: append.expected + 1,
      direction: "forward",
      limit: append.events.length,
    })
    for (const [index, event] of tail.entries()) {
      if (event.id === append.events[index]?.id) continue
      return yield* new ReconcilerStopped({
        reason: "other decision in the journal",
        detail: `${append.stream}@${event.revision} is ${event.type} ${event.id}, this engine decides ${append.events[index]?.type}`,
      })
    }
    return { ...append, expected: append.expected + tail.length, events: append.events.slice(tail.length) }
  })

  const keep = Effect.fnUntraced(function* (events: ReadonlyArray<RecordedEvent>) {
    const decided: Array<DecidedEvent> = []
    const wakes = new Map<string, { tenant: string; wake: Wake }>()
    const readings = yield* Effect.forEach(events, read)
    for (const { decision, tenant } of yield* decideAll(readings)) {
      for (const one of decision.events) decided.push(one)
      for (const wake of decision.wakes) wakes.set(`${tenant}|${wake.connection}|${wake.entity}`, { tenant, wake })
    }
    const last = events.at(-1)!
    const touched = [...new Set(events.map((event) => tenantOf(event.stream)))].map(documentsOf)
    const documents = touched.flatMap((one) => one.pending())
    const commands = [...wakes.values()].map(({ tenant, wake }) => ({
      subject: pushSubject(partitionOf(tenant), tenant, wake.connection),
      id: `${tenant}|${wake.connection}|${wake.entity}|${wake.seq}`,
      body: JSON.stringify({ entity: wake.entity, seq: wake.seq }),
    }))
    let appends = appendsOf(decided)
    for (;;) {
      const result = yield* commit.commit({
        appends,
        documents,
        commands,
        checkpoint: { name: CHECKPOINT, position: last.position, eventId: last.id },
      })
      if (result._tag === "Appended") break
      if (result._tag === "Conflict") {
        const adopted = yield* Effect.forEach(appends, (append) =>
          result.streams.includes(append.stream) ? adopt(append) : Effect.succeed(append),
        )
        appends = adopted.filter((append) => append.events.length > 0)
      } else yield* Effect.sleep("50 millis")
    }
    for (const one of touched) one.committed()
    forgetTenants()
    progress = { decided: progress.decided + events.length, position: last.position }
  })

  const run = Effect.gen(function* () {
    const after = yield* start
    yield* journal.subscribe({ after, prefixes }).pipe(
      Stream.filter((item) => item._tag === "Event"),
      Stream.map((item) => item.event),
      Stream.groupedWithin(BATCH, "5 millis"),
      Stream.runForEach(keep),
    )
    return yield* Effect.never
  })

  const drain = Effect.gen(function* () {
    let after = yield* start
    let count = 0
    for (;;) {
      const page = yield* journal.readAll({ after, prefixes, limit: BATCH })
      if (page.events.length === 0) return count
      yield* keep(page.events)
      count += page.events.length
      after = page.events.at(-1)!.position
    }
  })

  return { run, drain, progress: Effect.sync(() => progress) } as const
})

export type Reconciler = Effect.Success<ReturnType<typeof makeReconciler>>
