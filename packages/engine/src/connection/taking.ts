/**
 * Records that a system pushes in, one call each: those that come while others are being made durable share the next
 * commit. Each of its own would wait for the disk in turn, some hundreds a second.
 */
import * as streams from "@concordat/model/streams"
import { type RecordKey, recordKey } from "@concordat/rules/state/documents"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Semaphore from "effect/Semaphore"
import { COMMIT_RECORDS, LAG_WAIT_MS, PUSHED_WAITING } from "../limits.ts"
import type { Reading } from "../ports/Provider.ts"
import { type Ingested, ingest } from "./ingest.ts"
import { type Parts, untilFree } from "./parts.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

/** Events of its own stream that are read at once. */
const PAGE = 100

export interface Pushed {
  readonly records: ReadonlyArray<RecordKey>
  readonly readings: ReadonlyArray<Reading>
  readonly via: "backfill" | "webhook"
}

interface Waiting extends Pushed {
  readonly done: Deferred.Deferred<Ingested, WorkerError>
}

/** In the order they came: the next ones that say each record once, all by the same way. */
export const togetherOf = <A extends Pushed>(waiting: ReadonlyArray<A>): ReadonlyArray<A> => {
  const keys = new Set<string>()
  let count = 0
  for (const { records, via } of waiting) {
    const own = records.map(recordKey)
    const fits = keys.size === 0 || (via === waiting[0]!.via && keys.size + own.length <= COMMIT_RECORDS)
    if (!fits || own.some((key) => keys.has(key))) break
    for (const key of own) keys.add(key)
    count += 1
  }
  return waiting.slice(0, Math.max(1, count))
}

/** Facts that the system itself brings: they count whatever their stamps say. */
export class Taking {
  readonly parts: Parts
  /** Of the worker's life, whoever calls. */
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
  /** More wait at their own end. Null: nobody has pushed anything in. */
  room: Semaphore.Semaphore | null = null
  readonly open = new Set<Waiting>()
  waiting: Array<Waiting> = []
  /** Takes what waits, while anything does. */
  taker: Fiber.Fiber<void> | null = null
  isClosed = false

  constructor(parts: Parts, fork: Taking["fork"]) {
    this.parts = parts
    this.fork = fork
  }

  take(pushed: Pushed): Effect.Effect<Ingested, WorkerError> {
    this.room ??= Semaphore.makeUnsafe(PUSHED_WAITING)
    return Effect.andThen(
      untilFree(this.parts, pushed.records),
      Semaphore.withPermit(
        this.room,
        Effect.suspend(() => this.#taken({ ...pushed, done: Deferred.makeUnsafe() })),
      ),
    )
  }

  #taken(one: Waiting): Effect.Effect<Ingested, WorkerError> {
    if (this.isClosed) return Effect.interrupt
    this.open.add(one)
    this.waiting.push(one)
    this.taker ??= this.fork(takeAll(this))
    return Effect.ensuring(
      Deferred.await(one.done),
      Effect.sync(() => this.open.delete(one)),
    )
  }

  /** Whoever still waits when the worker ends is told so, and not left waiting. */
  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.isClosed = true
      const told = Effect.forEach(this.open, ({ done }) => Deferred.interrupt(done), { discard: true })
      return this.taker === null ? told : Effect.andThen(Fiber.interrupt(this.taker), told)
    })
  }
}

const takeAll = Effect.fnUntraced(function* (taking: Taking) {
  // Whoever comes at the same moment is taken together.
  yield* Effect.yieldNow
  while (taking.waiting.length > 0) {
    const waiting = taking.waiting
    taking.waiting = []
    for (let at = 0; at < waiting.length;) {
      const some = togetherOf(waiting.slice(at))
      at += some.length
      const together = yield* Effect.exit(takeTogether(taking.parts, some))
      // What fails together is done again alone, so that a record that can't be kept fails nobody else's call.
      const isShared = Exit.isFailure(together) && some.length > 1
      for (const one of some)
        yield* Deferred.done(one.done, isShared ? yield* Effect.exit(takeTogether(taking.parts, [one])) : together)
    }
  }
  taking.taker = null
})

/** What a connection is mapped by, as its own stream says it: both are there before it is read for the first time. */
const MAPPED: ReadonlyArray<string> = ["MappingChanged", "MetadataObserved"]

const isMappedBy = Effect.fnUntraced(function* ({ connection, journal, tenant }: Parts) {
  const said = new Set<string>()
  for (let from = 0; ;) {
    const page = yield* journal.read(streams.connection(tenant, connection), {
      from,
      direction: "forward",
      limit: PAGE,
    })
    for (const { type } of page) said.add(type)
    if (MAPPED.every((type) => said.has(type))) return true
    if (page.length < PAGE) return false
    from += page.length
  }
})

/**
 * Null: the journal says how it is mapped, and the state does not know it yet. What stands in the journal before that would be
 * taken for nobody's, and can't be read again where it was pushed in.
 */
const mappingBehind = Effect.fnUntraced(function* (parts: Parts) {
  const store = asWorkerError(parts.connection)
  for (;;) {
    const mapping = yield* store(parts.planner.mapping)
    if (mapping !== null || (yield* store(isMappedBy(parts)))) return mapping
    yield* Effect.sleep(LAG_WAIT_MS)
  }
})

const takeTogether = Effect.fnUntraced(function* (parts: Parts, some: ReadonlyArray<Waiting>) {
  const mapping = (yield* mappingBehind(parts)) ?? { hash: "", objects: [] }
  const startedAt = yield* parts.tick
  const readings = some.flatMap((one) => one.readings)
  return yield* ingest(parts, { mapping, readings, via: some[0]!.via, startedAt, byId: true, unconditional: true })
})

export const makeTaking = Effect.fnUntraced(function* (parts: Parts) {
  const taking = new Taking(parts, Effect.runForkWith(yield* Effect.context<never>()))
  yield* Effect.addFinalizer(() => taking.close)
  return taking
})
