/**
 * How fast the reconciler decides: the facts of a store that is there are copied into a new one and decided again.
 * `node test/bench/replay.ts <store> [--profile]`: a table, then one line of JSON. What is decided has to be what the
 * store holds: `drift` counts the canonical events whose ids differ. Figures, no verdict.
 */
import { layer } from "@concordat/adapters/sqlite/Sqlite"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { Journal, type Append, type NewEvent } from "@concordat/engine/ports/Journal"
import { INPUT_CATEGORIES } from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const PAGE = 1_000
const inputs = INPUT_CATEGORIES.map((category) => `${category}-`)
const decided = ["contact-", "company-", "deal-", "activity-", "decision-"]

/** Streams to the ids of their events. */
type Ids = Map<string, Array<string>>

const idsOf = Effect.fnUntraced(function* (prefixes: ReadonlyArray<string>) {
  const journal = yield* Journal
  const ids: Ids = new Map()
  for (let after: string | null = null; ;) {
    const page: Effect.Success<ReturnType<typeof journal.readAll>> = yield* journal.readAll({
      after,
      prefixes,
      limit: PAGE,
    })
    if (page.events.length === 0) return ids
    for (const event of page.events) {
      const known = ids.get(event.stream)
      if (known === undefined) ids.set(event.stream, [event.id])
      else known.push(event.id)
    }
    after = page.events.at(-1)!.position
  }
})

interface Fact {
  readonly stream: string
  readonly event: NewEvent
}

const facts = Effect.gen(function* () {
  const journal = yield* Journal
  const all: Array<Fact> = []
  for (let after: string | null = null; ;) {
    const page: Effect.Success<ReturnType<typeof journal.readAll>> = yield* journal.readAll({
      after,
      prefixes: inputs,
      limit: PAGE,
    })
    if (page.events.length === 0) return all
    for (const { stream, id, type, data, metadata } of page.events)
      all.push({ stream, event: { id, type, data, metadata } })
    after = page.events.at(-1)!.position
  }
})

const copy = Effect.fnUntraced(function* (all: ReadonlyArray<Fact>) {
  const journal = yield* Journal
  const revisions = new Map<string, number>()
  // One event per stream and append, in the order they came: several of one stream end the page.
  let page = new Map<string, Append>()
  const flush = Effect.fnUntraced(function* () {
    if (page.size > 0) yield* journal.appendMany([...page.values()])
    page = new Map()
  })
  for (const { event, stream } of all) {
    if (page.has(stream) || page.size >= PAGE) yield* flush()
    const expected = revisions.get(stream) ?? -1
    page.set(stream, { stream, expected, events: [event] })
    revisions.set(stream, expected + 1)
  }
  yield* flush()
})

const path = process.argv[2]
if (path === undefined) throw new Error("which store? node test/bench/replay.ts <store>")
const dir = mkdtempSync(join(tmpdir(), "concordat-replay-"))
try {
  copyFileSync(path, join(dir, "given.sqlite"))
  const given = layer({ path: join(dir, "given.sqlite") })
  const [all, before] = await Effect.runPromise(Effect.all([facts, idsOf(decided)]).pipe(Effect.provide(given)))
  const made = await Effect.runPromise(
    Effect.gen(function* () {
      yield* copy(all)
      const reconciler = yield* makeReconciler(makeCompilers())
      const startedAt = performance.now()
      const cpu = process.threadCpuUsage()
      const count = yield* reconciler.drain
      const seconds = (performance.now() - startedAt) / 1_000
      const { system, user } = process.threadCpuUsage(cpu)
      return { count, seconds, cpuSeconds: (system + user) / 1e6, after: yield* idsOf(decided) }
    }).pipe(Effect.provide(layer({ path: join(dir, "fresh.sqlite") }))),
  )
  let drift = 0
  let events = 0
  for (const [stream, ids] of made.after) {
    const known = before.get(stream) ?? []
    events += ids.length
    for (let i = 0; i < Math.max(ids.length, known.length); i++) if (ids[i] !== known[i]) drift++
  }
  for (const [stream, ids] of before) if (!made.after.has(stream)) drift += ids.length
  const row = {
    facts: made.count,
    events,
    seconds: Math.round(made.seconds * 100) / 100,
    cpuSeconds: Math.round(made.cpuSeconds * 100) / 100,
    factsPerSecond: Math.round(made.count / made.seconds),
    drift,
    rssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  }
  console.table([row])
  process.stdout.write(`${JSON.stringify(row)}\n`)
} finally {
  rmSync(dir, { recursive: true, force: true })
}
