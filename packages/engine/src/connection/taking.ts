/**
 * Records that a system pushes in, one call each: those that come while others are being made durable share the next
 * commit. Each of its own would wait for the disk in turn, some hundreds a second.
 */
import { type RecordKey, recordKey } from "@concordat/rules/state/documents"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
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
export const makeTaking = Effect.fn("Taking.make")(function* (parts: Parts) {
  const queue = yield* Queue.bounded<Waiting>(PUSHED_WAITING)
  const open = new Set<Waiting>()
  // Whoever still waits when the worker ends is told so, and not left waiting.
  yield* Effect.addFinalizer(() =>
    Effect.andThen(
      Queue.shutdown(queue),
      Effect.forEach(open, ({ done }) => Deferred.interrupt(done), { discard: true }),
    ),
  )

  const takeTogether = Effect.fnUntraced(function* (some: ReadonlyArray<Waiting>) {
    const mapping = (yield* asWorkerError(parts.connection)(parts.planner.mapping)) ?? { hash: "", objects: [] }
    const startedAt = yield* parts.tick
    const readings = some.flatMap((one) => one.readings)
    return yield* ingest(parts, { mapping, readings, via: some[0]!.via, startedAt, byId: true, unconditional: true })
  })

  yield* Effect.forkScoped(
    Effect.forever(
      Effect.gen(function* () {
        let waiting: ReadonlyArray<Waiting> = yield* Queue.takeAll(queue)
        while (waiting.length > 0) {
          const some = togetherOf(waiting)
          waiting = waiting.slice(some.length)
          const together = yield* Effect.exit(takeTogether(some))
          // What fails together is done again alone, so that a record that can't be kept fails nobody else's call.
          const isShared = Exit.isFailure(together) && some.length > 1
          for (const one of some)
            yield* Deferred.done(one.done, isShared ? yield* Effect.exit(takeTogether([one])) : together)
        }
      }),
    ),
  )

  return Effect.fnUntraced(function* (pushed: Pushed) {
    yield* untilFree(parts, pushed.records)
    const waiting: Waiting = { ...pushed, done: yield* Deferred.make<Ingested, WorkerError>() }
    open.add(waiting)
    return yield* Effect.ensuring(
      Effect.flatMap(Queue.offer(queue, waiting), (isOpen) =>
        isOpen ? Deferred.await(waiting.done) : Effect.interrupt,
      ),
      Effect.sync(() => open.delete(waiting)),
    )
  })
})
