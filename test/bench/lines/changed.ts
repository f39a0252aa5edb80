/** Records that changed at one of three connections, until both others have their wake-ups on the disk. */
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { EMBEDDED, engine, eventCounts, ONE_PROCESS, timedIn, until, withStore } from "../engine.ts"
import { cost, type Context, type Line, type Row } from "../harness/line.ts"
import { Population } from "../population.ts"
import { CONNECTIONS, linkedSize, linkedStore } from "../prepared.ts"
import { appendedAgain } from "../same-events.ts"
import { PAGE, sourceOf } from "../source.ts"

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const population = new Population(linkedSize(context))
  const path = await linkedStore(context)
  const { before, counts, taken } = await withStore(
    path,
    Effect.gen(function* () {
      const { reconciler, work } = yield* engine.started
      const { handle } = yield* work("crm", sourceOf(population))
      yield* until(handle.idle, "the start of the worker")
      /** Every record is edited by a person, and the next poll finds them all. */
      const change = Effect.gen(function* () {
        const { decided } = yield* reconciler.progress
        for (let n = 0; n < population.size; n++) population.edit(n)
        yield* handle.wake
        yield* until(
          Effect.map(reconciler.progress, (now) => now.decided - decided >= population.size),
          "deciding the changes",
        )
      })
      yield* change
      const before = yield* eventCounts
      const taken = yield* timedIn(context, change)
      for (const name of CONNECTIONS.slice(1)) {
        const due = yield* engine.count("due", `${name}|`)
        if (due !== population.size) throw new Error(`${due} of ${population.size} are due at ${name}`)
      }
      return { before, counts: yield* eventCounts, taken }
    }),
  )
  const more = (type: string): number => (counts[type] ?? 0) - (before[type] ?? 0)
  if (more("RecordObserved") !== population.size || more("ContactChanged") !== population.size)
    throw new Error(`not what changes leave: ${JSON.stringify(counts)}`)
  const events = (more("RecordObserved") + more("ContactChanged") + more("PageCommitted")) / population.size
  const appended = await appendedAgain(path, join(context.dir, "again.db"))
  return [
    {
      name: "changed",
      what: `pages of ${PAGE} changed records until the wake-ups of two other connections are durable`,
      value: population.size / taken.seconds,
      unit: "records/s",
      better: "more",
      target: 6_000,
      beside: { name: "journal append of the like events", value: appended / events },
      durable: true,
      about: {
        recordBytes: population.recordBytes,
        eventsPerRecord: events,
        journal: EMBEDDED,
        ran: ONE_PROCESS,
        detail: {
          records: population.size,
          "groups changed in each": 2,
          ...cost(taken, population.size),
          "known of others, records/s": 1_900,
        },
      },
    },
  ]
}

export const changed: Line = {
  name: "changed",
  what: "changed records through the same way, two other connections to write",
  quick: true,
  measure,
}
