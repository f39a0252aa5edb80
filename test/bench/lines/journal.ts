/** The journal alone: appends as the engine makes them, and of many writers at once, beside the same tables written by hand. */
import { layer } from "@concordat/adapters/sqlite/Sqlite"
import { type Append, Journal, type NewEvent } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { randomUUID } from "node:crypto"
import { join } from "node:path"
import { cost, type Context, type Line, median, type Row, type Timed } from "../harness/line.ts"
import { openRaw, type Raw } from "../raw-sqlite.ts"

const STREAMS = 10_000
const BATCH = 100
const WRITERS = 64
const ROUNDS = 3
const EMBEDDED = "SQLite, WAL, synchronous=FULL, group commit in a thread of its own"
const DATA = JSON.stringify({ fields: { email: "someone@example.com", text: "x".repeat(550) } })

const newEvent = (): NewEvent => ({
  id: randomUUID(),
  type: "RecordObserved",
  data: DATA,
  metadata: { at: "2026-01-01T00:00:00Z", $correlationId: "c0ffee" },
})

/** Batches of appends over the streams in turn; `each`: events that a batch has for one stream. Revisions go on. */
const batchesOf = (revisions: Map<string, number>, events: number, perBatch: number, each: number) => {
  let next = revisions.size === STREAMS ? 0 : revisions.size
  const one = (): Append => {
    const stream = `record-3f.bench.crm.contacts.${String(next++ % STREAMS).padStart(8, "0")}`
    const expected = revisions.get(stream) ?? -1
    revisions.set(stream, expected + each)
    return { stream, expected, events: Array.from({ length: each }, newEvent) }
  }
  return Array.from({ length: events / perBatch }, () => Array.from({ length: perBatch / each }, one))
}

const runtimeOn = (path: string) => ManagedRuntime.make(layer({ path }))

const appendAll = (batches: ReadonlyArray<ReadonlyArray<Append>>, concurrency: number) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    yield* Effect.forEach(
      batches,
      (batch) =>
        Effect.map(journal.appendMany(batch), ({ _tag }) => {
          if (_tag !== "Appended") throw new Error(_tag)
        }),
      { concurrency, discard: true },
    )
  })

const rawAll = (raw: Raw, batches: ReadonlyArray<ReadonlyArray<Append>>): number => {
  const from = performance.now()
  for (const batch of batches) raw.append(batch)
  return (performance.now() - from) / 1_000
}

interface Workload {
  readonly events: number
  readonly perBatch: number
  readonly each: number
  readonly atOnce: number
  /** How raw SQLite does the same: so many of the port's batches in one transaction. */
  readonly rawTogether: number
}

/** Ours and by hand in turn, and the median of each. */
const compare = async (context: Context, { atOnce, each, events, perBatch, rawTogether }: Workload) => {
  const raw = openRaw(join(context.dir, `raw-${each}-${atOnce}.db`))
  const runtime = runtimeOn(join(context.dir, `port-${each}-${atOnce}.db`))
  const [ours, theirs] = [new Map<string, number>(), new Map<string, number>()]
  const [port, hand] = [[] as Array<number>, [] as Array<number>]
  let last: Timed<void> | null = null
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const batches = batchesOf(ours, events, perBatch, each)
      last = await context.timed(() => runtime.runPromise(appendAll(batches, atOnce)))
      port.push(events / last.seconds)
      const same = batchesOf(theirs, events, perBatch, each)
      const together = Array.from({ length: Math.ceil(same.length / rawTogether) }, (_, i) =>
        same.slice(i * rawTogether, (i + 1) * rawTogether).flat(),
      )
      hand.push(events / rawAll(raw, together))
    }
  } finally {
    await runtime.dispose()
    raw.close()
  }
  return { port: median(port), hand: median(hand), ...cost(last!, events) }
}

const rowOf = (given: Pick<Row, "name" | "what" | "value" | "target" | "beside"> & { detail: object }): Row => {
  const { detail, ...row } = given
  return {
    ...row,
    unit: "events/s",
    better: "more",
    durable: true,
    about: {
      recordBytes: DATA.length,
      journal: EMBEDDED,
      ran: "one process: appends on its main thread, SQLite on a worker thread; raw SQLite on the main thread",
      detail: detail as Row["about"]["detail"],
    },
  }
}

export const journalAppend: Line = {
  name: "journal-append",
  what: "appends of 100 events over 10,000 streams, one append after the other, each forced to the disk",
  quick: true,
  measure: async (context) => {
    const events = context.people(14_000, 100_000)
    const rows: Array<Row> = []
    for (const each of [1, BATCH]) {
      const { hand, port, ...detail } = await compare(context, {
        events,
        perBatch: BATCH,
        each,
        atOnce: 1,
        rawTogether: 1,
      })
      rows.push(
        rowOf({
          name: each === 1 ? "journal-append" : "journal-append, one stream",
          what: each === 1 ? "100 streams, one event each" : "100 events of one stream",
          value: port,
          target: 0.8 * hand,
          beside: { name: "raw node:sqlite", value: hand },
          detail,
        }),
      )
    }
    return rows
  },
}

export const journalWriters: Line = {
  name: "journal-writers",
  what: "64 concurrent writers, one event each, every one acknowledged when it is forced to the disk",
  quick: true,
  measure: async (context) => {
    const events = context.people(12_000, 64_000)
    const { hand, port, ...detail } = await compare(context, {
      events,
      perBatch: 1,
      each: 1,
      atOnce: WRITERS,
      rawTogether: WRITERS,
    })
    return [
      rowOf({
        name: "journal-writers",
        what: "64 writers at once, one event each",
        value: port,
        target: 20_000,
        beside: { name: "raw node:sqlite, 64 in a transaction", value: hand },
        detail,
      }),
    ]
  },
}
