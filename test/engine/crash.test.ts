/** The worker dies at every step it takes, one run for each: nothing is lost and nothing is written twice. */
import { assert, describe, it } from "@effect/vitest"
import { State } from "@concordat/engine/ports/State"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { type Case, PEOPLE, run } from "./crash-run.ts"
import { embedded, split, unsure } from "./crashing.ts"
import { World } from "./synthetic.ts"
import type { Traits } from "./synthetic-traits.ts"
import { entities, eventsOf, openConnection, settleDown, START, startReconciler, startWorker, store } from "./system.ts"

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

/** Dies at every so many steps of the process. */
const walked = (name: string, offset: number, one: Case) =>
  it.effect(name, () =>
    Effect.gen(function* () {
      const { steps } = yield* run(0, one)
      assert.isAbove(steps, one.dies === "worker" ? 30 : 10)
      for (let at = 1 + (offset % STRIDE); at <= steps; at += STRIDE) {
        const { deaths } = yield* run(at, one)
        assert.strictEqual(deaths, 1, `step ${at}`)
      }
    }),
  )

describe("crash", () => {
  for (const [offset, [name, traits]] of Object.entries(KINDS).entries())
    walked(`loses and repeats nothing ${name}`, offset, { layout: embedded, dies: "worker", traits })

  // In between there is no worse place: one transaction was made or was not.
  walked("a reconciler decides again what it had not committed", 0, {
    layout: embedded,
    dies: "reconciler",
    traits: {},
  })

  for (const [offset, name] of (["with answers and lookup", "with our own unique id", "with jobs"] as const).entries())
    walked(`in three steps, a worker dies before and after each of them, ${name}`, offset, {
      layout: split,
      dies: "worker",
      traits: KINDS[name]!,
    })

  walked("in three steps, a reconciler dies before and after append, state and wake-up", 0, {
    layout: split,
    dies: "reconciler",
    traits: {},
  })

  it.effect("adopts commits of which nobody knew whether they were made", () =>
    Effect.gen(function* () {
      for (const dies of ["worker", "reconciler"] as const)
        for (const layout of [unsure(3, embedded), unsure(3, split)])
          assert.strictEqual((yield* run(0, { layout, dies, traits: {} })).deaths, 0)
      const layout = unsure(2, embedded)
      assert.strictEqual((yield* run(0, { layout, dies: "worker", traits: { answers: "nothing" } })).deaths, 0)
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
