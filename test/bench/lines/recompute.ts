/**
 * The canonical streams of a store computed anew from its facts in another store, and compared id by id. The engine has no
 * `verify` of its own: this is its reconciler put together for it, in memory and on one thread.
 */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { type Append, Journal, type RecordedEvent } from "@concordat/engine/ports/Journal"
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import { INPUT_CATEGORIES } from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { timedIn, withStore } from "../engine.ts"
import { cost, type Context, type Line, type Row } from "../harness/line.ts"
import { linkedSize, linkedStore } from "../prepared.ts"

const PAGE = 1_000
const FACTS = INPUT_CATEGORIES.map((category) => `${category}-`)
const DECIDED = [...ENTITY_TYPES, "decision"].map((category) => `${category}-`)

const read = (prefixes: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const all: Array<RecordedEvent> = []
    yield* journal.subscribe({ after: null, prefixes }).pipe(
      Stream.takeUntil(({ _tag }) => _tag === "CaughtUp"),
      Stream.runForEach((item) =>
        Effect.sync(() => {
          if (item._tag === "Event") all.push(item.event)
        }),
      ),
    )
    return all
  })

/** Streams with the ids of their events, in order. */
const idsOf = (events: ReadonlyArray<RecordedEvent>): ReadonlyMap<string, string> => {
  const ids = new Map<string, string>()
  for (const { id, stream } of events) ids.set(stream, `${ids.get(stream) ?? ""} ${id}`)
  return ids
}

/** The facts in the order in which they came: several of one stream end a page. */
const copy = Effect.fnUntraced(function* (facts: ReadonlyArray<RecordedEvent>) {
  const journal = yield* Journal
  let page = new Map<string, Append>()
  const flush = Effect.fnUntraced(function* () {
    if (page.size > 0) yield* journal.appendMany([...page.values()])
    page = new Map()
  })
  for (const { data, id, metadata, revision, stream, type } of facts) {
    if (page.has(stream) || page.size >= PAGE) yield* flush()
    page.set(stream, { stream, expected: revision - 1, events: [{ data, id, metadata, type }] })
  }
  yield* flush()
})

const measure = async (context: Context): Promise<ReadonlyArray<Row>> => {
  const path = await linkedStore(context)
  const [facts, known] = await withStore(path, Effect.all([read(FACTS), Effect.map(read(DECIDED), idsOf)]))
  const taken = await Effect.runPromise(
    Effect.gen(function* () {
      yield* copy(facts)
      const reconciler = yield* makeReconciler(makeCompilers())
      const verified = Effect.gen(function* () {
        const decided = yield* reconciler.drain
        const made = idsOf(yield* read(DECIDED))
        let drift = 0
        for (const stream of new Set([...known.keys(), ...made.keys()]))
          if (known.get(stream) !== made.get(stream)) drift += 1
        return { decided, drift }
      })
      return yield* timedIn(context, verified)
    }).pipe(Effect.provide(sqlite({ path: ":memory:", inPlace: true }))),
  )
  const { decided, drift } = taken.result
  if (drift > 0) throw new Error(`${drift} streams are decided differently`)
  const observations = facts.filter(({ type }) => type === "RecordObserved").length
  return [
    {
      name: "recompute",
      what: "the engine has no `verify`: its reconciler over a copy of the facts, in memory, compared id by id",
      value: observations / taken.seconds,
      unit: "observations/s",
      better: "more",
      target: 15_000,
      beside: null,
      durable: false,
      about: {
        journal: "SQLite in memory, on the caller's thread",
        ran: "one process, all on its main thread",
        detail: { people: linkedSize(context), facts: decided, drift, ...cost(taken, observations) },
      },
    },
  ]
}

export const recompute: Line = {
  name: "recompute",
  what: "canonical streams computed again and compared (what `verify` is to do)",
  quick: true,
  measure,
}
