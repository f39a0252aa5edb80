/** The worker dies at every step it takes, one run for each: nothing is lost and nothing is written twice. */
import { assert, describe, it } from "@effect/vitest"
import { Commit } from "@concordat/engine/ports/Commit"
import { State } from "@concordat/engine/ports/State"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { type Crash, crashingCommit, crashOn } from "./crashing.ts"
import { type Traits, World } from "./synthetic.ts"
import {
  entities,
  eventsOf,
  openConnection,
  settleDown,
  START,
  startReconciler,
  startSupervised,
  startWorker,
  store,
} from "./system.ts"

const PEOPLE = [
  { mail: "ada@lovelace.example", first: "Ada", last: "Lovelace", job: "Countess" },
  { mail: "alan@turing.example", first: "Alan", last: "Turing", job: "Fellow" },
]

interface Outcome {
  readonly steps: number
  readonly deaths: number
}

/** Two people are created elsewhere and edited once on each side; `right` dies at the given step. */
const run = (at: number, traits: Partial<Traits>, indeterminate = 0) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(START)
    const [left, right] = [new World(), new World(traits)]
    const ids = PEOPLE.map((one) => left.put(null, one))
    const crash: Crash = { steps: 0, at }
    crashOn(crash, right)
    yield* openConnection("left", { world: left })
    yield* openConnection("right", { world: right })
    yield* startReconciler
    const steady = yield* startWorker("left", left)
    const failing = yield* startSupervised("right", right).pipe(
      Effect.provideServiceEffect(Commit, crashingCommit(crash, indeterminate)),
    )
    const quiet = settleDown([steady.handle, failing])
    yield* quiet
    left.put(ids[0]!, { job: "Analyst" })
    yield* quiet
    const copy = right.live().find(({ values }) => values["mail"] === PEOPLE[1]!.mail)
    assert.isDefined(copy, `Alan is not there, step ${at}`)
    right.put(copy!.id, { first: "Alan Mathison" })
    yield* quiet

    const told = `step ${at} of ${crash.steps}, ${failing.running.deaths} deaths`
    for (const world of [left, right]) {
      assert.lengthOf(world.live(), 2, told)
      const jobs = world.live().map(({ values }) => `${values["first"]} ${values["job"]}`)
      const wanted = ["Ada Analyst", "Alan Mathison Fellow"]
      assert.deepStrictEqual(
        jobs.map((text) => text.toLowerCase()).toSorted(),
        wanted.map((text) => text.toLowerCase()).toSorted(),
        told,
      )
    }
    assert.lengthOf(yield* entities, 2, told)
    assert.lengthOf(
      right.writes.filter(({ kind }) => kind === "create"),
      2,
      told,
    )
    if (right.traits.read) assert.lengthOf(right.writes, 3, told)
    assert.lengthOf(left.writes, 1, told)
    assert.lengthOf(yield* eventsOf("WriteRefused"), 0, told)
    const outcome: Outcome = { steps: crash.steps, deaths: failing.running.deaths }
    return outcome
  }).pipe(Effect.scoped, Effect.provide(store, { local: true }))

const KINDS: Readonly<Record<string, Partial<Traits>>> = {
  "with answers and lookup": {},
  "without answers": { answers: "nothing" },
  "with our own unique id": { creates: "ownId", lookup: false },
  "with preconditions": { preconditions: true },
  "with jobs": { answers: "pending" },
  "with snapshots only, no times, no reads": { changes: "snapshot", read: false, stamps: false, lookup: false },
}

/** Every so many steps die, each kind at other ones; with 1 all of them do. */
const STRIDE = Number(process.env["CRASH_STRIDE"] ?? "4")

describe("crash", () => {
  for (const [offset, [name, traits]] of Object.entries(KINDS).entries()) {
    it.effect(
      `loses and repeats nothing ${name}`,
      () =>
        Effect.gen(function* () {
          const { steps } = yield* run(0, traits)
          assert.isAbove(steps, 30)
          for (let at = 1 + (offset % STRIDE); at <= steps; at += STRIDE) {
            const { deaths } = yield* run(at, traits)
            assert.strictEqual(deaths, 1, `step ${at}`)
          }
        }),
      120_000,
    )
  }

  it.effect("adopts commits of which nobody knew whether they were made", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run(0, {}, 3)).deaths, 0)
      assert.strictEqual((yield* run(0, { answers: "nothing" }, 2)).deaths, 0)
    }),
  )

  it.effect("[CE17] a former owner of a connection that wakes up stops, and adds nothing", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const world = new World({ changes: "none" })
      yield* openConnection("crm", { world })
      yield* startReconciler
      const former = yield* startWorker("crm", world)
      yield* settleDown([former.handle])
      const owner = yield* startWorker("crm", world)
      const record = (name: string) => ({ object: "person", id: "7", values: { mail: `${name}@x.example` } })
      yield* owner.handle.submit([record("owner")])
      const fault = yield* Effect.flip(former.handle.submit([{ ...record("former"), id: "8" }]))
      assert.strictEqual(fault.reason, "fenced")
      assert.lengthOf(yield* eventsOf("RecordObserved"), 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("rebuilds what it knows from the journal alone", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const [left, right] = [new World(), new World()]
      const id = left.put(null, PEOPLE[0]!)
      yield* openConnection("left", { world: left })
      yield* openConnection("right", { world: right })
      const reconciler = yield* startReconciler
      const before = [yield* startWorker("left", left), yield* startWorker("right", right)]
      yield* settleDown(before.map(({ handle }) => handle))
      for (const { stop } of before) yield* stop
      yield* Fiber.interrupt(reconciler)
      const facts = (yield* eventsOf("RecordObserved", "RecordWritten", "WriteIntended")).length
      const state = yield* State
      yield* state.clear
      yield* startReconciler
      const after = [yield* startWorker("left", left), yield* startWorker("right", right)]
      const quiet = settleDown(after.map(({ handle }) => handle))
      yield* quiet
      assert.lengthOf(right.writes, 1)
      // What was sent with a write, and never read, may be read once more.
      assert.isAtMost((yield* eventsOf("RecordObserved", "RecordWritten", "WriteIntended")).length, facts + 1)
      left.put(id, { job: "Analyst" })
      yield* quiet
      assert.strictEqual(right.live()[0]!.values["job"], "Analyst")
      assert.lengthOf(yield* entities, 1)
    }).pipe(Effect.provide(store, { local: true })),
  )
})
