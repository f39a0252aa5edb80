/** A first sync from generated pages, until every canonical event and every wake-up for the other connection is durable. */
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { EMBEDDED, engine, eventCounts, ONE_PROCESS, sumOf, timedIn, until, withStore } from "../engine.ts"
import { cost, type Context, type Line, type Row } from "../harness/line.ts"
import { generatorAlone, idOf, Population } from "../population.ts"
import { appendedAgain } from "../same-events.ts"
import { PAGE, sourceOf } from "../source.ts"

const OPENING_FACTS = 8

const synced = (context: Context, population: Population) =>
  Effect.gen(function* () {
    const crm = sourceOf(population)
    yield* engine.openConnection("app", sourceOf(new Population(0), { isApp: true }))
    yield* engine.nothingToRead("app")
    yield* engine.openConnection("crm", crm)
    const { reconciler, work } = yield* engine.started
    yield* until(
      Effect.map(reconciler.progress, ({ decided }) => decided >= OPENING_FACTS),
      "the opening of the connections",
    )
    const last = idOf(population.size - 1)
    const sync = Effect.andThen(work("crm", crm), until(engine.isDecided("crm", last), "the first sync"))
    const taken = yield* timedIn(context, sync)
    const due = yield* engine.count("due", "app|")
    if (due !== population.size) throw new Error(`${due} of ${population.size} records are due at the other connection`)
    return { taken, counts: yield* eventCounts }
  })

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const population = new Population(context.people(5_000, 50_000))
  const path = join(context.dir, "store.db")
  const { counts, taken } = await withStore(path, synced(context, population))
  const { PageCommitted = 0, RecordObserved = 0, ContactCreated = 0 } = counts
  if (RecordObserved !== population.size || ContactCreated !== population.size)
    throw new Error(`not what a first sync leaves: ${JSON.stringify(counts)}`)
  const events = (RecordObserved + ContactCreated + PageCommitted) / population.size
  const appended = await appendedAgain(path, join(context.dir, "again.db"))
  return [
    {
      name: "first-sync",
      what: `pages of ${PAGE} until canonical events and wake-ups for one other connection are durable`,
      value: population.size / taken.seconds,
      unit: "records/s",
      better: "more",
      target: 10_000,
      beside: { name: "journal append of the same events", value: appended / events },
      durable: true,
      about: {
        recordBytes: population.recordBytes,
        eventsPerRecord: events,
        journal: EMBEDDED,
        ran: ONE_PROCESS,
        detail: {
          records: population.size,
          ...cost(taken, population.size),
          "events in all": sumOf(counts),
          "generator and JSON.parse alone, records/s": generatorAlone(population, PAGE),
          "known of others, records/s": 2_500,
        },
      },
    },
  ]
}

export const firstSync: Line = {
  name: "first-sync",
  what: "provider page → observation → identity → reconcile → canonical event → command durable",
  quick: true,
  measure,
}
