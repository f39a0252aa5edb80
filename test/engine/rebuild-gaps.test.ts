/** A worker whose documents were dropped asks once more for the histories of what it wrote last: nobody may have looked into them. */
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { appendOf } from "@concordat/engine/connection/events"
import type { Gap } from "@concordat/engine/connection/gaps"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import { clear } from "@concordat/model/events/envelope"
import type {
  EditOverwritten,
  PageCommitted,
  RecordObserved,
  RecordWritten,
  WriteIntended,
} from "@concordat/model/events/record"
import type { JsonObject } from "@concordat/model/json"
import * as streams from "@concordat/model/streams"
import type { OpenIntentDoc } from "@concordat/rules/state/documents"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { World } from "./synthetic.ts"
import { definitionOf } from "./synthetic-traits.ts"
import { START, store, TENANT } from "./system.ts"

const OBJECT = "people"
const HOUR = 3_600_000
const at = { connection: "crm", object: OBJECT, externalId: "r1" } as const
const write = (key: string) => ({ ...at, entity: { type: "contact", id: "e" }, due: 1, key, kind: "update" }) as const

const read = (values: JsonObject): RecordObserved => ({
  _tag: "RecordObserved",
  ...at,
  values: clear(values),
  readStartedAt: START,
  readBefore: 0,
  stamp: START - 5,
  by: null,
  via: "poll",
  ownId: null,
})
/** `before`: as the mapping would write what stood there. */
const intended = (key: string, values: JsonObject, before: JsonObject = {}): WriteIntended => ({
  _tag: "WriteIntended",
  ...write(key),
  sent: clear({ values, before }),
})
const written = (key: string, held: JsonObject | null): RecordWritten => ({
  _tag: "RecordWritten",
  ...write(key),
  held: held === null ? null : clear(held),
  stamp: null,
  adopted: false,
  refused: [],
  attempts: 1,
})
const taken = (key: string, values: JsonObject) => [intended(key, values), written(key, values)]
const found = (key: string): EditOverwritten => ({
  _tag: "EditOverwritten",
  ...at,
  entity: { type: "contact", id: "e" },
  key,
  values: clear({ job: "Duchess" }),
  readBefore: START,
  stamp: null,
  by: null,
})
const ended: typeof PageCommitted.Type = {
  _tag: "PageCommitted",
  connection: "crm",
  walk: "changes",
  object: OBJECT,
  cursor: { n: 1 },
  done: 1,
  total: null,
}

/** Of one record, and what the worker said last; then all documents are made anew. */
const rebuilt = Effect.fnUntraced(function* (
  facts: ReadonlyArray<RecordObserved | WriteIntended | RecordWritten | EditOverwritten>,
  { begunBefore = false, endedAt = START, keepsHistory = true } = {},
) {
  const journal = yield* Journal
  const record = streams.record(TENANT, "crm", OBJECT, "r1")
  yield* journal.append(
    appendOf(
      record,
      -1,
      facts.map((data) => ({ data })),
      START,
    ),
  )
  yield* journal.append(appendOf(streams.worker(TENANT, "crm"), -1, [{ data: ended }], endedAt))
  if (begunBefore) {
    // A process died in it after a first page, of which nothing came, and took over before that: the last word is its own.
    const [first] = (yield* journal.readAll({ after: null, prefixes: [], limit: 1 })).events
    const place = { position: first!.position, told: -1, endedAt: START }
    const checkpoint = { name: "test", position: first!.position, eventId: first!.id }
    const document = { tenant: TENANT, kind: "rebuild", key: "crm|", value: JSON.stringify(place) }
    const commit = yield* Commit
    yield* commit.commit({ appends: [], commands: [], checkpoint, documents: [document] })
  }
  const world = new World({})
  const history = keepsHistory ? { overwritten: () => Effect.succeed([]) } : {}
  yield* makeConnection({
    tenant: TENANT,
    connection: "crm",
    definition: definitionOf(world.traits),
    connector: { ...world.connector(), ...history },
    compilers: makeCompilers(),
  }).pipe(Effect.scoped)
  return yield* documents<Gap>("gap")
})

const documents = Effect.fnUntraced(function* <A>(kind: string) {
  const state = yield* State
  const docs = yield* state.scan({ tenant: TENANT, kind, prefix: "crm|", after: null, limit: 100 })
  return docs.map(({ value }) => JSON.parse(value) as A)
})

const held = (gaps: ReadonlyArray<Gap>) => gaps.map(({ before, held: now, key }) => [key, before, now])
const seen = read({ job: "Analyst", price: "29" })

describe("writes whose histories may not have been looked into when the state was dropped", () => {
  it.effect("[R26] [R50] are looked after, with what was read before them as the provider spells it", () =>
    Effect.gen(function* () {
      const sent = { job: "Countess", price: "31.00" }
      const gaps = yield* rebuilt([
        seen,
        intended("a", sent, { job: "Analyst", price: "29.00" }),
        written("a", { ...sent, price: "31" }),
      ])
      assert.deepStrictEqual(held(gaps), [["a", { job: "Analyst", price: "29" }, { job: "Countess", price: "31" }]])
      assert.deepInclude(gaps[0], { record: { object: OBJECT, id: "r1" }, readBefore: START, stamp: START - 5 })
    }).pipe(Effect.provide(store, { local: true })),
  )

  for (const [what, facts, options] of [
    ["what stood under it is in the journal", [seen, ...taken("a", { job: "Countess" }), found("a")], {}],
    ["it was made long before the end", [seen, ...taken("a", { job: "Countess" })], { endedAt: START + HOUR + 1 }],
    ["nobody has read what stood there", [read({ price: "29" }), ...taken("a", { job: "Countess" })], {}],
    ["the provider keeps none", [seen, ...taken("a", { job: "Countess" })], { keepsHistory: false }],
  ] as const)
    it.effect(`[R26] are not where ${what}`, () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* rebuilt(facts, options), [])
      }).pipe(Effect.provide(store, { local: true })),
    )

  it.effect("[R26] [R50] are where a process died in the rebuilding, also hours after the end", () =>
    Effect.gen(function* () {
      const facts = [seen, ...taken("a", { job: "Countess" })]
      const gaps = yield* rebuilt(facts, { begunBefore: true, endedAt: START + 2 * HOUR })
      assert.deepStrictEqual(held(gaps), [["a", { job: "Analyst" }, { job: "Countess" }]])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("[R26] each of several, but for the first of two of the same value", () =>
    Effect.gen(function* () {
      const gaps = yield* rebuilt([
        seen,
        ...taken("a", { job: "Countess", price: "30" }),
        ...taken("b", { job: "Queen" }),
        ...taken("c", { job: "Countess" }),
      ])
      assert.deepStrictEqual(held(gaps), [
        ["a", { price: "29" }, { price: "30" }],
        ["b", { job: "Countess" }, { job: "Queen" }],
        ["c", { job: "Queen" }, { job: "Countess" }],
      ])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("[R26] are not where only a write without an answer said what stood there before", () =>
    Effect.gen(function* () {
      const gaps = yield* rebuilt([
        seen,
        intended("a", { job: "Countess" }),
        written("a", null),
        ...taken("b", { job: "Queen" }),
      ])
      assert.deepStrictEqual(held(gaps), [["a", { job: "Analyst" }, { job: "Countess" }]])
    }).pipe(Effect.provide(store, { local: true })),
  )
})

describe("a write that was open when the state was dropped", () => {
  const sent = { job: "Countess", price: "31.00" }
  const before = { job: "Analyst", price: "29.00" }
  const open = Effect.map(documents<OpenIntentDoc>("intent"), (all) =>
    all.map(({ current, readBefore, stamp }) => ({ current, readBefore, stamp })),
  )
  const asRead = { readBefore: START, stamp: START - 5 }

  for (const [what, facts, options, current] of [
    ["what was read before it", [seen, intended("a", sent, before)], {}, { job: "Analyst", price: "29" }],
    // Read since, it is not what was read before.
    [
      "not what was read since",
      [seen, intended("a", sent, before), read({ job: "Duchess" })],
      {},
      { job: "Analyst", price: "29" },
    ],
    [
      "nothing of what only a write has said",
      [seen, intended("b", { job: "Queen" }), written("b", null), intended("a", sent, before)],
      {},
      { price: "29" },
    ],
    [
      "none of the values where the provider keeps no history",
      [seen, intended("a", sent, before)],
      { keepsHistory: false },
      undefined,
    ],
  ] as const)
    it.effect(`[R26] knows ${what}`, () =>
      Effect.gen(function* () {
        yield* rebuilt(facts, options)
        assert.deepStrictEqual(yield* open, [{ current, ...asRead }])
      }).pipe(Effect.provide(store, { local: true })),
    )
})
