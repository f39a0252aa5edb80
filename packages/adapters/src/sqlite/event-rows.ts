/** One event as it comes out of SQLite, and a page of them as it goes to the services. */
import { readId } from "./event-id.ts"
import type { Without } from "@concordat/engine/ports/Journal"
import type { EventPage } from "./protocol.ts"

/** The columns of `EventRow`, for statements in array mode. CROSS JOIN keeps SQLite from starting with the streams. */
const columns = (data: string, metadata: string): string =>
  `e.position, e.revision, e.id, e.type, ${data}, ${metadata}, s.name FROM event e CROSS JOIN stream s ON s.id = e.stream`
export const COLUMNS = columns("e.data", "e.metadata")
/** What is not asked for is not read either: a text costs most where it is made. */
export const COLUMNS_WITHOUT: Readonly<Record<Without, string>> = {
  data: columns("''", "e.metadata"),
  contents: columns("''", "''"),
}

export type EventRow = readonly [number, number, string | Uint8Array, string, string, string, string]

export const collectPage = (rows: ReadonlyArray<unknown>, reached: number, atEnd: boolean): EventPage => {
  const texts: Array<string> = []
  const numbers: Array<number> = []
  for (const row of rows as ReadonlyArray<EventRow>) {
    texts.push(readId(row[2]), row[3], row[4], row[5], row[6])
    numbers.push(row[1], row[0])
  }
  return { texts, numbers, reached, atEnd }
}
