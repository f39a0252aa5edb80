/**
 * Records that a system pushes in, one call each: those that come while others are being made durable share the next
 * commit. Each of its own would wait for the disk in turn, some hundreds a second.
 */
import { type RecordKey, recordKey } from "@concordat/rules/state/documents"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Semaphore from "effect/Semaphore"
import { COMMIT_RECORDS, PUSHED_WAITING } from "../limits.ts"
import type { Reading } from "../ports/Provider.ts"
import { type Ingested, ingest } from "./ingest.ts"
import { type Parts, untilFree } from "./parts.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

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

const takeTogether = Effect.fnUntraced(function* (parts: Parts, some: ReadonlyArray<Waiting>) {
  const mapping = (yield* asWorkerError(parts.connection)(parts.planner.mapping)) ?? { hash: "", objects: [] }
  const startedAt = yield* parts.tick
  const readings = some.flatMap((one) => one.readings)
  return yield* ingest(parts, { mapping, readings, via: some[0]!.via, startedAt, byId: true, unconditional: true })
})

export const makeTaking = Effect.fnUntraced(function* (parts: Parts) {
  const taking = new Taking(parts, Effect.runForkWith(yield* Effect.context<never>()))
  yield* Effect.addFinalizer(() => taking.close)
  return taking
})
