/** The journal's tables: append, read by stream, forget. Runs in the worker; `journal-order.ts` reads over all streams. */
import type { DatabaseSync } from "node:sqlite"
import { Refusal } from "./failures.ts"
import { NAME_CHARACTERS, PAGE_EVENTS, STREAMS_REMEMBERED } from "./limits.ts"
import { EVENT_COLUMNS } from "./protocol.ts"
import type { Committed, CommitRequest, EventPage } from "./protocol.ts"
import { readId, writeId } from "./event-id.ts"
import { collectPage, COLUMNS } from "./event-rows.ts"

/**
 * What a prefix is looked up by: the name up to its first `.` (category and partition: `record-3f`), else its category,
 * else all of it. A prefix filter then reads an index instead of the journal.
 */
export const bucketOf = (stream: string): string => {
  const dot = stream.indexOf(".")
  if (dot !== -1) return stream.slice(0, dot)
  const dash = stream.indexOf("-")
  return dash === -1 ? stream : stream.slice(0, dash)
}

interface Known {
  /** 0: not in the table yet. */
  readonly id: number
  readonly bucket: number
  /** The last revision; -1: none. */
  readonly revision: number
}

export const openJournalTables = (db: DatabaseSync) => {
  const findStream = db.prepare(
    `SELECT s.id, s.bucket, coalesce((SELECT max(revision) FROM event WHERE stream = s.id), s.kept - 1) AS revision
     FROM stream s WHERE s.name = ?`,
  )
  const addStream = db.prepare("INSERT INTO stream (name, bucket, kept) VALUES (?, ?, 0) ON CONFLICT DO NOTHING")
  const addBucket = db.prepare("INSERT INTO bucket (name) VALUES (?)")
  const addEvent = db.prepare(
    "INSERT INTO event (position, bucket, stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  )
  const forgetEvents = db.prepare("DELETE FROM event WHERE stream = ? AND revision < ?")
  const setKept = db.prepare("UPDATE stream SET kept = max(kept, ?) WHERE id = ?")
  const keepEnd = db.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('end', ?)")
  const forward = db.prepare(`SELECT ${COLUMNS} WHERE e.stream = ? AND e.revision >= ? ORDER BY e.revision LIMIT ?`)
  const backward = db.prepare(
    `SELECT ${COLUMNS} WHERE e.stream = ? AND e.revision <= ? ORDER BY e.revision DESC LIMIT ?`,
  )
  const placesAfter = db.prepare(
    "SELECT id, position FROM event WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ?",
  )
  placesAfter.setReturnArrays(true)
  forward.setReturnArrays(true)
  backward.setReturnArrays(true)
  const lastPosition = db.prepare(
    `SELECT max(coalesce((SELECT max(position) FROM event), 0),
                coalesce((SELECT value FROM meta WHERE name = 'end'), 0)) AS position`,
  )
  const allBuckets = db.prepare("SELECT id, name FROM bucket")

  let end = 0
  const buckets = new Map<string, number>()
  const remembered = new Map<string, Known>()
  let touched = new Set<string>()

  /** Reads back what is remembered: at the start, and after a transaction was undone. */
  const reload = (): void => {
    end = (lastPosition.get() as { position: number }).position
    buckets.clear()
    for (const row of allBuckets.all() as Array<{ id: number; name: string }>) buckets.set(row.name, row.id)
    remembered.clear()
    touched = new Set()
  }
  reload()

  const remember = (name: string, known: Known): void => {
    remembered.delete(name)
    remembered.set(name, known)
    if (remembered.size > STREAMS_REMEMBERED)
      for (const oldest of remembered.keys()) {
        remembered.delete(oldest)
        break
      }
  }

  const look = (name: string): Known => {
    const known = remembered.get(name)
    if (known !== undefined) return known
    const row = findStream.get(name) as Known | undefined
    if (row === undefined) return { id: 0, bucket: 0, revision: -1 }
    remember(name, row)
    return row
  }

  const bucketId = (stream: string): number => {
    const name = bucketOf(stream)
    const known = buckets.get(name)
    if (known !== undefined) return known
    const id = Number(addBucket.run(name).lastInsertRowid)
    buckets.set(name, id)
    return id
  }

  /** null: it is there already. */
  const create = (name: string): Known | null => {
    if (name.length > NAME_CHARACTERS || name.length === 0 || !name.isWellFormed())
      throw new Refusal("limit", `a stream's name has 1 to ${NAME_CHARACTERS} characters`)
    const bucket = bucketId(name)
    const { changes, lastInsertRowid } = addStream.run(name, bucket)
    return changes === 0 ? null : { id: Number(lastInsertRowid), bucket, revision: -1 }
  }

  /**
   * A stream that is to be new is made without looking for it first, which would be one more walk down the index for most
   * appends. One that stays empty, since another stream of its unit has moved, is as good as none.
   */
  const expect = (name: string, expected: number, count: number): Known =>
    (expected === -1 && count > 0 && !remembered.has(name) ? create(name) : null) ?? look(name)

  /**
   * Where the last event of a unit stands whose events are all there already, by their ids: it is a repetition, as most units
   * of a replay are. null: it is none.
   */
  const whereAlready = (unit: CommitRequest, known: ReadonlyArray<Known>): number | null => {
    let [column, last] = [0, 0]
    for (let i = 0; i < known.length; i++) {
      const [stream, expected, count] = [known[i]!, unit.expected[i]!, unit.counts[i]!]
      if (count === 0 || stream.revision < expected + count) return null
      const rows = placesAfter.all(stream.id, expected, count) as unknown as ReadonlyArray<
        readonly [id: string | Uint8Array, position: number]
      >
      if (rows.length < count) return null
      for (const [id, position] of rows) {
        if (readId(id) !== unit.events[column]) return null
        column += EVENT_COLUMNS
        last = Math.max(last, position)
      }
    }
    return last
  }

  /** All of the unit's appends or none: every expectation is checked before the first event is written. */
  const append = (unit: CommitRequest): Committed => {
    const known = unit.streams.map((name, i) => expect(name, unit.expected[i]!, unit.counts[i]!))
    const conflicts = unit.streams.filter((_, i) => known[i]!.revision !== unit.expected[i])
    if (conflicts.length > 0) {
      const position = conflicts.length === known.length ? whereAlready(unit, known) : null
      if (position !== null) return { _tag: "Appended", position, isRepeated: true }
      return { _tag: "Conflict", streams: conflicts }
    }
    let column = 0
    for (let i = 0; i < unit.streams.length; i++) {
      const count = unit.counts[i]!
      if (count === 0) continue
      const name = unit.streams[i]!
      const stream = known[i]!
      let revision = stream.revision
      for (let n = 0; n < count; n++, column += EVENT_COLUMNS)
        addEvent.run(
          ++end,
          stream.bucket,
          stream.id,
          ++revision,
          writeId(unit.events[column]!),
          unit.events[column + 1]!,
          unit.events[column + 2]!,
          unit.events[column + 3]!,
        )
      remember(name, { id: stream.id, bucket: stream.bucket, revision })
      touched.add(bucketOf(name))
    }
    return { _tag: "Appended", position: end, isRepeated: false }
  }

  /** Forgets revisions below `before`. The end is kept, because the last position may go with them. */
  const forget = (name: string, before: number | "all"): void => {
    const { id, revision } = look(name)
    if (id === 0) return
    const kept = before === "all" ? revision + 1 : Math.min(before, revision + 1)
    // What is forgotten is also overwritten on disk; elsewhere that would only cost writes.
    db.exec("PRAGMA secure_delete = ON")
    try {
      forgetEvents.run(id, kept)
    } finally {
      db.exec("PRAGMA secure_delete = OFF")
    }
    setKept.run(kept, id)
    keepEnd.run(end)
  }

  /** What was never here counts as forgotten. */
  const skip = (name: string, revision: number): void => {
    const known = look(name)
    if (known.revision + 1 < revision) {
      const { bucket, id } = known.id === 0 ? create(name)! : known
      setKept.run(revision, id)
      remember(name, { id, bucket, revision: revision - 1 })
    }
    forget(name, revision)
  }

  const readStream = (name: string, from: number, isBackward: boolean, limit: number): EventPage => {
    const { id } = look(name)
    const wanted = Math.min(limit, PAGE_EVENTS)
    const rows = id === 0 ? [] : (isBackward ? backward : forward).all(id, from, wanted)
    return collectPage(rows, 0, rows.length < wanted)
  }

  return {
    append,
    forget,
    skip,
    readStream,
    reload,
    end: () => end,
    buckets: (): ReadonlyMap<string, number> => buckets,
    /** The buckets appended to since the last call. */
    takeTouched: (): ReadonlyArray<string> => {
      const names = [...touched]
      touched = new Set()
      return names
    },
  }
}
export type JournalTables = ReturnType<typeof openJournalTables>
