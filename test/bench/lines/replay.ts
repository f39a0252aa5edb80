/** Every projection is dropped and made again from the journal: the reconciler's documents, then those of each worker. */
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { State } from "@concordat/engine/ports/State"
import * as Effect from "effect/Effect"
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { EMBEDDED, engine, eventCounts, ONE_PROCESS, sumOf, TENANT, timedIn, withStore } from "../engine.ts"
import { cost, type Context, type Line, type Row } from "../harness/line.ts"
import { Population } from "../population.ts"
import { CONNECTIONS, linkedSize, linkedStore } from "../prepared.ts"
import { openRaw } from "../raw-sqlite.ts"
import { sourceOf } from "../source.ts"

const A_CHECKPOINT = 1_000

const rebuilt = Effect.gen(function* () {
  const state = yield* State
  yield* state.clear
  const reconciler = yield* makeReconciler(makeCompilers())
  const decided = yield* reconciler.drain
  const drained = performance.now()
  for (const connection of CONNECTIONS) {
    const { connector, definition } = sourceOf(new Population(0), { isApp: connection === "app" })
    yield* makeConnection({ tenant: TENANT, connection, definition, connector, compilers: makeCompilers() })
  }
  return { decided, drained }
}).pipe(Effect.scoped)

/** By hand: each event is read, parsed and kept under its stream, a transaction for each thousand. */
const rawRebuilt = (path: string): number => {
  const raw = openRaw(path)
  try {
    raw.db.exec("DELETE FROM document")
    const space = raw.db.prepare("SELECT min(id) AS id FROM space").get() as { readonly id: number }
    const upsert = raw.db.prepare(
      "INSERT INTO document (space, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    )
    const from = performance.now()
    let open = 0
    raw.db.exec("BEGIN IMMEDIATE")
    const seen = raw.readAll((stream, _, data) => {
      upsert.run(space.id, stream, JSON.stringify(JSON.parse(data)))
      if (++open % A_CHECKPOINT === 0) raw.db.exec("COMMIT; BEGIN IMMEDIATE")
    })
    raw.db.exec("COMMIT")
    return (seen / (performance.now() - from)) * 1_000
  } finally {
    raw.close()
  }
}

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const path = await linkedStore(context)
  copyFileSync(path, join(context.dir, "raw.db"))
  const beside = rawRebuilt(join(context.dir, "raw.db"))
  const found = await withStore(
    path,
    Effect.gen(function* () {
      const before = yield* eventCounts
      const documents = [yield* engine.count("entity"), yield* engine.count("seen")]
      const from = performance.now()
      const taken = yield* timedIn(context, rebuilt)
      const after = [yield* engine.count("entity"), yield* engine.count("seen")]
      if (documents.join() !== after.join())
        throw new Error(`${after.join(", ")} documents, before ${documents.join(", ")}`)
      const events = sumOf(before)
      if (sumOf(yield* eventCounts) !== events)
        throw new Error("the journal has grown: something was decided differently")
      return { taken, events, deciding: (taken.result.drained - from) / 1_000 }
    }),
  )
  const { deciding, events, taken } = found
  return [
    {
      name: "replay",
      what: "all documents dropped; decided again, and what the workers keep rebuilt; all events of the journal counted",
      value: events / taken.seconds,
      unit: "events/s",
      better: "more",
      target: 40_000,
      beside: { name: "raw read and upsert", value: beside },
      durable: true,
      about: {
        journal: EMBEDDED,
        ran: ONE_PROCESS,
        detail: {
          people: linkedSize(context),
          connections: CONNECTIONS.length,
          events,
          "facts decided": taken.result.decided,
          "facts/s": taken.result.decided / taken.seconds,
          "of it deciding, s": deciding,
          ...cost(taken, events),
        },
      },
    },
  ]
}

export const replay: Line = { name: "replay", what: "drop every projection and rebuild", quick: true, measure }
