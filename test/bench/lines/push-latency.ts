/** From a change that a system brings to the wake-up at the worker of the connection that is to be written. */
import { Bus, pushSubject } from "@concordat/engine/ports/Bus"
import { partitionOf } from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { PERSONS } from "../mapping.ts"
import { EMBEDDED, engine, ONE_PROCESS, TENANT, timedIn, until, withStore } from "../engine.ts"
import { cost, type Context, type Line, quantile, type Row, type Timed } from "../harness/line.ts"
import { idOf, Population } from "../population.ts"
import { linkedSize, linkedStore } from "../prepared.ts"
import { sourceOf } from "../source.ts"

const PER_SECOND = 500
const IDLE_MS = 25
const HEARD_MS = 100
/** An engine that can't keep up with the pace works off what waits afterwards: its latency then says so. */
const BEHIND_MS = 240_000

const wakeUps = (heard: (entity: string) => void) =>
  Effect.flatMap(Bus, (bus) =>
    bus
      .consume({
        group: "bench",
        subjects: [pushSubject(partitionOf(TENANT), TENANT, "app")],
        maxInFlight: 256,
        ackWait: "30 seconds",
      })
      .pipe(
        // Answered as a worker does: what came together at once.
        Stream.runForEachArray((deliveries) => {
          for (const { body } of deliveries) heard((JSON.parse(body) as { readonly entity: string }).entity)
          return Effect.forEach(deliveries, ({ ack }) => ack, { concurrency: "unbounded", discard: true })
        }),
      ),
  )

/** Each change is another person's: its wake-up is the next one for that entity. */
const measured = (context: Context, population: Population) =>
  Effect.gen(function* () {
    const source = sourceOf(population)
    const { work } = yield* engine.started
    const { handle } = yield* work("crm", source)
    yield* until(handle.idle, "the start of the worker")
    const entities = yield* engine.entitiesOf("crm")
    /** Changes that wait for a wake-up, by entity: two of one person that are decided together have one. */
    const waiting = new Map<string, Array<number>>()
    let took: Array<number> = []
    yield* Effect.forkScoped(
      wakeUps((entity) => {
        const now = performance.now()
        for (const from of waiting.get(entity) ?? []) took.push(now - from)
        waiting.delete(entity)
      }),
    )
    let next = 0
    const change = Effect.fnUntraced(function* (due: number) {
      const n = next++ % population.size
      population.edit(n)
      const readings = yield* Effect.orDie(source.connector.read!(PERSONS, [idOf(n)], { fields: [], limit: 1 }))
      const entity = entities.get(idOf(n))!
      waiting.set(entity, [...(waiting.get(entity) ?? []), due])
      yield* handle.submit(readings.flatMap((one) => (one._tag === "Found" ? [one.record] : [])))
    })
    const run = Effect.fnUntraced(function* (count: number, everyMs: number, isSingle: boolean) {
      took = []
      const from = performance.now()
      for (let done = 0; done < count; done++) {
        const due = from + done * everyMs
        const wait = due - performance.now()
        if (wait > 0) yield* Effect.sleep(wait)
        if (isSingle) yield* change(performance.now())
        else yield* Effect.forkScoped(change(due))
      }
      yield* until(
        Effect.sync(() => took.length >= count),
        `the last wake-up of ${count}, one each ${everyMs} ms,`,
        BEHIND_MS,
      )
      return took
    })
    const [idle, seconds] = context.scale === "quick" ? [100, 3] : [400, 15]
    // A group gets what is published once it has joined: until then wake-ups are nobody's.
    while (took.length === 0) {
      yield* change(performance.now())
      yield* Effect.sleep(HEARD_MS)
    }
    yield* run(100, IDLE_MS, true)
    const atRest = yield* timedIn(context, Effect.scoped(run(idle, IDLE_MS, true)))
    yield* run(PER_SECOND, 1_000 / PER_SECOND, false)
    const busy = yield* timedIn(context, Effect.scoped(run(PER_SECOND * seconds, 1_000 / PER_SECOND, false)))
    return { atRest, busy }
  })

const rowsOf = (people: number, name: string, taken: Timed<ReadonlyArray<number>>): ReadonlyArray<Row> =>
  ([0.5, 0.99] as const).map((share) => ({
    name: `push-latency, ${name}, p${share * 100}`,
    what: "from the moment a change is handed over to the wake-up for another connection at its worker",
    value: quantile(taken.result, share),
    unit: "ms",
    better: "less" as const,
    target: share === 0.5 ? 5 : 30,
    beside: null,
    durable: true,
    about: {
      eventsPerRecord: 2,
      journal: EMBEDDED,
      ran: ONE_PROCESS,
      detail: {
        people,
        changes: taken.result.length,
        "longest, ms": quantile(taken.result, 1),
        ...cost(taken, taken.result.length),
      },
    },
  }))

export const pushLatency: Line = {
  name: "push-latency",
  what: "change seen → push command at the connection worker, idle and at 500 changes a second",
  quick: true,
  measure: async (context) => {
    const population = new Population(linkedSize(context))
    const path = await linkedStore(context)
    const { atRest, busy } = await withStore(path, measured(context, population))
    return [...rowsOf(population.size, "idle", atRest), ...rowsOf(population.size, `${PER_SECOND}/s`, busy)]
  },
}
