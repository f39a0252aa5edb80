/** Stores that a short run of the engine made, as files, and what is done to them by hand. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ADA, pair } from "../engine/pair.ts"

/** Two systems agreed on two people, and one of them was changed at both. */
export const lived = Effect.gen(function* () {
  const { ada, left, quiet, right, workers } = yield* pair()
  right.put(null, { mail: "grace@hopper.example", first: "Grace", last: "Hopper", job: "Admiral" })
  yield* quiet
  left.put(ada, { ...ADA, job: "Analyst" })
  yield* quiet
  for (const worker of workers) yield* worker.stop
})

/** The path of such a file, which nobody holds. */
export const livedFile = Effect.gen(function* () {
  const dir = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "concordat-lived-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true })),
  )
  const path = join(dir, "concordat.sqlite")
  yield* Effect.scoped(lived).pipe(Effect.provide(sqlite({ path, inPlace: true }), { local: true }))
  return path
})

export interface Row {
  readonly position: number
  readonly bucket: number
  readonly stream: number
  readonly name: string
  readonly revision: number
  readonly id: Uint8Array
  readonly type: string
  readonly data: string
  readonly metadata: string
}

/** Events of streams whose name is like this, in the journal's order. */
const rowsOf = (db: DatabaseSync, like: string): ReadonlyArray<Row> =>
  db
    .prepare(
      "SELECT e.*, s.name FROM event e JOIN stream s ON s.id = e.stream WHERE s.name LIKE ? ORDER BY e.stream, e.revision",
    )
    .all(like) as unknown as ReadonlyArray<Row>

export const byHand = <A>(path: string, like: string, work: (db: DatabaseSync, rows: ReadonlyArray<Row>) => A): A => {
  const db = new DatabaseSync(path)
  try {
    return work(db, rowsOf(db, like))
  } finally {
    db.close()
  }
}

export const idOf = ({ id }: Row): string => {
  const hex = Buffer.from(id).toString("hex")
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
