/** The reconciler's runner: reads input events in order, decides each, commits a batch of decisions with its checkpoint. */
import { readEvent } from "@concordat/model/events/stored"
import { INPUT_CATEGORIES, partitionOf, tenantOf } from "@concordat/model/streams"
import type { Compilers } from "@concordat/rules/reconcile/context"
import { foreseen, foreseenThen } from "@concordat/rules/reconcile/foreseen"
import { type Input, reconcile } from "@concordat/rules/reconcile/reconcile"
import type { DecidedEvent, Wake } from "@concordat/rules/state/transaction"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { CACHED_CHARACTERS, CACHED_TENANTS, COMMIT_AGAIN_MS, DECIDED_EVENTS } from "../limits.ts"
import { type BusError, pushSubject } from "../ports/Bus.ts"
import { Commit, type Unit } from "../ports/Commit.ts"
import { type Append, Journal, type JournalError, type NewEvent, type RecordedEvent } from "../ports/Journal.ts"
import { type DocumentWrite, State, type StateError } from "../ports/State.ts"
import { Documents } from "./Documents.ts"

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

type Failures = JournalError | StateError | BusError | ReconcilerStopped

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

/**
 * A batch in parts that are decided one after the other: an event that names hundreds of entities loads them all, and has a
 * part of its own, or a first sync would end with every entity in memory.
 */
export const partsOf = (events: ReadonlyArray<RecordedEvent>): ReadonlyArray<ReadonlyArray<RecordedEvent>> => {
  const parts: Array<Array<RecordedEvent>> = []
  let open: Array<RecordedEvent> | null = null
  for (const event of events) {
    if (event.type === "EntitiesListed") {
      parts.push([event])
      open = null
    } else if (open === null) parts.push((open = [event]))
    else open.push(event)
  }
  return parts
}

const prefixes = INPUT_CATEGORIES.map((category) => `${category}-`)

/** Makes the runner; `run` goes on for ever, `drain` decides what there is and returns how many events that were. */
export const makeReconciler = Effect.fn("makeReconciler")(function* (compilers: Compilers) {
  const journal = yield* Journal
  const state = yield* State
  const store = yield* Commit
  const tenants = new Map<string, Documents>()
  let progress: Progress = { decided: 0, position: null }

  const documentsOf = (tenant: string): Documents => {
    const known =
      tenants.get(tenant) ??
      new Documents(state, tenant, Math.floor(CACHED_CHARACTERS / Math.max(1, Math.min(tenants.size + 1, 8))))
    tenants.delete(tenant)
    tenants.set(tenant, known)
    return known
  }
  /** Not those of the batch that is being committed: what they hold is nowhere else yet. */
  const forgetTenants = (busy: ReadonlySet<string>): void => {
    for (const oldest of tenants.keys()) {
      if (tenants.size <= CACHED_TENANTS) return
      if (!busy.has(oldest)) tenants.delete(oldest)
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
    return { tenant, cause, input: decoded.success as Input }
  })

  /** Decides a batch, each tenant's events in their order. */
  const decideAll = Effect.fnUntraced(function* (events: ReadonlyArray<RecordedEvent>) {
    const decided: Array<DecidedEvent> = []
    const wakes = new Map<string, { tenant: string; wake: Wake }>()
    const readings = yield* Effect.forEach(events, read)
    for (const [tenant, ofTenant] of Map.groupBy(readings, (one) => one.tenant)) {
      const documents = documentsOf(tenant)
      yield* documents.prefetch(ofTenant.flatMap(({ input }) => foreseen(input)))
      yield* documents.prefetch(
        ofTenant.flatMap(({ input }) => foreseenThen(input, (kind, key) => documents.known(kind, key))),
      )
      yield* documents.decideAll(
        ofTenant,
        (loaded, { cause, input }) => reconcile(loaded, compilers, cause, input),
        ({ input }) => input._tag !== "EntitiesListed",
        (said, decision) => {
          decided.push(...said)
          for (const wake of decision.wakes) wakes.set(`${tenant}|${wake.connection}|${wake.entity}`, { tenant, wake })
        },
      )
    }
    return { decided, wakes: [...wakes.values()] }
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

  const commitUnit = Effect.fnUntraced(function* (unit: Unit) {
    let { appends } = unit
    for (;;) {
      const result = yield* store.commit({ ...unit, appends })
      if (result._tag === "Appended") return
      if (result._tag === "Conflict") {
        const adopted = yield* Effect.forEach(appends, (append) =>
          result.streams.includes(append.stream) ? adopt(append) : Effect.succeed(append),
        )
        appends = adopted.filter((append) => append.events.length > 0)
      } else yield* Effect.sleep(COMMIT_AGAIN_MS)
    }
  })

  /**
   * Decides a batch. `takeOff` is for when nothing else is being committed and before anything else is decided: what it
   * answers commits this batch and no more.
   */
  const decideBatch = Effect.fnUntraced(function* (events: ReadonlyArray<RecordedEvent>) {
    const { decided, wakes } = yield* decideAll(events)
    const last = events.at(-1)!
    const names = new Set(events.map((event) => tenantOf(event.stream)))
    const touched = [...names].map(documentsOf)
    const commit = Effect.fnUntraced(function* (parts: ReadonlyArray<ReturnType<Documents["takeOff"]>>) {
      const documents: Array<DocumentWrite> = []
      for (const { writes } of parts) documents.push(...(yield* writes))
      const unit: Unit = {
        appends: appendsOf(decided),
        documents,
        commands: wakes.map(({ tenant, wake }) => ({
          subject: pushSubject(partitionOf(tenant), tenant, wake.connection),
          id: `${tenant}|${wake.connection}|${wake.entity}|${wake.seq}`,
          body: JSON.stringify({ entity: wake.entity, seq: wake.seq }),
        })),
        checkpoint: { name: CHECKPOINT, position: last.position, eventId: last.id },
      }
      yield* commitUnit(unit)
      for (const { done } of parts) done()
      progress = { decided: progress.decided + events.length, position: last.position }
    })
    return { names, takeOff: () => commit(touched.map((documents) => documents.takeOff())) }
  })

  /** Decides batch after batch, each while the one before it is being committed. */
  const decideBatches = <R>(batches: Stream.Stream<ReadonlyArray<RecordedEvent>, Failures, R>) =>
    Effect.scoped(
      Effect.gen(function* () {
        const failed = yield* Deferred.make<never, Failures>()
        let flying: Fiber.Fiber<void, Failures> | null = null
        const landed = Effect.suspend(() => (flying === null ? Effect.void : Fiber.join(flying)))
        const all = Stream.runForEach(
          Stream.flatMap(batches, (events) => Stream.fromIterable(partsOf(events))),
          (events) =>
            Effect.gen(function* () {
              const { names, takeOff } = yield* decideBatch(events)
              yield* landed
              flying = yield* Effect.forkScoped(Effect.onError(takeOff(), (cause) => Deferred.failCause(failed, cause)))
              forgetTenants(names)
            }),
        )
        // A commit that fails while nothing new comes must be noticed too.
        yield* Effect.raceFirst(Effect.andThen(all, landed), Deferred.await(failed))
      }),
    )

  const run = Effect.gen(function* () {
    const after = yield* start
    const events = journal.subscribe({ after, prefixes }).pipe(
      Stream.filter((item) => item._tag === "Event"),
      Stream.map((item) => item.event),
      Stream.groupedWithin(DECIDED_EVENTS, "5 millis"),
    )
    yield* decideBatches(events)
    return yield* Effect.never
  })

  const drain = Effect.gen(function* () {
    const after = yield* start
    let count = 0
    const pages = Stream.paginate(after, (from) =>
      Effect.map(journal.readAll({ after: from, prefixes, limit: DECIDED_EVENTS }), ({ events }) => {
        count += events.length
        const last = events.at(-1)
        const page = last === undefined ? [] : [events]
        return [page, last === undefined ? Option.none() : Option.some(last.position)] as const
      }),
    )
    yield* decideBatches(pages)
    return count
  })

  return { run, drain, progress: Effect.sync(() => progress) } as const
})

export type Reconciler = Effect.Success<ReturnType<typeof makeReconciler>>
