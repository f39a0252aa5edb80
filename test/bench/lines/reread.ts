/** Everything of a connection is read once more and nothing has changed: what a walk that looks for lost webhooks costs. */
import * as Effect from "effect/Effect"
import { EMBEDDED, engine, ONE_PROCESS, timedIn, until, withStore } from "../engine.ts"
import { cost, type Context, type Line, median, type Row } from "../harness/line.ts"
import { generatorAlone, Population } from "../population.ts"
import { linkedSize, linkedStore } from "../prepared.ts"
import { PAGE, sourceOf } from "../source.ts"

const WARM_UP = 3
const ROUNDS = 5

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const population = new Population(linkedSize(context))
  const path = await linkedStore(context)
  const walks = await withStore(
    path,
    Effect.gen(function* () {
      const { work } = yield* engine.started
      const { handle } = yield* work("crm", sourceOf(population))
      yield* until(handle.idle, "the start of the worker")
      const walk = Effect.gen(function* () {
        const before = yield* handle.stats
        yield* handle.readAgain
        yield* until(
          Effect.map(handle.stats, ({ absorbed }) => absorbed - before.absorbed >= population.size),
          "reading again",
        )
        const after = yield* handle.stats
        if (after.facts !== before.facts) throw new Error(`${after.facts - before.facts} records were news`)
      })
      for (let n = 0; n < WARM_UP; n++) yield* walk
      return yield* Effect.forEach(Array.from({ length: ROUNDS }), () => timedIn(context, walk))
    }),
  )
  const values = walks.map(({ seconds }) => population.size / seconds)
  const value = median(values)
  const taken = walks[values.indexOf(value)]!
  return [
    {
      name: "reread",
      what: `pages of ${PAGE} of which nothing has changed, until the walk's place is durable`,
      value,
      unit: "records/s",
      better: "more",
      target: 60_000,
      beside: { name: "known of others", value: 5_900 },
      durable: true,
      about: {
        recordBytes: population.recordBytes,
        eventsPerRecord: 0,
        journal: EMBEDDED,
        ran: ONE_PROCESS,
        detail: {
          records: population.size,
          ...cost(taken, population.size),
          "generator and JSON.parse alone, records/s": generatorAlone(population, PAGE),
        },
      },
    },
  ]
}

export const reread: Line = {
  name: "reread",
  what: "records read again that have not changed",
  quick: true,
  measure,
}
