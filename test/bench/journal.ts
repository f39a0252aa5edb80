/**
 * How fast the embedded journal appends and reads, beside raw `node:sqlite` and an fsync probe of the same run.
 * `node test/bench/journal.ts [events]`: a table, then one line of JSON. Figures, no verdict.
 */
import { layer } from "@concordat/adapters/sqlite/Sqlite"
import { Journal } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

const EVENTS = Number(process.argv[2] ?? 50_000)
/** Single appends wait for the disk one by one; a tenth of the events is enough of them. */
const SINGLE = Math.ceil(EVENTS / 10)
const STREAMS = 10_000
const CATEGORIES = ["record", "contact", "worker", "decision"]
const data = JSON.stringify({ fields: { email: "someone@example.com", text: "x".repeat(550) } })

interface Row {
  readonly what: string
  readonly port: number
  readonly raw: number | null
}
const perSecond = (count: number, startedAt: number): number =>
  Math.round((count / (performance.now() - startedAt)) * 1_000)

const streamName = (n: number): string =>
  `${CATEGORIES[n % CATEGORIES.length]}-3f.tenant.crm.contacts.${String(n % STREAMS).padStart(8, "0")}`
const newEvent = () => ({
  id: randomUUID() as string,
  type: "RecordObserved",
  data,
  metadata: { at: "2026-01-01T00:00:00Z", $correlationId: "c0ffee" },
})

/** The least a durable event store does on this driver: one table, expected revision, a transaction per batch. */
const rawStore = (path: string) => {
  const db = new DatabaseSync(path)
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE event (position INTEGER PRIMARY KEY,
    stream TEXT, revision INTEGER, id TEXT, type TEXT, data TEXT, metadata TEXT, UNIQUE (stream, revision))`)
  const last = db.prepare("SELECT max(revision) AS revision FROM event WHERE stream = ?")
  const add = db.prepare("INSERT INTO event (stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?)")
  const page = db.prepare("SELECT * FROM event WHERE position > ? ORDER BY position LIMIT 1000")
  return {
    append: (stream: string, expected: number, count: number): void => {
      db.exec("BEGIN IMMEDIATE")
      const row = last.get(stream) as { revision: number | null }
      if ((row.revision ?? -1) !== expected) throw new Error("conflict")
      for (let n = 1; n <= count; n++) {
        const event = newEvent()
        add.run(stream, expected + n, event.id, event.type, event.data, JSON.stringify(event.metadata))
      }
      db.exec("COMMIT")
    },
    readAll: (): number => {
      let seen = 0
      for (let after = 0; ;) {
        const rows = page.all(after) as Array<{ position: number; metadata: string }>
        for (const row of rows) JSON.parse(row.metadata)
        if (rows.length === 0) return seen
        seen += rows.length
        after = rows[rows.length - 1]!.position
      }
    },
    close: () => db.close(),
  }
}

const rawAppends = (
  store: ReturnType<typeof rawStore>,
  revisions: Map<string, number>,
  total: number,
  batch: number,
) => {
  const startedAt = performance.now()
  for (let n = 0; n < total / batch; n++) {
    const stream = streamName(n)
    const expected = revisions.get(stream) ?? -1
    store.append(stream, expected, batch)
    revisions.set(stream, expected + batch)
  }
  return perSecond(total, startedAt)
}

const portAppends = Effect.fnUntraced(function* (
  revisions: Map<string, number>,
  total: number,
  batch: number,
  concurrency: number,
) {
  const journal = yield* Journal
  const startedAt = performance.now()
  yield* Effect.forEach(
    Array.from({ length: total / batch }, (_, n) => n),
    (n) => {
      const stream = streamName(n)
      const expected = revisions.get(stream) ?? -1
      revisions.set(stream, expected + batch)
      return Effect.map(
        journal.append({ stream, expected, events: Array.from({ length: batch }, newEvent) }),
        (result) => {
          if (result._tag !== "Appended") throw new Error(result._tag)
        },
      )
    },
    { concurrency, discard: true },
  )
  return perSecond(total, startedAt)
})

const portReads = Effect.fnUntraced(function* (prefixes: ReadonlyArray<string>) {
  const journal = yield* Journal
  const startedAt = performance.now()
  let seen = 0
  for (let after: string | null = null; ;) {
    const page: { readonly events: ReadonlyArray<unknown>; readonly position: string | null } = yield* journal.readAll({
      after,
      prefixes,
      limit: 1_000,
    })
    if (page.events.length === 0) return perSecond(seen, startedAt)
    seen += page.events.length
    after = page.position
  }
})

/** What the disk allows: 4 KiB written and made durable, one after the other. */
const fsyncProbe = (path: string) => {
  const file = openSync(path, "w")
  const page = Buffer.alloc(4_096, 1)
  const times: Array<number> = []
  for (let n = 0; n < 2_000; n++) {
    const startedAt = performance.now()
    writeSync(file, page, 0, page.length, n * page.length)
    fdatasyncSync(file)
    times.push(performance.now() - startedAt)
  }
  closeSync(file)
  times.sort((a, b) => a - b)
  const at = (share: number) => Number(times[Math.floor(times.length * share)]!.toFixed(3))
  return { perSecond: Math.round(1_000 / (times.reduce((a, b) => a + b) / times.length)), p50: at(0.5), p99: at(0.99) }
}

const folder = mkdtempSync(join(tmpdir(), "concordat-bench-"))
try {
  const probe = fsyncProbe(join(folder, "probe"))
  const raw = rawStore(join(folder, "raw.db"))
  const rows = await Effect.runPromise(
    Effect.gen(function* () {
      const rawRevisions = new Map<string, number>()
      const revisions = new Map<string, number>()
      const measured: Array<Row> = []
      for (const [what, total, batch, concurrency] of [
        ["append b1", SINGLE, 1, 1],
        ["append b1, 64 at once", EVENTS, 1, 64],
        ["append b100", EVENTS, 100, 1],
        ["append b1000", EVENTS, 1_000, 1],
        ["append b100, 8 at once", EVENTS, 100, 8],
      ] as const) {
        const port = yield* portAppends(revisions, total, batch, concurrency)
        measured.push({ what, port, raw: concurrency === 1 ? rawAppends(raw, rawRevisions, total, batch) : null })
      }
      const startedAt = performance.now()
      const seen = raw.readAll()
      measured.push({ what: "read all", port: yield* portReads([]), raw: perSecond(seen, startedAt) })
      measured.push({ what: "read record-, worker-", port: yield* portReads(["record-", "worker-"]), raw: null })
      return measured
    }).pipe(Effect.provide(layer({ path: join(folder, "port.db") }))),
  )
  raw.close()
  console.table(
    Object.fromEntries(rows.map(({ what, port, raw }) => [what, { "port, events/s": port, "raw node:sqlite": raw }])),
  )
  console.log(
    `fsync of 4 KiB: ${probe.perSecond}/s, p50 ${probe.p50} ms, p99 ${probe.p99} ms; events of ${data.length} bytes`,
  )
  console.log(JSON.stringify({ bench: "journal", node: process.version, events: EVENTS, probe, rows }))
} finally {
  rmSync(folder, { recursive: true })
}
