/** Keeps the write-ahead log small: copied into the file when idle or long, and cut when its file has grown. */
import { statSync } from "node:fs"
import type { DatabaseSync, StatementSync } from "node:sqlite"
import { toFailure } from "./failures.ts"
import {
  CHECKPOINT_BUSY_BYTES,
  CHECKPOINT_IDLE_BYTES,
  CHECKPOINT_LIVE_BYTES,
  LIVE_COMMITS,
  WAL_BYTES,
} from "./limits.ts"

/** Looking at the log's length costs a few microseconds; not every small commit needs to. */
const LOOK_EVERY = 16

export const openWal = (db: DatabaseSync, path: string) => {
  const file = `${path}-wal`
  const inMemory = path === ":memory:"
  const length = db.prepare("PRAGMA wal_checkpoint(NOOP)")
  const passive = db.prepare("PRAGMA wal_checkpoint(PASSIVE)")
  const truncate = db.prepare("PRAGMA wal_checkpoint(TRUNCATE)")
  /** Since the last look when idle, and since the last copying. */
  let commits = 0
  let uncopied = 0

  const { page_size: pageBytes } = db.prepare("PRAGMA page_size").get() as { readonly page_size: number }
  const bytes = (): number => ((length.get() as { log: number } | undefined)?.log ?? 0) * pageBytes
  const fileSize = (): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

  const run = (checkpoint: StatementSync): void => {
    try {
      checkpoint.get()
    } catch (cause) {
      // Nothing is lost by it: the log has it all, and the next commit that finds no room says so to its caller.
      if (toFailure(cause).reason !== "full") throw cause
    }
  }

  const copy = (): void => {
    uncopied = 0
    run(fileSize() > WAL_BYTES ? truncate : passive)
  }

  return {
    afterCommit: (): void => {
      uncopied += 1
      if (inMemory || ++commits % LOOK_EVERY !== 0) return
      if (bytes() > (uncopied < LIVE_COMMITS ? CHECKPOINT_BUSY_BYTES : CHECKPOINT_LIVE_BYTES)) copy()
    },
    whenIdle: (): void => {
      if (inMemory || commits === 0) return
      commits = 0
      if (bytes() > CHECKPOINT_IDLE_BYTES) copy()
    },
    beforeClose: (): void => {
      if (!inMemory) run(truncate)
    },
  }
}
