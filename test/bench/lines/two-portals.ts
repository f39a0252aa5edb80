/** Two portals that hold the same people: an edit at the left one is written to the right one. */
import { Journal } from "@concordat/engine/ports/Journal"
import { partitionOf } from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import {
  type Bench,
  isRead,
  NO_LIMITS,
  pause,
  REAL_LIMITS,
  refusedCalls,
  THREE_PROCESSES,
  untilStatus,
  withBench,
} from "../deployment.ts"
import { EMBEDDED, TENANT, withStore } from "../engine.ts"
import { type Context, type Line, quantile, type Row } from "../harness/line.ts"

const ARM = { _tag: "ArmRequested", connection: "right", by: "bench", writesPerHour: null }

const linked = async (bench: Bench, people: number, pollEvery: string) => {
  const [left, right] = [
    await bench.portal("left", { limits: NO_LIMITS }),
    await bench.portal("right", { limits: NO_LIMITS }),
  ]
  const [ids, theirs] = [await left.seed(people), await right.seed(people)]
  const engine = await bench.engine([
    [left, { name: "left", pollEvery }],
    [right, { name: "right" }],
  ])
  await engine.start()
  await untilStatus(engine, isRead)
  return { left, right, engine, ids, theirs }
}

const edit = (id: string, n: number) => ({ object: "contacts", id, properties: { jobtitle: `Director ${n}` } })

/** When the answer to each write to the right portal was in the journal, by record. */
const confirmations = (store: string): Promise<ReadonlyMap<string, number>> =>
  withStore(
    store,
    Effect.gen(function* () {
      const journal = yield* Journal
      const at = new Map<string, number>()
      const prefix = `record-${partitionOf(TENANT)}.${TENANT}.right.`
      yield* journal.subscribe({ after: null, prefixes: [prefix] }).pipe(
        Stream.takeUntil(({ _tag }) => _tag === "CaughtUp"),
        Stream.runForEach((item) =>
          Effect.sync(() => {
            if (item._tag !== "Event" || item.event.type !== "RecordWritten") return
            const { externalId } = JSON.parse(item.event.data) as { readonly externalId: string }
            at.set(externalId, Date.parse(item.event.metadata["at"]!))
          }),
        ),
      )
      return at
    }),
  )

const measureTrips = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const people = context.people(24, 400)
  // A read and a write each: more often they would wait for the 17 calls a second that the portal allows.
  const everyMs = 250
  return withBench(context.dir, async (bench) => {
    const { engine, ids, left, theirs } = await linked(bench, people, "1h")
    await engine.ask(ARM)
    await left.call("settings", {
      webhooks: {
        target: `${engine.url}/webhooks/${TENANT}/left`,
        duplicateRate: 0,
        dropRate: 0,
        reorderRate: 0,
        delayMs: [0, 0],
        properties: null,
      },
    })
    await untilStatus(engine, ({ connections }) =>
      connections.every(({ armed, connection }) => armed || connection === "left"),
    )
    const edited: Array<number> = []
    for (const [n, id] of ids.entries()) {
      edited.push(Date.now())
      await left.call("put", edit(id, n))
      await pause(everyMs)
    }
    await untilStatus(
      engine,
      ({ behind, connections }) => behind === 0 && connections.every(({ due, idle }) => due === 0 && idle === true),
    )
    await engine.stop()
    const at = await confirmations(bench.store)
    const took = theirs.flatMap((id, n) => (at.has(id) ? [at.get(id)! - edited[n]!] : []))
    if (took.length < people) throw new Error(`${took.length} of ${people} edits were confirmed`)
    const row: Row = {
      name: "round-trip",
      what: "an edit in one portal, its webhook, to the answer of the write to the other in the journal; p99",
      value: quantile(took, 0.99),
      unit: "ms",
      better: "less",
      target: 300,
      beside: null,
      durable: true,
      about: {
        journal: EMBEDDED,
        ran: THREE_PROCESSES,
        detail: {
          edits: people,
          "an edit every, ms": everyMs,
          "p50, ms": quantile(took, 0.5),
          "longest, ms": quantile(took, 1),
          "the providers' own delays, ms": 0,
        },
      },
    }
    return [row]
  })
}

/** A batch of a hundred is read and then written: two calls. */
const ALLOWED = (REAL_LIMITS.burst / 10 / 2) * 100
/** Written from what a quiet connection may ask for at once. */
const BURST = 2_000

const measurePushes = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const people = context.people(4_000, 10_000)
  return withBench(context.dir, async (bench) => {
    const { engine, ids, left, right } = await linked(bench, people, "2s")
    for (const [n, id] of ids.entries()) await left.call("put", edit(id, n))
    await untilStatus(
      engine,
      (status) =>
        isRead(status) &&
        (status.connections.find(({ connection }) => connection === "left")?.worker?.counters["facts"] ?? 0) >=
          2 * people,
    )
    await right.call("settings", { limits: REAL_LIMITS })
    await engine.ask(ARM)
    await pause(1_000)
    const status = await untilStatus(
      engine,
      ({ behind, connections }) => behind === 0 && connections.every(({ due, idle }) => due === 0 && idle === true),
    )
    await engine.stop()
    const times = [...(await confirmations(bench.store)).values()].toSorted((a, b) => a - b)
    if (times.length < people) throw new Error(`${times.length} of ${people} updates were written`)
    const seconds = (times.at(-1)! - times[BURST]!) / 1_000
    const refused = refusedCalls(status)
    const row: Row = {
      name: "pushing",
      what: `updates in batches of 100, each read before, under HubSpot's limits; ${refused} answers were 429`,
      value: (people - BURST) / seconds,
      unit: "records/s",
      better: "more",
      target: 0.95 * ALLOWED,
      beside: { name: "what batches and limits allow", value: ALLOWED },
      durable: true,
      about: {
        eventsPerRecord: 3,
        journal: EMBEDDED,
        ran: THREE_PROCESSES,
        detail: { updates: people, "seconds after the first burst": seconds, "429": refused },
      },
    }
    return [row]
  })
}

export const roundTrip: Line = {
  name: "round-trip",
  what: "change in one sandbox → confirmed in the other, by webhook",
  quick: true,
  measure: measureTrips,
}

export const pushing: Line = {
  name: "pushing",
  what: "updates pushed under real limits, the reads before them counted",
  quick: false,
  measure: measurePushes,
}
