/** The reconciler's runner: reads input events in order, decides each, commits a batch of decisions with its checkpoint. */
import { readEvent } from "@concordat/model/events/stored"
import { partitionOf, tenantOf } from "@concordat/model/streams"
import type { Compilers } from "@concordat/rules/reconcile/context"
import { foreseen, foreseenCandidates, foreseenLast, foreseenThen } from "@concordat/rules/reconcile/foreseen"
import { type Input, reconcile } from "@concordat/rules/reconcile/reconcile"
import type { DecidedEvent, Wake } from "@concordat/rules/state/transaction"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import {
  ADOPTED_AT_ONCE,
  CACHED_CHARACTERS,
  CACHED_TENANTS,
  COMMIT_AGAIN_MS,
  DECIDED_EVENTS,
  GATHER_MS,
  MANY_EVENTS,
} from "../limits.ts"
import { type BusError, pushSubject } from "../ports/Bus.ts"
import { Commit, type Unit } from "../ports/Commit.ts"
import { type Append, Journal, type JournalError, type RecordedEvent } from "../ports/Journal.ts"
import type { LeaseToken } from "../ports/Leases.ts"
import { type DocumentWrite, State, type StateError } from "../ports/State.ts"
import { checkpointOf, inputOf } from "../ownership/shares.ts"
import { appendsOf } from "./decided-events.ts"
import { Documents } from "./Documents.ts"
import { type PartitionFence, takeFence } from "./partition-fence.ts"
import { ReconcilerStopped } from "./ReconcilerStopped.ts"

type Failures = JournalError | StateError | BusError | ReconcilerStopped

export interface Progress {
  /** Input events decided so far, and the position of the last. */
  readonly decided: number
  readonly position: string | null
}

/**
 * A batch in parts that are decided one after the other, none of more than `DECIDED_EVENTS`: an event that names hundreds of
 * entities loads them all, and has a part of its own, or a first sync would end with every entity in memory.
 */
export const partsOf = (events: ReadonlyArray<RecordedEvent>): ReadonlyArray<ReadonlyArray<RecordedEvent>> => {
  const parts: Array<Array<RecordedEvent>> = []
  let open: Array<RecordedEvent> | null = null
  for (const event of events) {
    if (event.type === "EntitiesListed") {
      parts.push([event])
      open = null
    } else if (open === null || open.length >= DECIDED_EVENTS) parts.push((open = [event]))
    else open.push(event)
  }
  return parts
}

export interface ReconcilerOptions {
  /** Name of the share that is decided; default: the one of all partitions. */
  readonly share?: string
  /** Where processes own shares; absent: there is only one. */
  readonly lease?: LeaseToken
}

/** Makes the runner; `run` goes on for ever, `drain` decides what there is and returns how many events that were. */
export const makeReconciler = Effect.fn("makeReconciler")(function* (
  compilers: Compilers,
  { lease, share = "" }: ReconcilerOptions = {},
) {
  const journal = yield* Journal
  const state = yield* State
  const store = yield* Commit
  const [prefixes, checkpointName] = [inputOf(share), checkpointOf(share)]
  const leased = lease === undefined ? {} : { lease }
  let fence: PartitionFence | null = null
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
    // First of all: what a former owner appends after this word is refused, and what it appended before is there to be read.
    fence = lease === undefined ? null : yield* takeFence(journal, share, lease)
    const checkpoint = yield* state.checkpoint(checkpointName)
    if (checkpoint === null) return null
    const event = yield* journal.at(checkpoint.position)
    if (event?.id !== checkpoint.eventId) {
      return yield* new ReconcilerStopped({
        reason: "foreign checkpoint",
        detail:
          `the state was made from another journal, or from more of it: at ${checkpoint.position} the journal has ` +
          `${event === null ? "nothing" : "another event"}; restore the journal, or drop the state to rebuild it`,
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
      const known = (kind: string, key: string): unknown => documents.known(kind, key)
      yield* documents.prefetch(ofTenant.flatMap(({ input }) => foreseenThen(input, known)))
      yield* documents.prefetch(ofTenant.flatMap(({ input }) => foreseenLast(input, known, compilers)))
      yield* documents.prefetch(ofTenant.flatMap(({ input }) => foreseenCandidates(input, known, compilers)))
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
    const word = fence !== null && appends.length > 0 ? fence.word(progress.position, unit.checkpoint!.position) : null
    let isSaid = false
    for (;;) {
      // What was appended under a fence before needs none again.
      const said = word === null || isSaid || appends.length === 0 ? [] : [word]
      const result = yield* store.commit({ ...unit, appends: [...appends, ...said] })
      if (result._tag === "Appended") {
        if (said.length > 0) fence?.said()
        return
      }
      if (result._tag === "Conflict") {
        if (said.length > 0 && result.streams.includes(word!.stream)) {
          yield* fence!.adopt(word!)
          isSaid = true
        }
        const moved = new Set(result.streams)
        const adopted = yield* Effect.forEach(
          appends,
          (append) => (moved.has(append.stream) ? adopt(append) : Effect.succeed(append)),
          { concurrency: ADOPTED_AT_ONCE },
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
        checkpoint: { name: checkpointName, position: last.position, eventId: last.id },
        ...leased,
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
              // Where much comes more is to come, and costs less an event together. Who comes alone waits for nobody.
              if (events.length >= MANY_EVENTS && events.length < DECIDED_EVENTS) yield* Effect.sleep(GATHER_MS)
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
      // What comes while a batch is decided is the next one; who comes alone does not wait for others.
      Stream.buffer({ capacity: DECIDED_EVENTS }),
      Stream.chunks,
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
