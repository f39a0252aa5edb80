/** A worker whose documents were dropped makes them again a page at a time, and goes on after a crash where it was. */
import { appendOf } from "@concordat/engine/connection/events"
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { COMMIT_RECORDS } from "@concordat/engine/limits"
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import { clear } from "@concordat/model/events/envelope"
import type {
  PageCommitted,
  RecordMerged,
  RecordObserved,
  RecordWritten,
  WriteIntended,
} from "@concordat/model/events/record"
import * as streams from "@concordat/model/streams"
import type { OpenIntentDoc, SeenDoc } from "@concordat/rules/state/documents"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { World } from "./synthetic.ts"
import { definitionOf } from "./synthetic-traits.ts"
import { START, store, TENANT } from "./system.ts"

const OBJECT = "people"
const RECORDS = 3 * COMMIT_RECORDS
/** From here on records are read under another meaning. */
const CHANGED = COMMIT_RECORDS + 100
const WORKER = streams.worker(TENANT, "crm")
const entity = { type: "contact", id: "e" } as const
const idOf = (n: number): string => `r${n}`

const at = (n: number) => ({ connection: "crm", object: OBJECT, externalId: idOf(n) }) as const
const write = (n: number) => ({ ...at(n), entity, due: 1, key: `write ${n}`, kind: "update" }) as const

const observed = (n: number): RecordObserved => ({
  _tag: "RecordObserved",
  ...at(n),
  values: clear({ mail: `${idOf(n)}@firm.example` }),
  readStartedAt: START,
  readBefore: 0,
  stamp: null,
  by: null,
  via: "backfill",
  ownId: null,
})
const intended = (n: number): WriteIntended => ({
  _tag: "WriteIntended",
  ...write(n),
  sent: clear({ values: { mail: "new@firm.example" } }),
})
const written = (n: number): RecordWritten => ({
  _tag: "RecordWritten",
  ...write(n),
  held: null,
  stamp: null,
  adopted: false,
  refused: [],
  attempts: 1,
})
const merged = (n: number, into: string): RecordMerged => ({
  _tag: "RecordMerged",
  ...at(n),
  into,
  readStartedAt: START,
})
const page = (hash: string, isChanged: boolean): typeof PageCommitted.Type => ({
  _tag: "PageCommitted",
  connection: "crm",
  walk: "backfill",
  object: OBJECT,
  cursor: { n: 1 },
  done: 1,
  total: RECORDS,
  meaning: { hash, isChanged },
})
type Told = RecordObserved | WriteIntended | RecordWritten | RecordMerged | typeof PageCommitted.Type

/**
 * Of the first records one has an open write, one a write that is answered at the very end, one has become a record that is
 * read much later, and one a record that nobody has read.
 */
const history = Effect.gen(function* () {
  const journal = yield* Journal
  const revisions = new Map<string, number>()
  const append = Effect.fnUntraced(function* (stream: string, data: Told) {
    const expected = revisions.get(stream) ?? -1
    revisions.set(stream, expected + 1)
    yield* journal.append(appendOf(stream, expected, [{ data }], START))
  })
  const record = (n: number, data: Told) => append(streams.record(TENANT, "crm", OBJECT, idOf(n)), data)
  yield* append(WORKER, page("old", false))
  for (let n = 0; n < RECORDS; n++) {
    if (n === CHANGED) yield* append(WORKER, page("new", true))
    yield* record(n, observed(n))
    if (n < 2) yield* record(n, intended(n))
    if (n === 2) yield* record(n, merged(n, idOf(RECORDS - 1)))
    if (n === 3) yield* record(n, merged(n, "nobody"))
  }
  yield* record(1, written(1))
})

interface Seen {
  /** Documents of records that were there when a page of the journal was asked for, by the place from which on it was. */
  readonly kept: Array<number>
  readonly from: Array<string | null>
  readonly sizes: Array<number>
}

/** Makes the worker; it dies at its n-th commit. `keepsHistory`: the provider does, of what its records were. */
const start = Effect.fnUntraced(function* (diesAt = Number.POSITIVE_INFINITY, keepsHistory = false) {
  const [journal, state, commit] = [yield* Journal, yield* State, yield* Commit]
  const seen: Seen = { kept: [], from: [], sizes: [] }
  const watched = Journal.of({
    ...journal,
    readAll: (options) =>
      Effect.gen(function* () {
        if (options.prefixes.includes(WORKER)) {
          seen.kept.push(yield* Effect.orDie(state.count({ tenant: TENANT, kind: "seen", prefix: "crm|" })))
          seen.from.push(options.after)
        }
        return yield* journal.readAll(options)
      }),
  })
  const dying = Commit.of({
    commit: (unit) => {
      seen.sizes.push(unit.documents.length)
      return seen.sizes.length === diesAt ? Effect.die(new Error("the process died")) : commit.commit(unit)
    },
  })
  const world = new World({})
  const made = yield* makeConnection({
    tenant: TENANT,
    connection: "crm",
    definition: definitionOf(world.traits),
    connector: { ...world.connector(), ...(keepsHistory ? { overwritten: () => Effect.succeed([]) } : {}) },
    compilers: makeCompilers(),
  }).pipe(Effect.scoped, Effect.provideService(Journal, watched), Effect.provideService(Commit, dying), Effect.exit)
  return { seen, isMade: Exit.isSuccess(made) }
})

const documents = Effect.fnUntraced(function* (kind: string) {
  const state = yield* State
  const all: Array<readonly [string, string]> = []
  for (let after: string | null = null; ;) {
    const found: Effect.Success<ReturnType<typeof state.scan>> = yield* state.scan({
      tenant: TENANT,
      kind,
      prefix: "crm|",
      after,
      limit: 1_000,
    })
    for (const { key, value } of found) all.push([key.slice("crm|".length), value])
    if (found.length < 1_000) return new Map(all)
    after = found.at(-1)!.key
  }
})

const everything = Effect.forEach(["seen", "create", "intent", "follow", "cursor", "rebuild"], documents)

describe("a worker whose documents were dropped", () => {
  it.effect("keeps what a page says before it asks for the next, and no more than that at once", () =>
    Effect.gen(function* () {
      yield* history
      const { seen } = yield* start()
      // Two pages of the worker's own and three events of the first records are no records.
      assert.deepStrictEqual(seen.kept, [0, COMMIT_RECORDS - 5, 2 * COMMIT_RECORDS - 6, 3 * COMMIT_RECORDS - 6])
      for (const size of seen.sizes) assert.isAtMost(size, COMMIT_RECORDS + 10)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("knows what the journal says", () =>
    Effect.gen(function* () {
      yield* history
      yield* start()
      const seen = yield* documents("seen")
      assert.strictEqual(seen.size, RECORDS)
      const docOf = (n: number) => JSON.parse(seen.get(`${OBJECT}:${idOf(n)}`)!) as SeenDoc
      // What was read under another meaning is to be shown again.
      for (const [n, isKnown] of [
        [10, false],
        [CHANGED - 1, false],
        [CHANGED, true],
        [RECORDS - 1, true],
      ] as const)
        assert.strictEqual(Object.keys(docOf(n).hashes).length > 0, isKnown, idOf(n))
      assert.deepStrictEqual([docOf(0).revision, docOf(1).revision, docOf(2).gone], [1, 2, true])
      const intents = yield* documents("intent")
      assert.deepStrictEqual([...intents.keys()], ["write 0"])
      assert.strictEqual((JSON.parse(intents.get("write 0")!) as OpenIntentDoc).streamRevision, 1)
      assert.deepStrictEqual([...(yield* documents("follow")).keys()], [`${OBJECT}:nobody`])
      assert.strictEqual((yield* documents("rebuild")).size, 0)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("goes on where it was after a crash at any commit, and comes to the same", () =>
    Effect.gen(function* () {
      yield* history
      const { seen } = yield* start()
      const once = yield* everything
      const commits = seen.sizes.length
      assert.isAtLeast(commits, 4)
      for (let at = 1; at <= commits; at++) {
        yield* Effect.flatMap(State, (state) => state.clear)
        const crashed = yield* start(at)
        assert.isFalse(crashed.isMade)
        const again = yield* start()
        assert.strictEqual(again.seen.from[0], at === 1 ? null : crashed.seen.from[at - 1], `commit ${at}`)
        assert.strictEqual(again.seen.from.length, commits - at + 1)
        assert.deepStrictEqual(yield* everything, once)
      }
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect(
    "[R26] knows what was read before a write that is open, where a history may be asked, also after such a crash",
    () =>
      Effect.gen(function* () {
        yield* history
        const { seen } = yield* start(Number.POSITIVE_INFINITY, true)
        const once = yield* everything
        const open = JSON.parse((yield* documents("intent")).get("write 0")!) as OpenIntentDoc
        assert.deepInclude(open, { readBefore: START, current: { mail: `${idOf(0)}@firm.example` } })
        assert.strictEqual((yield* documents("rebuild")).size, 0)
        for (let at = 1; at <= seen.sizes.length; at++) {
          yield* Effect.flatMap(State, (state) => state.clear)
          assert.isFalse((yield* start(at, true)).isMade)
          yield* start(Number.POSITIVE_INFINITY, true)
          assert.deepStrictEqual(yield* everything, once, `commit ${at}`)
        }
      }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("knows a record of which there is the answer to its create alone, so that it can be seen to be gone", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const created = { ...written(1), kind: "create" } as const
      for (const [n, id] of ["e", "f"].entries()) {
        const stream = streams.create(TENANT, "crm", id)
        const data = { ...created, ...at(n), key: `create ${n}`, entity: { ...entity, id } }
        yield* journal.append(appendOf(stream, -1, [{ data }], START))
      }
      const stream = streams.record(TENANT, "crm", OBJECT, idOf(1))
      yield* journal.append(appendOf(stream, -1, [{ data: observed(1) }], START))
      yield* start()
      const seen = yield* documents("seen")
      const revisions = [0, 1].map((n) => (JSON.parse(seen.get(`${OBJECT}:${idOf(n)}`) ?? "{}") as SeenDoc).revision)
      assert.deepStrictEqual(revisions, [-1, 0])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("asks the journal for nothing where the documents are there", () =>
    Effect.gen(function* () {
      yield* history
      yield* start()
      const { seen } = yield* start()
      assert.deepStrictEqual(seen.from, [])
    }).pipe(Effect.provide(store, { local: true })),
  )
})
