/**
 * What a worker was not told of: another process took a webhook, and its wake-up may be lost, or somebody has said something
 * of its connection. One look at the journal finds it for all connections of a process; each looking for itself would be most
 * of what an idle one costs.
 */
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import { WATCHED_EVENTS, WATCH_LOOK_MS } from "../limits.ts"
import { Journal, type JournalError } from "../ports/Journal.ts"

const PREFIXES = ["delivery-", "connection-"]

/** Said of a connection by its own worker, which knows them. */
const OWN_WORDS: ReadonlySet<string> = new Set(["BackfillStarted", "BackfillFinished", "EntitiesListed"])

type Page = Effect.Success<ReturnType<Journal["Service"]["readAll"]>>

export interface JournalWatcher {
  /** The connection's stream has news that its worker did not say itself. */
  readonly told: () => void
  /** Its deliveries' stream has. */
  readonly delivered: () => void
}

/** What is in the streams by now is for whoever watches to read. */
export interface JournalWatch {
  readonly add: (tenant: string, connection: string, watcher: JournalWatcher) => void
  /** A successor may have taken its place: that stays. */
  readonly remove: (tenant: string, connection: string, watcher: JournalWatcher) => void
}

export const makeJournalWatch: Effect.Effect<JournalWatch, never, Journal | Scope.Scope> = Effect.gen(function* () {
  const journal = yield* Journal
  /** By connection's stream, and by deliveries' stream. */
  const [ofTold, ofDelivered] = [new Map<string, JournalWatcher>(), new Map<string, JournalWatcher>()]
  const isWatched = yield* Latch.make(false)
  /** Up to where it was looked; undefined: nobody knows. */
  let reached: string | null | undefined

  const ringAll = (): void => {
    for (const watcher of ofTold.values()) {
      watcher.told()
      watcher.delivered()
    }
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
      for (const { stream, type } of events) {
        if (!OWN_WORDS.has(type)) ofTold.get(stream)?.told()
        ofDelivered.get(stream)?.delivered()
      }
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
    add: (tenant, connection, watcher) => {
      ofTold.set(streams.connection(tenant, connection), watcher)
      ofDelivered.set(streams.delivery(tenant, connection), watcher)
      isWatched.openUnsafe()
    },
    remove: (tenant, connection, watcher) => {
      const [told, delivered] = [streams.connection(tenant, connection), streams.delivery(tenant, connection)]
      if (ofTold.get(told) !== watcher) return
      ofTold.delete(told)
      ofDelivered.delete(delivered)
      if (ofTold.size === 0) isWatched.closeUnsafe()
    },
  }
  return watch
})
