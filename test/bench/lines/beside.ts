/** Live edits of 99 tenants, alone and beside the first sync of one large tenant, all in one process. */
import type { WriteAnswer } from "@concordat/engine/ports/Provider"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { EMBEDDED, engine, ONE_PROCESS, timedIn, until, withStore } from "../engine.ts"
import { cost, type Context, type Line, quantile, round, type Row, type Timed } from "../harness/line.ts"
import { PERSONS } from "../mapping.ts"
import { idOf, Population } from "../population.ts"
import { type Source, sourceOf } from "../source.ts"

const TENANTS = 99
const PEOPLE = 10
const PER_SECOND = 10
/** Calls a second, of pages of 100, that HubSpot leaves to a portal. */
const HUBSPOT = 19
const BEHIND_MS = 240_000

/** What an edit took until its write, ms: in real time, and of the main thread's CPU meanwhile, whoever it went to. */
interface Took {
  readonly ms: number
  readonly cpu: number
}
const cpuNow = (): number => {
  const { system, user } = process.threadCpuUsage()
  return (system + user) / 1_000
}

const named = (n: number): string => `tenant${n}`

/** A system that takes what is written to it and does nothing else. */
const sinkOf = (onWritten: (kind: string) => void): Source => {
  const { connector, definition } = sourceOf(new Population(0), { isApp: true })
  const { metadata } = connector
  return {
    definition,
    connector: {
      metadata,
      write: (object, rows) =>
        Effect.sync(() =>
          rows.map(({ id, key, kind, ownId, values }): WriteAnswer => {
            onWritten(kind)
            return { key, outcome: { _tag: "Written", id: id ?? ownId, object, held: values } }
          }),
        ),
    },
  }
}

/** The same source, as fast as its provider lets it be read. */
const paced = ({ connector, definition }: Source, perSecond: number): Source => ({
  connector,
  definition: {
    ...definition,
    limits: { ...definition.limits, buckets: { default: { capacity: perSecond, perSecond } } },
  },
})

type Started = Effect.Success<typeof engine.started>

/** A tenant with a CRM and a sink. `start` has them work. */
const tenantOf = Effect.fnUntraced(function* ({ work }: Started, tenant: string, crm: Source, sink: Source) {
  yield* engine.openConnection("app", sink, tenant)
  yield* engine.nothingToRead("app", tenant)
  yield* engine.openConnection("crm", crm, tenant)
  yield* work("app", sink, tenant)
  return { start: work("crm", crm, tenant) }
})

const measured = (context: Context, size: number, perSecond: number) =>
  Effect.gen(function* () {
    const started = yield* engine.started
    let created = 0
    let took: Array<Took> = []
    const tenants = yield* Effect.forEach(
      Array.from({ length: TENANTS }, (_, n) => named(n)),
      Effect.fnUntraced(function* (tenant) {
        const population = new Population(PEOPLE)
        /** Edits whose write has not come, in their order. */
        const waiting: Array<{ readonly due: number; readonly cpu: number }> = []
        const sink = sinkOf((kind) => {
          if (kind === "create") created += 1
          else {
            const { cpu, due } = waiting.shift()!
            took.push({ ms: performance.now() - due, cpu: cpuNow() - cpu })
          }
        })
        const source = sourceOf(population)
        const { start } = yield* tenantOf(started, tenant, source, sink)
        const { handle } = yield* start
        const edit = Effect.fnUntraced(function* (n: number, due: number) {
          population.edit(n)
          waiting.push({ due, cpu: cpuNow() })
          yield* handle.hint([{ kind: "changed", object: PERSONS, id: idOf(n) }])
        })
        return { edit }
      }),
      { concurrency: "unbounded" },
    )
    yield* until(
      Effect.sync(() => created === TENANTS * PEOPLE),
      "the first sync of the small tenants",
    )
    let next = 0
    const edits = Effect.fnUntraced(function* (goesOn: (done: number) => boolean) {
      took = []
      const from = performance.now()
      let done = 0
      for (; goesOn(done); done++) {
        const due = from + (done * 1_000) / PER_SECOND
        const wait = due - performance.now()
        if (wait > 0) yield* Effect.sleep(wait)
        const n = next++
        yield* tenants[n % TENANTS]!.edit(Math.floor(n / TENANTS) % PEOPLE, due)
      }
      yield* until(
        Effect.sync(() => took.length >= done),
        `the last write of ${done} edits`,
        BEHIND_MS,
      )
      return took
    })
    const seconds = context.scale === "quick" ? 5 : 20
    yield* edits((done) => done < PER_SECOND * 2)
    const alone = yield* timedIn(
      context,
      edits((done) => done < PER_SECOND * seconds),
    )
    let written = 0
    const big = paced(sourceOf(new Population(size)), perSecond)
    const { start } = yield* tenantOf(
      started,
      "large",
      big,
      sinkOf(() => {
        written += 1
      }),
    )
    yield* start
    const beside = yield* timedIn(
      context,
      edits(() => written < size),
    )
    return { alone, beside, size }
  })

const msOf = (all: ReadonlyArray<Took>): ReadonlyArray<number> => all.map(({ ms }) => ms)
const cpuOf = (all: ReadonlyArray<Took>): ReadonlyArray<number> => all.map(({ cpu }) => cpu)

const rowsOf = (
  pace: string,
  of: { alone: Timed<ReadonlyArray<Took>>; beside: Timed<ReadonlyArray<Took>>; size: number },
): ReadonlyArray<Row> => {
  const [alone, beside] = [msOf(of.alone.result), msOf(of.beside.result)]
  const [aloneCpu, besideCpu] = [cpuOf(of.alone.result), cpuOf(of.beside.result)]
  return ([0.5, 0.99] as const).map((share) => ({
    name: `beside, ${pace}, p${share * 100}`,
    what: `from an edit at one of ${TENANTS} tenants to its write in the other system, while another tenant is read and created ${pace}`,
    value: quantile(beside, share),
    unit: "ms",
    better: "less" as const,
    target: null,
    beside: { name: "without that", value: quantile(alone, share) },
    durable: true,
    about: {
      journal: EMBEDDED,
      ran: ONE_PROCESS,
      detail: {
        records: of.size,
        edits: beside.length,
        "longest, ms": quantile(beside, 1),
        "longest without, ms": quantile(alone, 1),
        "CPU of the main thread meanwhile, ms": round(quantile(besideCpu, share)),
        "the same without": round(quantile(aloneCpu, share)),
        ...cost(of.beside, of.size),
      },
    },
  }))
}

export const beside: Line = {
  name: "beside",
  what: "live edits of 99 tenants beside the first sync of a large one",
  quick: false,
  measure: async (context) => {
    const size = context.people(10_000, 100_000)
    const rows: Array<Row> = []
    for (const [pace, perSecond] of [
      ["at HubSpot's pace", HUBSPOT],
      ["as fast as it goes", 1e9],
    ] as const) {
      const path = join(context.dir, `${perSecond}.sqlite`)
      rows.push(...rowsOf(pace, await withStore(path, measured(context, size, perSecond))))
    }
    return rows
  },
}
