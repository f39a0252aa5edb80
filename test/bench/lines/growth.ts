/** A first sync of very many records: whether the last are as fast as the first, and what memory and log it takes. */
import * as Effect from "effect/Effect"
import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { EMBEDDED, engine, ONE_PROCESS, timedIn, until, withStore } from "../engine.ts"
import { cost, type Context, type Line, type Row } from "../harness/line.ts"
import { idOf, Population } from "../population.ts"
import { PAGE, sourceOf } from "../source.ts"

const WINDOW = 10_000
const LOOK_MS = 50
const MIB = 1024 * 1024

interface Look {
  readonly at: number
  readonly decided: number
}

/** Records a second between two numbers of them. */
const pace = (looks: ReadonlyArray<Look>, from: number, to: number): number => {
  const [first, last] = [looks.find(({ decided }) => decided >= from)!, looks.find(({ decided }) => decided >= to)!]
  return ((last.decided - first.decided) / (last.at - first.at)) * 1_000
}

const synced = (context: Context, population: Population, path: string) =>
  Effect.gen(function* () {
    const crm = sourceOf(population)
    yield* engine.openConnection("crm", crm)
    const { reconciler, work } = yield* engine.started
    const looks: Array<Look> = []
    let walBytes = 0
    const look = Effect.gen(function* () {
      const { decided } = yield* reconciler.progress
      looks.push({ at: performance.now(), decided })
      if (existsSync(`${path}-wal`)) walBytes = Math.max(walBytes, statSync(`${path}-wal`).size)
      if (looks.length % 200 === 0) context.say(`${decided} of ${population.size}`)
    })
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(look, Effect.sleep(LOOK_MS))))
    const last = idOf(population.size - 1)
    const sync = Effect.andThen(work("crm", crm), until(engine.isDecided("crm", last), "the first sync", 7_200_000))
    const taken = yield* timedIn(context, sync)
    yield* look
    return { taken, looks, walBytes }
  })

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const population = new Population(context.people(30_000, 1_000_000))
  const path = join(context.dir, "store.db")
  const { looks, taken, walBytes } = await withStore(path, synced(context, population, path))
  const { size } = population
  const window = Math.min(WINDOW, Math.floor(size / 3))
  // Without the first third of the first window, in which the code is still being compiled.
  const [early, late] = [pace(looks, window / 3, window), pace(looks, size - window, size)]
  const about: Row["about"] = {
    recordBytes: population.recordBytes,
    eventsPerRecord: 2,
    journal: EMBEDDED,
    ran: ONE_PROCESS,
    detail: {
      records: size,
      ...cost(taken, size),
      "store, bytes a record": statSync(path).size / size,
      "in a window of": window,
    },
  }
  const less = { better: "less" as const, durable: true, about }
  return [
    {
      name: "growth",
      what: `the last records of a first sync in pages of ${PAGE}, beside the first`,
      value: late,
      unit: "records/s",
      better: "more",
      target: 0.85 * early,
      beside: { name: "the first records", value: early },
      durable: true,
      about,
    },
    {
      name: "growth, memory",
      what: "peak of the process",
      value: taken.peakRssMb,
      unit: "MB",
      target: 300,
      beside: null,
      ...less,
    },
    {
      name: "growth, log",
      what: "largest write-ahead log",
      value: walBytes / MIB,
      unit: "MiB",
      target: 256,
      beside: null,
      ...less,
    },
  ]
}

export const growth: Line = {
  name: "growth",
  what: "a first sync of 1,000,000: its pace at the end, memory, write-ahead log",
  quick: false,
  measure,
}
