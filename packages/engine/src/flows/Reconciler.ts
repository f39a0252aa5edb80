/** The reconciler's runner: reads input events, decides each tenant's in order, commits a part of them with its checkpoint. */
import { readEvent } from "@concordat/model/events/stored"
import { partitionOf, tenantOf } from "@concordat/model/streams"
import { EDITION } from "@concordat/rules/edition"
import type { Compilers } from "@concordat/rules/reconcile/context"
import {
  foreseen,
  foreseenAlone,
  foreseenCandidates,
  foreseenLast,
  foreseenThen,
} from "@concordat/rules/reconcile/foreseen"
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
  CACHED_PART,
  CACHED_TENANTS,
  COMMIT_AGAIN_MS,
  DECIDED_EVENTS,
  GATHER_MS,
  LITTLE,
  MANY_EVENTS,
} from "../limits.ts"
import { type BusError, pushSubject } from "../ports/Bus.ts"
import { Commit, type Unit } from "../ports/Commit.ts"
import { type Append, Journal, type JournalError, type RecordedEvent } from "../ports/Journal.ts"
import type { LeaseToken } from "../ports/Leases.ts"
import { type DocumentWrite, State, type StateError } from "../ports/State.ts"
import { checkpointOf, inputOf } from "../ownership/shares.ts"
import { giveWay, goFirst, inStretches, RightOfWay } from "../right-of-way.ts"
import { appendsOf } from "./decided-events.ts"
import { Documents } from "./Documents.ts"
import { makeFilling, type Page } from "./filling.ts"
import { isDecided } from "./lifted.ts"
import { type PartitionFence, takeFence } from "./partition-fence.ts"
import { foreignPlace } from "./reached.ts"
import { foreignCheckpoint, ReconcilerStopped } from "./ReconcilerStopped.ts"
import { type Reached, Window } from "./Window.ts"

type Failures = JournalError | StateError | BusError | ReconcilerStopped

export interface Progress {
  /** Input events decided so far, and the position up to which all are. */
  readonly decided: number
  readonly position: string | null
}

/** What a decision will ask for, one look after the other: each needs what those before it have loaded. */
const FORESEEN = [foreseen, foreseenThen, foreseenLast, foreseenCandidates] as const
/** The first look where there are few. */
const foreseenFew = (...[input, known, compilers]: Parameters<typeof foreseenAlone>) => [
  ...foreseen(input),
  ...foreseenAlone(input, known, compilers),
]

interface How {
  /** Where much comes more is waited for. */
  readonly gathers: boolean
  /** Nobody waits for who fills the window; else all is decided as it was read. */
  readonly leavesOut: boolean
}

export interface ReconcilerOptions {
  /** Name of the share that is decided; default: the one of all partitions. */
  readonly share?: string
  /** Where processes own shares; absent: there is only one. */
  readonly lease?: LeaseToken
  /** Told of an epoch in the journal that is later than the lease's. */
  readonly surpass?: (epoch: number) => Effect.Effect<void>
}

/** Makes the runner; `run` goes on for ever, `drain` decides what there is and returns how many events that were. */
export const makeReconciler = Effect.fn("makeReconciler")(function* (
  compilers: Compilers,
  { lease, share = "", surpass }: ReconcilerOptions = {},
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
      new Documents(state, tenant, Math.floor(CACHED_CHARACTERS / Math.max(1, Math.min(tenants.size + 1, CACHED_PART))))
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
    fence = lease === undefined ? null : yield* takeFence(journal, share, lease, surpass)
    const checkpoint = yield* state.checkpoint(checkpointName)
    const place = checkpoint === null ? null : yield* foreignPlace(journal, checkpoint)
    if (place !== null)
      return yield* foreignCheckpoint(place.position, place.found === null ? "nothing" : "another event")
    progress = { ...progress, position: checkpoint?.position ?? null }
    return { after: progress.position, window: new Window(checkpoint) }
  })

  const read = (event: RecordedEvent) => {
    const decoded = readEvent(event.type, event.data, event.metadata)
    if (Result.isFailure(decoded)) {
      const detail = `${event.stream}@${event.revision}: ${decoded.failure.message}`
      return Result.fail(new ReconcilerStopped({ reason: "unreadable event", detail }))
    }
    const tenant = tenantOf(event.stream)
    const input = decoded.success as Input
    if (input._tag === "ConnectionOpened" && input.edition > EDITION) {
      const detail = `${event.stream}@${event.revision} opens edition ${input.edition} of the rules, this engine has ${EDITION}; upgrade it`
      return Result.fail(new ReconcilerStopped({ reason: "newer edition", detail }))
    }
    const correlation = event.metadata["$correlationId"] ?? event.id
    const cause = { tenant, event: event.id, correlation, at: Date.parse(event.metadata["at"] ?? "") }
    return Result.succeed({ cause, input })
  }

  /** Decides a part, each tenant's events in their order. `between`: what goes before much of one tenant. */
  const decideAll = Effect.fnUntraced(function* (
    byTenant: ReadonlyMap<string, ReadonlyArray<RecordedEvent>>,
    between: Effect.Effect<void, Failures>,
  ) {
    const wakes = new Map<string, { tenant: string; wake: Wake }>()
    const decideOf = Effect.fnUntraced(function* ([tenant, events]: readonly [string, ReadonlyArray<RecordedEvent>]) {
      const said: Array<DecidedEvent> = []
      const pause = Effect.andThen(giveWay(tenant), between)
      const readings = yield* Effect.fromResult(Result.all(yield* inStretches(tenant, events, read, pause)))
      const documents = documentsOf(tenant)
      const known = (kind: string, key: string): unknown => documents.known(kind, key)
      const looks = events.length < MANY_EVENTS ? [foreseenFew, ...FORESEEN.slice(1)] : FORESEEN
      for (const ahead of looks) {
        const names = yield* inStretches(tenant, readings, ({ input }) => ahead(input, known, compilers), pause)
        yield* documents.prefetch(names.flat(), pause)
      }
      yield* documents.decideAll(
        readings,
        (loaded, { cause, input }) => reconcile(loaded, compilers, cause, input),
        ({ input }) => input._tag !== "EntitiesListed",
        (decided, decision) => {
          said.push(...decided)
          for (const wake of decision.wakes) wakes.set(`${tenant}|${wake.connection}|${wake.entity}`, { tenant, wake })
        },
        pause,
      )
      return said
    })
    const decided = yield* Effect.forEach(byTenant, decideOf, { concurrency: "unbounded" })
    return { decided: decided.flat(), wakes: [...wakes.values()] }
  })

  /** What is in the journal already was decided before: it is adopted. */
  const adopt = Effect.fnUntraced(function* (append: Append) {
    const tail = yield* journal.read(append.stream, {
      from: append.expected + 1,
      direction: "forward",
      limit: append.events.length,
    })
    for (const [index, event] of tail.entries()) {
      if (isDecided(event, append.events[index])) continue
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
   * Decides a part of what is in the window. `takeOff` is for when nothing else is being committed and before anything else
   * is decided of its tenants: what it answers commits this part and no more.
   */
  const decidePart = Effect.fnUntraced(function* (
    window: Window,
    events: ReadonlyArray<RecordedEvent>,
    between: Effect.Effect<void, Failures>,
  ) {
    const byTenant = Map.groupBy(events, ({ stream }) => tenantOf(stream))
    const names: ReadonlySet<string> = new Set(byTenant.keys())
    const [first] = names
    const isLittle = [...byTenant.values()].every(({ length }) => length <= LITTLE)
    const hurried = <A, E, R>(work: Effect.Effect<A, E, R>) => (isLittle ? goFirst(first!, work) : work)
    const { decided, wakes } = yield* hurried(decideAll(byTenant, between))
    const touched = [...names].map(documentsOf)
    const commit = Effect.fnUntraced(function* (parts: ReadonlyArray<ReturnType<Documents["takeOff"]>>, to: Reached) {
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
        checkpoint: { name: checkpointName, ...to },
        ...leased,
      }
      yield* commitUnit(unit)
      for (const { done } of parts) done()
      progress = { decided: progress.decided + events.length, position: to.position }
    })
    const takeOff = () => {
      const taken = touched.map((documents) => documents.takeOff())
      return hurried(commit(taken, window.decided(events)))
    }
    return { names, takeOff }
  })

  /** Decides part after part of what is read, each while the one before it is being committed; answers how many facts. */
  const decideRead = <R>(window: Window, pages: Stream.Stream<Page, Failures, R>, { gathers, leavesOut }: How) =>
    Effect.scoped(
      Effect.gen(function* () {
        const failed = yield* Deferred.make<never, Failures>()
        const [scope, ways] = [yield* Effect.scope, yield* RightOfWay]
        /** Tenants of parts that are being decided. */
        const busy = new Set<string>()
        const onNews = (): void => {
          if (window.hasLittle(busy)) for (const tenant of busy) ways.goOn(tenant)
        }
        const forked = <R2>(work: Effect.Effect<void, Failures, R2>) =>
          Effect.forkIn(
            Effect.onError(work, (cause) => Deferred.failCause(failed, cause)),
            scope,
          )
        const filling = makeFilling(window, journal, { pages, leavesOut, onNews })
        yield* forked(filling.run)
        let flying: Fiber.Fiber<void, Failures> | null = null
        const landed = Effect.suspend(() => (flying === null ? Effect.void : Fiber.join(flying)))
        let count = 0
        const decide = (events: ReadonlyArray<RecordedEvent>, between: Effect.Effect<void, Failures>) =>
          Effect.gen(function* () {
            const { names, takeOff } = yield* decidePart(window, events, between)
            yield* landed
            flying = yield* forked(takeOff())
            count += events.length
            filling.taken()
            forgetTenants(names.union(busy))
          })
        let isBetween = false
        /** Who has little waits for no more than a stretch of who has much. */
        const littleFirst = Effect.suspend(() => {
          const events = isBetween ? [] : window.takeLittle(busy)
          if (events.length === 0) return Effect.void
          isBetween = true
          const ended = Effect.sync(() => {
            isBetween = false
          })
          return Effect.ensuring(decide(events, Effect.void), ended)
        })
        const deciding = Effect.gen(function* () {
          for (;;) {
            filling.news.closeUnsafe()
            busy.clear()
            const events = window.take()
            if (events.length === 0) {
              if (filling.isEnded()) return count
              yield* filling.news.await
              continue
            }
            for (const { stream } of events) busy.add(tenantOf(stream))
            yield* decide(events, littleFirst)
            // Where much comes more is to come, and costs less an event together. Who comes alone waits for nobody.
            const isMany = events.length >= MANY_EVENTS && events.length < DECIDED_EVENTS
            if (gathers && isMany && !window.isContended && !window.hasWaiting) yield* Effect.sleep(GATHER_MS)
          }
        })
        // A commit that fails while nothing new comes must be noticed too.
        return yield* Effect.raceFirst(Effect.tap(deciding, landed), Deferred.await(failed))
      }),
    )

  const run = Effect.gen(function* () {
    const { after, window } = yield* start
    const facts = journal.subscribe({ after, prefixes }).pipe(
      Stream.chunks,
      Stream.map((items): Page => ({
        events: items.flatMap((item) => (item._tag === "Event" ? [item.event] : [])),
        isEnd: items.some((item) => item._tag === "CaughtUp"),
      })),
    )
    yield* decideRead(window, facts, { gathers: true, leavesOut: true })
    return yield* Effect.never
  })

  const drain = Effect.gen(function* () {
    const { after, window } = yield* start
    const pages = Stream.paginate(after, (from) =>
      Effect.map(journal.readAll({ after: from, prefixes, limit: DECIDED_EVENTS }), ({ events }) => {
        const last = events.at(-1)
        const page: Page = { events, isEnd: last === undefined }
        return [[page], last === undefined ? Option.none() : Option.some(last.position)] as const
      }),
    )
    return yield* decideRead(window, pages, { gathers: false, leavesOut: false })
  })

  return { run, drain, progress: Effect.sync(() => progress) } as const
})

export type Reconciler = Effect.Success<ReturnType<typeof makeReconciler>>
