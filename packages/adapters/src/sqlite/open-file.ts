/** Opens the store's file for this process alone, or says why not. Runs in the worker. */
import { existsSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { pathToFileURL } from "node:url"
import { DatabaseSync } from "node:sqlite"
import { Refusal, toFailure } from "./failures.ts"
import { CACHE_KIB, CHECKED_BYTES, FILE_PAGE_BYTES, LOCK_WAIT_MS } from "./limits.ts"
import { APPLICATION_ID, MIGRATIONS } from "./schema.ts"

const MEMORY = ":memory:"

const pragma = (db: DatabaseSync, name: string): number => {
  const row = db.prepare(`PRAGMA ${name}`).get()
  return Number(row === undefined ? 0 : Object.values(row)[0])
}

const foreign = (path: string) =>
  new Refusal("foreign", `${path} is not a file of Concordat's; it was left as it is. Name another path.`)

const refuseForeign = (db: DatabaseSync, path: string): void => {
  const id = pragma(db, "application_id")
  const isNew = id === 0 && pragma(db, "schema_version") === 0
  if (id !== APPLICATION_ID && !isNew) throw foreign(path)
}

/**
 * Looks without locking, recovering or changing anything, because a file that is not ours is not to be touched. It sees
 * the file without its log: after a crash during a checkpoint that looks corrupt and is not, so that is left to
 * `refuseForeign` once the file is open.
 */
const peek = (path: string): void => {
  const url = pathToFileURL(path)
  url.searchParams.set("immutable", "1")
  const probe = new DatabaseSync(url, { readOnly: true })
  try {
    refuseForeign(probe, path)
  } catch (cause) {
    const { reason } = toFailure(cause)
    if (reason === "foreign") throw foreign(path)
    if (reason !== "corrupt") throw cause
  } finally {
    probe.close()
  }
}

const lock = (db: DatabaseSync, path: string): void => {
  try {
    // Exclusive before the first access: the lock is the operating system's and ends with the process however it
    // ends, and the WAL's index stays in memory instead of a shared file.
    db.exec("PRAGMA locking_mode = EXCLUSIVE")
    pragma(db, "user_version")
    db.exec("BEGIN EXCLUSIVE; COMMIT")
  } catch (cause) {
    if (toFailure(cause).reason !== "locked") throw cause
    throw new Refusal(
      "locked",
      `${path} is in use by another process, and one process holds it at a time. Stop that process (fuser ${path} ` +
        `names it) and start again; the lock ends with it, also after a crash.`,
    )
  }
}

const migrate = (db: DatabaseSync, path: string): void => {
  const version = pragma(db, "user_version")
  if (version > MIGRATIONS.length)
    throw new Refusal(
      "newer",
      `${path} has format ${version}, this version of Concordat reads up to ${MIGRATIONS.length}. Start the newer version.`,
    )
  for (let next = version; next < MIGRATIONS.length; next++)
    db.exec(`BEGIN EXCLUSIVE; ${MIGRATIONS[next]} PRAGMA user_version = ${next + 1}; COMMIT`)
}

const damaged = (path: string, what: string) =>
  new Refusal(
    "corrupt",
    `${path} is damaged (${what}). It was left as it is: restore it from a backup, together with the ${path}-wal of that backup if there is one.`,
  )

/** Whether there is a log: what the file lacks may be in it. */
const hasLog = (path: string): boolean => (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0

/** What is missing of the last page SQLite reads as nothing, which may look like an empty one. */
const refuseCut = (db: DatabaseSync, path: string): void => {
  const [bytes, whole] = [statSync(path).size, pragma(db, "page_count") * pragma(db, "page_size")]
  if (bytes < whole) throw damaged(path, `${bytes} bytes long, and ${whole} when it was closed`)
}

/**
 * Pages that are damaged are otherwise found when they are needed, which may be after much was written beside them. Reads the
 * file once: structure of tables and indexes, not every value. A large file would keep everybody waiting for it.
 */
const refuseDamaged = (db: DatabaseSync, path: string): void => {
  if (statSync(path).size > CHECKED_BYTES) return
  const said = String(db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"])
  if (said === "ok") return
  const [what] = said.split("\n").slice(-1)
  throw damaged(path, what!)
}

/** SQLite's own words name no file. */
const named = (cause: unknown, path: string): unknown => {
  const { reason, detail } = toFailure(cause)
  if (cause instanceof Refusal) return cause
  const advice = reason === "corrupt" ? " Restore it from a backup." : ""
  return new Refusal(reason, `${path}: ${detail}.${advice}`)
}

const connect = (path: string): DatabaseSync => {
  try {
    if (path !== MEMORY && existsSync(path) && statSync(path).size > 0) peek(path)
    return new DatabaseSync(path, { timeout: LOCK_WAIT_MS })
  } catch (cause) {
    throw named(cause, path)
  }
}

/** @throws Refusal, which names the file. */
export const openFile = (path: string): DatabaseSync => {
  if (path !== MEMORY) {
    if (!existsSync(dirname(path))) throw new Refusal("unavailable", `the folder of ${path} does not exist`)
  }
  const isWhole = path !== MEMORY && !hasLog(path)
  const db = connect(path)
  try {
    if (path !== MEMORY) {
      // Before the first access, and nothing to a file that has pages already.
      db.exec(`PRAGMA page_size = ${FILE_PAGE_BYTES}`)
      lock(db, path)
      refuseForeign(db, path)
      if (isWhole) refuseCut(db, path)
      // While the journal is not yet a WAL this stands in the file's first page, where `refuseForeign` looks.
      if (pragma(db, "application_id") !== APPLICATION_ID) db.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
      db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
    }
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}; PRAGMA temp_store = MEMORY`)
    if (path !== MEMORY) refuseDamaged(db, path)
    migrate(db, path)
    return db
  } catch (cause) {
    db.close()
    throw named(cause, path)
  }
}
