/** The embedded store: journal, state, bus and commit in one SQLite file that one process holds. */
import { Bus } from "@concordat/engine/ports/Bus"
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import type { JournalError } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { resolve } from "node:path"
import { makeBus } from "./Bus.ts"
import { openClient } from "./client.ts"
import { makeCommit } from "./Commit.ts"
import { makeJournal, toJournalError } from "./Journal.ts"
import { makeState } from "./State.ts"

export interface SqliteOptions {
  /** The file, or `:memory:`. Beside it stands `<path>-wal` while it is open; both belong together. */
  readonly path: string
  /**
   * Runs the store on the caller's thread instead of a worker: an answer is there as soon as it is asked for, so that
   * a simulation on a test clock is deterministic. Every fsync then stops the process; for tests.
   */
  readonly inPlace?: boolean
}

/**
 * Every event acknowledged is on disk (WAL, synchronous=FULL). Closing the scope answers what was asked, copies the log
 * into the file and lets go of it.
 *
 * Fails with `JournalError`: `locked` (another process holds the file), `foreign` (not ours), `newer` (of a later
 * version), `corrupt`, `unavailable`.
 */
export const layer = (options: SqliteOptions): Layer.Layer<Journal | State | Bus | Commit, JournalError> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const path = options.path === ":memory:" ? options.path : resolve(options.path)
      const client = yield* openClient({ path, inPlace: options.inPlace ?? false })
      return Context.make(Journal, makeJournal(client)).pipe(
        Context.add(State, makeState(client)),
        Context.add(Bus, makeBus(client)),
        Context.add(Commit, makeCommit(client)),
      )
    }).pipe(Effect.mapError(toJournalError)),
  )
