/**
 * What the connections of a process share: it looks for all of them, so that none has to look for itself while nothing happens,
 * and lets some come up at a time.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Bus } from "../ports/Bus.ts"
import type { Journal } from "../ports/Journal.ts"
import type { State } from "../ports/State.ts"
import { type DecidedWatch, type DecidedWatcher, makeDecidedWatch } from "./decided-watch.ts"
import { makeStarting, type Starting } from "./starting.ts"
import { type JournalWatch, type JournalWatcher, makeJournalWatch } from "./journal-watch.ts"

export interface Watch {
  readonly journal: JournalWatch
  readonly decided: DecidedWatch
  readonly starting: Starting
}

/** One of a process. */
export const makeWatch: Effect.Effect<Watch, never, Journal | State | Bus | Scope.Scope> = Effect.all({
  journal: makeJournalWatch,
  decided: makeDecidedWatch,
  starting: Effect.sync(makeStarting),
})

export interface Watcher extends JournalWatcher, DecidedWatcher {}

export interface Place {
  readonly tenant: string
  readonly connection: string
  /** Name of the checkpoint of its reconciler. */
  readonly checkpoint: string
}

/** As long as the scope is open. */
export const watched = (
  { decided, journal }: Watch,
  { checkpoint, connection, tenant }: Place,
  watcher: Watcher,
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      journal.add(tenant, connection, watcher)
      decided.add(checkpoint, watcher)
    }),
    () =>
      Effect.sync(() => {
        journal.remove(tenant, connection, watcher)
        decided.remove(checkpoint, watcher)
      }),
  )
