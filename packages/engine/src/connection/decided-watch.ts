/**
 * What may be due without a wake-up: the bus says that it lost some, or it lost them without a word. Nothing becomes due, and
 * nothing of a connection is another, but by a commit of its reconciler, which moves the checkpoint: one look at that finds
 * it for all connections of a process. Each looking at its own due rows would be most of what an idle one costs.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { RESCAN_MS, TOLD_AT_ONCE, TOLD_REST_MS } from "../limits.ts"
import { Bus } from "../ports/Bus.ts"
import { State } from "../ports/State.ts"
import { chunked } from "./batches.ts"

export interface DecidedWatcher {
  /** Something was decided since the last look, as far as anybody knows. */
  readonly decided: () => void
  /** Wake-ups may be lost. */
  readonly lost: () => void
}

/** `checkpoint`: the name of that of the connection's reconciler. */
export interface DecidedWatch {
  readonly add: (checkpoint: string, watcher: DecidedWatcher) => void
  readonly remove: (checkpoint: string, watcher: DecidedWatcher) => void
}

/** Those who watch one checkpoint, and how it was when it was last looked at; null: nobody knows. */
interface Watched {
  readonly watchers: Set<DecidedWatcher>
  last: string | null
}

/** Not all at once: each then looks at what is due there, and somebody's edit is not to wait for a thousand of them. */
const tell = Effect.fnUntraced(function* (watchers: ReadonlyArray<DecidedWatcher>) {
  for (const some of chunked(watchers, TOLD_AT_ONCE)) {
    for (const watcher of some) watcher.decided()
    yield* Effect.sleep(TOLD_REST_MS)
  }
})

export const makeDecidedWatch: Effect.Effect<DecidedWatch, never, State | Bus | Scope.Scope> = Effect.gen(function* () {
  const [bus, state] = [yield* Bus, yield* State]
  const byName = new Map<string, Watched>()
  const isWatched = yield* Latch.make(false)

  /** Where nobody knows, each worker looks itself, and says what is wrong with its state. */
  const look = (name: string, watched: Watched) =>
    state.checkpoint(name).pipe(
      Effect.map((checkpoint) => JSON.stringify(checkpoint)),
      Effect.catchTag("StateError", () => Effect.succeed(null)),
      // Nobody watches the watch: ended by a fault of ours, it would leave what is due without a word unseen for good.
      Effect.catchDefect((defect) =>
        Effect.as(
          Effect.logError("a look for decisions failed", {
            fault: defect instanceof Error ? defect.name : typeof defect,
          }),
          null,
        ),
      ),
      Effect.flatMap((now) => {
        const isAsBefore = now !== null && now === watched.last
        watched.last = now
        return isAsBefore ? Effect.void : tell([...watched.watchers])
      }),
    )

  yield* Effect.forkScoped(
    Effect.forever(
      Effect.andThen(
        Effect.andThen(isWatched.await, Effect.sleep(RESCAN_MS)),
        Effect.suspend(() => Effect.forEach([...byName], ([name, watched]) => look(name, watched), { discard: true })),
      ),
    ),
  )
  yield* Effect.forkScoped(
    Stream.runForEach(bus.lost, () =>
      Effect.andThen(
        Effect.logInfo("wake-ups may be lost: all that is due is looked at"),
        Effect.sync(() => {
          for (const { watchers } of byName.values()) for (const watcher of watchers) watcher.lost()
        }),
      ),
    ),
  )

  const watch: DecidedWatch = {
    add: (checkpoint, watcher) => {
      const watched = byName.get(checkpoint) ?? { watchers: new Set(), last: null }
      byName.set(checkpoint, watched)
      watched.watchers.add(watcher)
      isWatched.openUnsafe()
    },
    remove: (checkpoint, watcher) => {
      const watched = byName.get(checkpoint)
      if (watched === undefined || !watched.watchers.delete(watcher)) return
      if (watched.watchers.size === 0) byName.delete(checkpoint)
      if (byName.size === 0) isWatched.closeUnsafe()
    },
  }
  return watch
})
