/** The canonical events of a store, from the first on, to one subscriber. */
import { Journal } from "@concordat/engine/ports/Journal"
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import { partitionOf } from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { EMBEDDED, TENANT, timedIn, withStore } from "../engine.ts"
import { cost, type Context, type Line, median, type Row } from "../harness/line.ts"
import { linkedStore } from "../prepared.ts"

const ROUNDS = 5

const prefixes = ENTITY_TYPES.map((type) => `${type}-${partitionOf(TENANT)}.${TENANT}.`)

const followed = Effect.gen(function* () {
  const journal = yield* Journal
  let seen = 0
  yield* journal.subscribe({ after: null, prefixes }).pipe(
    Stream.takeUntil(({ _tag }) => _tag === "CaughtUp"),
    Stream.runForEach((item) =>
      Effect.sync(() => {
        if (item._tag === "Event") seen += 1
      }),
    ),
  )
  return seen
})

const readAll = Effect.gen(function* () {
  const journal = yield* Journal
  const from = performance.now()
  let seen = 0
  for (let after: string | null = null; ;) {
    const page: Effect.Success<ReturnType<typeof journal.readAll>> = yield* journal.readAll({
      after,
      prefixes: [],
      limit: 1_000,
    })
    if (page.events.length === 0) return (seen / (performance.now() - from)) * 1_000
    seen += page.events.length
    after = page.position
  }
})

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const path = await linkedStore(context)
  const { beside, runs } = await withStore(
    path,
    Effect.gen(function* () {
      yield* followed
      yield* readAll
      const runs = yield* Effect.forEach(Array.from({ length: ROUNDS }), () => timedIn(context, followed))
      const beside = yield* Effect.forEach(Array.from({ length: ROUNDS }), () => readAll)
      return { runs, beside: median(beside) }
    }),
  )
  const values = runs.map(({ result, seconds }) => result / seconds)
  const value = median(values)
  const taken = runs[values.indexOf(value)]!
  return [
    {
      name: "feed",
      what: "the journal's subscription with the tenant's entity streams, until it has caught up",
      value,
      unit: "events/s",
      better: "more",
      target: 60_000,
      beside: { name: "journal read-all", value: beside },
      durable: true,
      about: {
        journal: EMBEDDED,
        ran: "one process: the subscriber on its main thread, SQLite on a worker thread",
        detail: { events: taken.result, ...cost(taken, taken.result) },
      },
    },
  ]
}

export const feed: Line = { name: "feed", what: "canonical feed to one subscriber", quick: true, measure }
