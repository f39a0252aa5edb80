/** Memory of a process over a store of very many people: it is to grow with what is in flight, not with what is stored. */
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { State } from "@concordat/engine/ports/State"
import * as Effect from "effect/Effect"
import { statSync } from "node:fs"
import { builtStore } from "../built.ts"
import { EMBEDDED, engine, ONE_PROCESS, type Stores, TENANT, timedIn, until, withStore } from "../engine.ts"
import { cost, type Context, type Line, type Row } from "../harness/line.ts"
import { rssOf } from "../harness/stopwatch.ts"
import { PERSONS } from "../mapping.ts"
import { idOf, Population } from "../population.ts"
import { sourceOf } from "../source.ts"
import type * as Scope from "effect/Scope"

const PER_SECOND = 50
const MOST_MB = 300
/** A prime step: edits are spread over all that is stored, and nothing that is read is in a cache. */
const STEP = 7_919

interface Worked {
  /** What was done, and how many of it. */
  readonly name: string
  readonly count: number
}

const lived = (context: Context, people: number) =>
  Effect.gen(function* () {
    const population = new Population(people)
    const { reconciler, work } = yield* engine.started
    const { handle } = yield* work("crm", sourceOf(population))
    yield* until(handle.idle, "the start of the worker")
    const edits = PER_SECOND * (context.scale === "quick" ? 2 : 60)
    const { decided } = yield* reconciler.progress
    return yield* timedIn(
      context,
      Effect.gen(function* () {
        const from = performance.now()
        for (let n = 0; n < edits; n++) {
          const wait = from + (n * 1_000) / PER_SECOND - performance.now()
          if (wait > 0) yield* Effect.sleep(wait)
          const one = (n * STEP) % people
          population.edit(one)
          yield* handle.hint([{ kind: "changed", object: PERSONS, id: idOf(one) }])
        }
        const isDone = Effect.map(reconciler.progress, (now) => now.decided - decided >= Math.min(edits, people))
        yield* until(isDone, "deciding the edits")
        const worked: Worked = { name: "edits", count: edits }
        return worked
      }),
    )
  })

const replayed = (context: Context, people: number) =>
  Effect.gen(function* () {
    const state = yield* State
    const compilers = makeCompilers()
    const taken = yield* timedIn(
      context,
      Effect.gen(function* () {
        yield* state.clear
        const reconciler = yield* makeReconciler(compilers)
        const decided = yield* reconciler.drain
        const { connector, definition } = sourceOf(new Population(0))
        yield* makeConnection({ tenant: TENANT, connection: "crm", definition, connector, compilers })
        const worked: Worked = { name: "facts decided", count: decided }
        return worked
      }),
    )
    const entities = yield* engine.count("entity")
    if (entities !== people) throw new Error(`${entities} entities after the replay, not ${people}`)
    return taken
  })

const lineOf = (name: string, what: string, run: typeof lived | typeof replayed): Line => ({
  name,
  what: `${what}, over 1,000,000 contacts: memory of the process`,
  quick: false,
  measure: async (context): Promise<ReadonlyArray<Row>> => {
    const people = context.people(5_000, 1_000_000)
    const path = await builtStore(context, people)
    const measured: Effect.Effect<
      { readonly taken: Effect.Success<ReturnType<typeof run>>; readonly opened: number },
      unknown,
      Stores | Scope.Scope
    > = Effect.gen(function* () {
      yield* State
      const opened = rssOf(process.pid)
      return { opened, taken: yield* run(context, people) }
    })
    const { opened, taken } = await withStore(path, measured)
    return [
      {
        name,
        what: `peak resident memory, ${what}`,
        value: taken.peakRssMb,
        unit: "MB",
        better: "less",
        target: MOST_MB,
        beside: { name: "the process with its store opened and nothing begun", value: opened },
        durable: true,
        about: {
          journal: EMBEDDED,
          ran: ONE_PROCESS,
          detail: {
            people,
            "store, MB": Math.round(statSync(path).size / 1e6),
            [taken.result.name]: taken.result.count,
            ...cost(taken, taken.result.count),
          },
        },
      },
    ]
  },
})

export const memoryLive = lineOf("memory-live", "while live edits come", lived)
export const memoryReplay = lineOf("memory-replay", "while all documents are made again", replayed)
