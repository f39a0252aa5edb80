/**
 * The same story told with each habit that a provider can have, and with all that can go together: two people are agreed
 * about, edited on both sides, one deleted; writes whose outcome nobody knows; nothing twice, nothing lost, and then silence.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { LEAD, type Traits } from "./synthetic-traits.ts"
import { World } from "./synthetic.ts"
import { entities, eventsOf, openConnection, settleDown, START, startReconciler, startWorker, store } from "./system.ts"

const ADA = { mail: "ada@lovelace.example", first: "Ada", last: "Lovelace", job: "Countess" }
const ALAN = { mail: "alan@turing.example", first: "Alan", last: "Turing", job: "Fellow" }

const systems = Effect.fnUntraced(function* (traits: Partial<Traits>, fill: (right: World) => void = () => {}) {
  yield* TestClock.setTime(START)
  const [left, right] = [new World(), new World(traits)]
  left.put(null, ADA)
  left.put(null, ALAN)
  fill(right)
  yield* openConnection("left", { world: left })
  yield* openConnection("right", { world: right })
  yield* startReconciler
  const workers = [yield* startWorker("left", left), yield* startWorker("right", right)]
  const quiet = settleDown(workers.map(({ handle }) => handle))
  return { left, right, quiet }
})

const idOf = (world: World, last: string): string => {
  const found = world.live().filter(({ values }) => String(values["last"]).toLowerCase() === last.toLowerCase())
  assert.lengthOf(found, 1, last)
  return found[0]!.id
}

const people = (world: World): ReadonlyArray<string> =>
  world
    .live()
    .map(({ values }) => `${values["mail"]} ${values["first"]} ${values["last"]} ${values["job"]}`.toLowerCase())
    .toSorted()

const agreed = (left: World, right: World, ...told: ReadonlyArray<string>): void => {
  assert.deepStrictEqual(people(right), people(left))
  assert.deepStrictEqual(people(left), told.map((text) => text.toLowerCase()).toSorted())
}

const SHEET = {
  changes: "snapshot",
  read: false,
  stamps: false,
  derivedIds: true,
  creates: "ownId",
  lookup: false,
} as const

const HABITS: Readonly<Record<string, Partial<Traits>>> = {
  "hints instead of values": { changes: "hints" },
  "snapshots only": { changes: "snapshot" },
  "no times": { stamps: false },
  "no reads by id": { read: false },
  "no ids but what is made of the e-mail": { derivedIds: true, census: true },
  "answers without values": { answers: "nothing" },
  "jobs: answers that come later": { answers: "pending" },
  preconditions: { preconditions: true },
  "our id in a unique place": { creates: "ownId", lookup: false },
  "values stored differently": { lossy: true },
  "verbs in place of a field": { verbs: true },
  "an object that becomes another": { converts: true },
  "pages of one, an index that lags": { listBatch: 1, indexLagMs: 5_000 },
  "a sheet: snapshots, no ids, no times, no reads": SHEET,
  "a sheet that stores differently and answers nothing": { ...SHEET, lossy: true, answers: "nothing" },
  "hints, jobs, verbs, conversions, no times": {
    changes: "hints",
    answers: "pending",
    verbs: true,
    converts: true,
    stamps: false,
  },
  "snapshots, jobs, verbs, stored differently, an index that lags": {
    changes: "snapshot",
    answers: "pending",
    verbs: true,
    lossy: true,
    stamps: false,
    indexLagMs: 5_000,
  },
}

describe("hard providers", () => {
  for (const [name, traits] of Object.entries(HABITS)) {
    it.effect(`${name}: edits go both ways and come to rest`, () =>
      Effect.gen(function* () {
        const { left, quiet, right } = yield* systems(traits)
        yield* quiet
        agreed(left, right, "ada@lovelace.example Ada Lovelace Countess", "alan@turing.example Alan Turing Fellow")
        left.put(idOf(left, "Lovelace"), { job: "Analyst" })
        right.put(idOf(right, "Turing"), { first: "Alan M." })
        yield* quiet
        agreed(left, right, "ada@lovelace.example Ada Lovelace Analyst", "alan@turing.example Alan M. Turing Fellow")
        // Our own write gives the record another e-mail, and with it, where ids are made of it, another id.
        left.put(idOf(left, "Lovelace"), { mail: "ada@engine.example" })
        yield* quiet
        agreed(left, right, "ada@engine.example Ada Lovelace Analyst", "alan@turing.example Alan M. Turing Fellow")
        right.put(idOf(right, "Lovelace"), { job: "Poet" })
        yield* quiet
        agreed(left, right, "ada@engine.example Ada Lovelace Poet", "alan@turing.example Alan M. Turing Fellow")
        const writes = left.writes.length + right.writes.length
        yield* TestClock.adjust("5 minutes")
        yield* quiet
        assert.strictEqual(left.writes.length + right.writes.length, writes)
        // Two creates, and one write for each edit that the other side lacks; where a system stores something else and does
        // not say so, its form is taken for an edit there, once.
        const isSilent = traits.lossy === true && (traits.answers ?? "held") !== "held"
        assert.isAtMost(writes, isSilent ? 14 : 7)
        assert.lengthOf(yield* entities, 2)
      }).pipe(Effect.provide(store, { local: true })),
    )

    it.effect(`${name}: writes whose outcome nobody knows are not made twice`, () =>
      Effect.gen(function* () {
        const { left, quiet, right } = yield* systems(traits, (world) => world.failNext("write", "lost"))
        yield* quiet
        agreed(left, right, "ada@lovelace.example Ada Lovelace Countess", "alan@turing.example Alan Turing Fellow")
        assert.lengthOf(
          right.writes.filter(({ kind }) => kind === "create"),
          2,
        )
        right.failNext("write", "lost")
        left.put(idOf(left, "Lovelace"), { job: "Analyst" })
        yield* quiet
        agreed(left, right, "ada@lovelace.example Ada Lovelace Analyst", "alan@turing.example Alan Turing Fellow")
        assert.lengthOf(yield* eventsOf("WriteRefused"), 0)
      }).pipe(Effect.provide(store, { local: true })),
    )
  }

  it.effect("[R16] a person of a sheet whose e-mail is changed there is the same person, under another id", () =>
    Effect.gen(function* () {
      const { left, quiet, right } = yield* systems(SHEET)
      yield* quiet
      right.put(idOf(right, "Lovelace"), { mail: "ada@engine.example" })
      yield* quiet
      assert.lengthOf(yield* entities, 2)
      assert.lengthOf(left.live(), 2)
      assert.lengthOf(right.live(), 2)
      assert.deepStrictEqual(people(right), people(left))
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a lead that somebody converts takes its entity along: no second person, and edits go on both ways", () =>
    Effect.gen(function* () {
      const { left, quiet, right } = yield* systems({ converts: true }, (world) => {
        world.put("lead1", ADA, undefined, LEAD)
      })
      yield* quiet
      assert.lengthOf(yield* entities, 2)
      const person = right.convert("lead1")
      yield* quiet
      left.put(idOf(left, "Lovelace"), { job: "Analyst" })
      yield* quiet
      assert.strictEqual(right.get(person)?.["job"], "Analyst")
      right.put(person, { job: "Poet" })
      yield* quiet
      agreed(left, right, "ada@lovelace.example Ada Lovelace Poet", "alan@turing.example Alan Turing Fellow")
      assert.lengthOf(yield* eventsOf("RecordConverted"), 1)
      assert.lengthOf(yield* entities, 2)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect(
    "a verb is told of what the record has by now: one that somebody else has moved is read and tried again",
    () =>
      Effect.gen(function* () {
        const { left, quiet, right } = yield* systems({ verbs: true, stamps: false })
        yield* quiet
        const ada = idOf(right, "Lovelace")
        // Between our read and our write.
        right.delayNext("read", 200)
        left.put(idOf(left, "Lovelace"), { job: "Analyst" })
        for (let n = 0; n < 40 && (right.calls.get("read") ?? 0) === 0; n++) yield* TestClock.adjust(50)
        right.put(ada, { job: "Poet" })
        yield* quiet
        assert.deepStrictEqual(people(right), people(left))
        assert.lengthOf(yield* entities, 2)
      }).pipe(Effect.provide(store, { local: true })),
  )
})
