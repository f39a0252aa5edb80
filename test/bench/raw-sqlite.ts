/**
 * The least that a durable event store does on `node:sqlite`, with the engine's own tables and settings: what a journal is
 * measured against. On the caller's thread, one transaction after the other.
 */
import { MIGRATIONS } from "@concordat/adapters/sqlite/schema"
import type { Append } from "@concordat/engine/ports/Journal"
import { DatabaseSync } from "node:sqlite"

export const openRaw = (path: string) => {
  const db = new DatabaseSync(path)
  db.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY",
  )
  if ((db.prepare("PRAGMA user_version").get() as { user_version: number }).user_version === 0) {
    for (const migration of MIGRATIONS) db.exec(migration)
    db.exec(`PRAGMA user_version = ${MIGRATIONS.length}; INSERT INTO bucket (id, name) VALUES (1, 'record-3f')`)
  }
  const find = db.prepare(
    `SELECT s.id, (SELECT max(revision) FROM event WHERE stream = s.id) AS revision FROM stream s WHERE s.name = ?`,
  )
  const addStream = db.prepare("INSERT INTO stream (name, bucket, kept) VALUES (?, 1, 0)")
  const addEvent = db.prepare(
    "INSERT INTO event (bucket, stream, revision, id, type, data, metadata) VALUES (1, ?, ?, ?, ?, ?, ?)",
  )
  const page = db.prepare(
    `SELECT e.position, e.revision, e.id, e.type, e.data, e.metadata, s.name
     FROM event e JOIN stream s ON s.id = e.stream WHERE e.position > ? ORDER BY e.position LIMIT 1000`,
  )
  page.setReturnArrays(true)

  return {
    db,
    /** All of them in one transaction, at the revisions expected. */
    append: (appends: ReadonlyArray<Append>): void => {
      db.exec("BEGIN IMMEDIATE")
      for (const { events, expected, stream } of appends) {
        const known = find.get(stream) as { readonly id: number; readonly revision: number | null } | undefined
        if ((known?.revision ?? -1) !== expected) throw new Error(`${stream} is at ${known?.revision ?? -1}`)
        const id = known?.id ?? Number(addStream.run(stream).lastInsertRowid)
        let revision = expected
        for (const event of events)
          addEvent.run(
            id,
            ++revision,
            Buffer.from(event.id.replaceAll("-", ""), "hex"),
            event.type,
            event.data,
            JSON.stringify(event.metadata),
          )
      }
      db.exec("COMMIT")
    },
    /** Every event in order, with its metadata parsed as a reader needs it. */
    readAll: (each: (stream: string, type: string, data: string) => void): number => {
      let seen = 0
      for (let after = 0; ;) {
        const rows = page.all(after) as unknown as Array<[number, number, Buffer, string, string, string, string]>
        if (rows.length === 0) return seen
        for (const [, , , type, data, metadata, stream] of rows) {
          JSON.parse(metadata)
          each(stream, type, data)
        }
        seen += rows.length
        after = rows.at(-1)![0]
      }
    },
    close: (): void => db.close(),
  }
}
export type Raw = ReturnType<typeof openRaw>
