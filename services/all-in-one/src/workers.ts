/** Workers that can't die unnoticed: started again with growing pauses, or, where that is no use, an end of the process. */
import { WorkerError } from "@concordat/engine/connection/WorkerError"
import { BusError } from "@concordat/engine/ports/Bus"
import { JournalError } from "@concordat/engine/ports/Journal"
import { StateError } from "@concordat/engine/ports/State"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"

/** A worker that ran this long was well: the next pause is short again. */
const WELL_MS = 60_000
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 30_000

export interface WorkerState {
  /** How often it was started again since it was last well; 0: it runs. */
  readonly failures: number
  /** What it stopped with the last time, without values; null: it has not stopped, or was well since. */
  readonly error: string | null
}

export interface Supervision {
  /** In logs. Names connections, never what is in them. */
  readonly name: string
  /** Failures in a row after which the worker's error is the process's; null: it is started again for ever. */
  readonly attempts: number | null
  readonly report: (state: WorkerState) => void
}

const pauseOf = (failures: number): number => Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)

const SHOWN = 300

const shortly = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return (error instanceof Error ? error.message : String(error)).slice(0, SHOWN)
}

/** A store that does not answer: where the worker was when it noticed is of no interest. */
const isOutage = (cause: Cause.Cause<unknown>): boolean => {
  const error = Cause.squash(cause)
  if (error instanceof WorkerError) return error.isAway === true
  const isStores = error instanceof JournalError || error instanceof StateError || error instanceof BusError
  return isStores && error.reason === "unavailable"
}

/**
 * `worker` goes on for ever; that it ends is a fault like any other. Each stop is logged, with its trace; of a store that
 * is away one line is, however often it is tried, and one when the worker runs again.
 */
export const supervised = <E, R>(
  { attempts, name, report }: Supervision,
  worker: Effect.Effect<unknown, E, R>,
): Effect.Effect<never, E, R> =>
  Effect.gen(function* () {
    let failures = 0
    let error: string | null = null
    let isWaiting = false
    for (;;) {
      report({ failures, error })
      const startedAt = yield* Clock.currentTimeMillis
      // It has forgotten its failures once it has run for a while, not only when it stops again.
      const well = yield* Effect.forkChild(
        Effect.sleep(WELL_MS).pipe(
          Effect.andThen(
            Effect.suspend(() => {
              report({ failures: 0, error: null })
              if (!isWaiting) return Effect.void
              isWaiting = false
              return Effect.logInfo("worker runs again")
            }),
          ),
        ),
      )
      const cause = yield* worker.pipe(
        Effect.andThen(Effect.die(new Error("the worker ended"))),
        Effect.catchCause((cause) => Effect.succeed(cause)),
        Effect.ensuring(Fiber.interrupt(well)),
      )
      const ranMs = (yield* Clock.currentTimeMillis) - startedAt
      failures = ranMs > WELL_MS ? 1 : failures + 1
      error = shortly(cause)
      report({ failures, error })
      if (!isOutage(cause)) yield* Effect.logError("worker stopped", Cause.pretty(cause))
      else if (!isWaiting) yield* Effect.logWarning("worker waits for a store", error)
      isWaiting = isOutage(cause)
      if (attempts !== null && failures >= attempts) return yield* Effect.failCause(cause)
      yield* Effect.sleep(Duration.millis(pauseOf(failures) * (yield* Random.nextBetween(0.5, 1))))
    }
  }).pipe(Effect.annotateLogs({ worker: name }))
