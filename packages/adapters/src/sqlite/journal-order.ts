/**
 * Reads events in the order of the whole journal, filtered by name prefix. Where what is wanted is dense, rows are
 * walked by position; where it is sparse, the indexes of its buckets are merged. Runs in the worker.
 */
import type { Without } from "@concordat/engine/ports/Journal"
import type { DatabaseSync } from "node:sqlite"
import { collectPage, COLUMNS, COLUMNS_WITHOUT } from "./event-rows.ts"
import type { EventRow } from "./event-rows.ts"
import type { JournalTables } from "./journal-tables.ts"
import { PAGE_EVENTS, PAGE_ROWS } from "./limits.ts"
import type { EventPage } from "./protocol.ts"

/** Rows walked before it is judged whether to go on walking: about 1 ms. */
const WINDOW = 1_024
/** Below this many of a window's rows the indexes are cheaper. */
const DENSE = 32

interface Found {
  readonly rows: ReadonlyArray<EventRow>
  /** Everything up to here was looked at. */
  readonly reached: number
}

export const openJournalOrder = (db: DatabaseSync, tables: JournalTables) => {
  const prepared = (columns: string) => {
    const walkAll = db.prepare(`SELECT ${columns} WHERE e.position > ? ORDER BY e.position LIMIT ?`)
    const walkSome = db.prepare(
      `SELECT ${columns} WHERE e.position > ? AND e.position <= ? AND +e.bucket IN (SELECT value FROM json_each(?))
       ORDER BY e.position LIMIT ?`,
    )
    const one = db.prepare(`SELECT ${columns} WHERE e.position = ?`)
    for (const statement of [walkAll, walkSome, one]) statement.setReturnArrays(true)
    return { walkAll, walkSome, one }
  }
  type Prepared = ReturnType<typeof prepared>
  const all = prepared(COLUMNS)
  const parts: Readonly<Record<Without, Prepared>> = {
    data: prepared(COLUMNS_WITHOUT.data),
    contents: prepared(COLUMNS_WITHOUT.contents),
  }
  const statements = (without: Without | null): Prepared => (without === null ? all : parts[without])
  const ofBucket = db.prepare("SELECT position FROM event WHERE bucket = ? AND position > ? ORDER BY position LIMIT ?")
  ofBucket.setReturnArrays(true)

  const rowsOf = (result: unknown): ReadonlyArray<EventRow> => result as ReadonlyArray<EventRow>

  const walk = ({ walkSome }: Prepared, after: number, ids: string, wanted: number): Found => {
    const to = Math.min(after + WINDOW, tables.end())
    const rows = rowsOf(walkSome.all(after, to, ids, wanted))
    return { rows, reached: rows.length === wanted ? rows[rows.length - 1]![0] : to }
  }

  /** Takes a few positions from each bucket; what lies beyond the last one of a bucket that has more is left. */
  const merge = ({ one }: Prepared, after: number, ids: ReadonlyArray<number>, wanted: number): Found => {
    const each = Math.min(wanted, Math.max(8, Math.ceil((2 * wanted) / ids.length)))
    let reached = tables.end()
    const positions: Array<number> = []
    for (const id of ids) {
      const found = ofBucket.all(id, after, each) as unknown as ReadonlyArray<readonly [number]>
      for (const [position] of found) positions.push(position)
      if (found.length === each) reached = Math.min(reached, found[each - 1]![0])
    }
    const next = positions
      .filter((position) => position <= reached)
      .sort((a, b) => a - b)
      .slice(0, wanted)
    if (next.length === wanted) reached = next[wanted - 1]!
    return { rows: next.flatMap((position) => rowsOf(one.all(position))), reached }
  }

  const readAll = (after: number, limit: number, without: Without | null): EventPage => {
    const wanted = Math.min(limit, PAGE_EVENTS)
    const rows = rowsOf(statements(without).walkAll.all(after, wanted))
    const reached = rows.length === wanted ? (rows[wanted - 1]?.[0] ?? after) : tables.end()
    return collectPage(rows, reached, reached === tables.end())
  }

  const readSome = (
    after: number,
    prefixes: ReadonlyArray<string>,
    limit: number,
    without: Without | null,
  ): EventPage => {
    const wanted = Math.min(limit, PAGE_EVENTS)
    const ids: Array<number> = []
    let exact = true
    for (const [name, id] of tables.buckets()) {
      const whole = prefixes.some((prefix) => name.startsWith(prefix))
      if (!whole && !prefixes.some((prefix) => prefix.startsWith(name))) continue
      ids.push(id)
      exact &&= whole
    }
    const end = tables.end()
    const list = JSON.stringify(ids)
    const how = statements(without)
    const rows: Array<EventRow> = []
    let reached = ids.length === 0 ? end : after
    let looked = 0
    let dense = true
    while (rows.length < wanted && reached < end && looked < PAGE_ROWS) {
      const from = reached
      const rest = wanted - rows.length
      const found: Found = dense ? walk(how, from, list, rest) : merge(how, from, ids, rest)
      looked += dense ? WINDOW : found.rows.length + ids.length
      reached = found.reached
      dense = found.rows.length * (WINDOW / DENSE) >= reached - from
      for (const row of found.rows) if (exact || prefixes.some((prefix) => row[6].startsWith(prefix))) rows.push(row)
    }
    return collectPage(rows, reached, reached >= end)
  }

  return {
    read: (after: number, prefixes: ReadonlyArray<string>, limit: number, without: Without | null): EventPage =>
      prefixes.length === 0 ? readAll(after, limit, without) : readSome(after, prefixes, limit, without),
    at: (position: number): EventPage => collectPage(rowsOf(all.one.all(position)), position, true),
  }
}
export type JournalOrder = ReturnType<typeof openJournalOrder>
