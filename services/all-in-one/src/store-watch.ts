/**
 * Whether the store still takes what it is given. A process whose store is gone for good would look well: its connections
 * are started again for ever, and who only reads notices nothing. So it ends, and is started again by whoever keeps it.
 */
import { Commit } from "@concordat/engine/ports/Commit"
import { JournalError } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import type { WorkerState } from "./workers.ts"

/** In health and in `workers`. */
export const STORE = "store"
const LOOK_EVERY = "1 second"

/** An empty unit costs no write; a store whose disk failed refuses it like any other. */
const EMPTY = { appends: [], documents: [], commands: [], checkpoint: null }
/** Finds out about room: looked for only while something is known to fail. */
const WRITING = { ...EMPTY, checkpoint: { name: "store watch", position: "0", eventId: "" } }

const isFull = (error: unknown): error is JournalError => error instanceof JournalError && error.reason === "full"

/**
 * Goes on for ever. A full disk is reported and looked at again, since somebody may make room; with any other error of the
 * store it fails.
 */
export const watchStore = (workers: ReadonlyMap<string, WorkerState>, report: (state: WorkerState) => void) =>
  Effect.gen(function* (): Effect.fn.Return<never, Effect.Error<ReturnType<Commit["Service"]["commit"]>>, Commit> {
    const commit = yield* Commit
    let failures = 0
    report({ failures, error: null })
    for (;;) {
      yield* Effect.sleep(LOOK_EVERY)
      const isSuspect = failures > 0 || [...workers.values()].some((one) => one.failures > 0)
      const full = yield* commit.commit(isSuspect ? WRITING : EMPTY).pipe(
        Effect.as(null),
        Effect.catchIf(isFull, (error) => Effect.succeed(error)),
      )
      failures = full === null ? 0 : failures + 1
      if (failures === 1) yield* Effect.logError("the disk of the store is full: make room", full?.message)
      report({ failures, error: full?.message ?? null })
    }
  })
