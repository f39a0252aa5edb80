/**
 * What a worker was not told of: another process took a webhook, and its wake-up may be lost, or somebody has said something
 * of its connection. One look at the journal finds it for all connections of a process; each looking for itself would be most
 * of what an idle one costs.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import { WATCHED_EVENTS, WATCH_LOOK_MS } from "../limits.ts"
import { Journal, type JournalError } from "../ports/Journal.ts"

const PREFIXES = ["delivery-", "connection-"]

type Page = Effect.Success<ReturnType<Journal["Service"]["readAll"]>>

export interface JournalWatch {
  /**
   * Rings when a delivery's or a connection's stream has news, as long as the scope is open. What is in it by now is the
   * caller's to read.
   */
  readonly rings: (stream: string, ring: () => void) => Effect.Effect<void, never, Scope.Scope>
}

export const makeJournalWatch: Effect.Effect<JournalWatch, never, Journal | Scope.Scope> = Effect.gen(function* () {
  const journal = yield* Journal
  const bells = new Map<string, () => void>()
  const isWatched = yield* Latch.make(false)
  /** Up to where it was looked; undefined: nobody knows. */
  let reached: string | null | undefined

  const ringAll = (): void => {
    for (const ring of bells.values()) ring()
  }

  const startAnew = (): void => {
    reached = undefined
    ringAll()
  }

  const readOn = (after: string | null): Effect.Effect<Page, JournalError> =>
    journal.readAll({ after, prefixes: PREFIXES, limit: WATCHED_EVENTS, without: "contents" })

  const look = Effect.gen(function* () {
    let after: string | null
    if (reached === undefined) {
      after = yield* journal.end
      ringAll()
    } else after = reached
    for (;;) {
      const { events, position }: Page = yield* readOn(after)
      reached = after = position ?? after
      for (const { stream } of events) bells.get(stream)?.()
      if (events.length < WATCHED_EVENTS) return
    }
  }).pipe(
    // Each worker then looks itself, and says what is wrong with its journal.
    Effect.catchTag("JournalError", () => Effect.sync(startAnew)),
    // Nobody watches the watch: ended by a fault of ours, it would leave what was not told of unseen for good.
    Effect.catchDefect((defect) =>
      Effect.andThen(
        Effect.sync(startAnew),
        Effect.logError("a look for news failed", { fault: defect instanceof Error ? defect.name : typeof defect }),
      ),
    ),
  )

  yield* Effect.forkScoped(
    Effect.forever(Effect.andThen(Effect.andThen(isWatched.await, Effect.sleep(WATCH_LOOK_MS)), look)),
  )

  const watch: JournalWatch = {
    rings: (stream, ring) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          bells.set(stream, ring)
          isWatched.openUnsafe()
        }),
        () =>
          Effect.sync(() => {
            // A successor may have taken its place.
            if (bells.get(stream) === ring) bells.delete(stream)
            if (bells.size === 0) isWatched.closeUnsafe()
          }),
      ),
  }
  return watch
})
