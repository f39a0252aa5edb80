/** What one system has and another lacks is created there once: it is looked for first, and after an answer was lost. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import { MAPPING } from "./synthetic-traits.ts"
import { entities, eventsOf, openConnection, settleDown, START, startReconciler, startWorker, store } from "./system.ts"
import { ADA, only, pair } from "./pair.ts"

const ONLY_HUMANS = MAPPING.replace("    lookup:", "    when: { kind: human }\n    lookup:")

describe("push: creates", () => {
  it.effect("creates once elsewhere, and absorbs the echo", () =>
    Effect.gen(function* () {
      const { left, quiet, right } = yield* pair()
      yield* quiet
      assert.deepStrictEqual(only(right).values, ADA)
      assert.lengthOf(right.writes, 1)
      assert.lengthOf(left.writes, 0)
      assert.lengthOf(yield* eventsOf("RecordObserved"), 1)
      assert.lengthOf(yield* entities, 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("what is seen of a record that is being created is no news before it is made", () =>
    Effect.gen(function* () {
      const { handles, quiet, right } = yield* pair({}, { answers: "nothing" })
      right.delayNext("write", 3_000)
      while (right.live().length === 0) yield* TestClock.adjust(50)
      // It is there and half made: its associations, or what an automation adds, come before the answer.
      const { id, ownId, values } = only(right)
      right.records.set(id, { ...right.records.get(id)!, values: { ...values, job: null } })
      yield* handles[1]!.hint([{ object: "person", id, kind: "created" }])
      const seen = Effect.map(eventsOf("RecordObserved"), (all) =>
        all.filter(({ data }) => data.connection === "right"),
      )
      for (let at = 0; at < 2_000; at += 50) yield* TestClock.adjust(50)
      assert.isNotNull(ownId)
      assert.isAtLeast(right.calls.get("read") ?? 0, 1)
      assert.lengthOf(yield* seen, 0)
      right.records.set(id, { ...right.records.get(id)!, values })
      yield* quiet
      assert.deepStrictEqual(
        (yield* seen).map(({ data }) => data.values.clear.job),
        [ADA.job],
      )
      assert.lengthOf(right.writes, 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("looks for a create whose answer was lost, and does not create again", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const [left, right] = [new World(), new World({ indexLagMs: 2_000 })]
      left.put(null, ADA)
      right.failNext("write", "lost")
      yield* openConnection("left", { world: left })
      yield* openConnection("right", { world: right })
      yield* startReconciler
      const workers = [yield* startWorker("left", left), yield* startWorker("right", right)]
      yield* settleDown(workers.map(({ handle }) => handle))
      assert.lengthOf(right.writes, 1)
      only(right)
      const [written] = yield* eventsOf("RecordWritten")
      assert.isTrue(written!.data.adopted)
      assert.lengthOf(yield* entities, 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect(
    "what somebody emptied in a record that is found so is not filled again, where the provider says what it had",
    () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(START)
        const [left, right] = [new World(), new World({ creates: "ownId", lookup: false })]
        left.put(null, ADA)
        right.failNext("write", "lost")
        yield* openConnection("left", { world: left })
        yield* openConnection("right", { world: right })
        yield* startReconciler
        const workers = [yield* startWorker("left", left), yield* startWorker("right", right)]
        while (right.live().length === 0) yield* TestClock.adjust(50)
        right.put(only(right).id, { ...ADA, job: null })
        yield* settleDown(workers.map(({ handle }) => handle))
        const made = (yield* eventsOf("RecordWritten")).find(({ data }) => data.kind === "create")
        assert.sameMembers([...(made!.data.made ?? [])], Object.keys(ADA))
        assert.deepStrictEqual([only(left).values["job"], only(right).values["job"]], [null, null])
      }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("finds a record by its match key before it creates one, though nobody has seen it yet", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const [left, right] = [new World(), new World({ changes: "none" })]
      yield* openConnection("left", { world: left })
      yield* openConnection("right", { world: right })
      yield* startReconciler
      const workers = [yield* startWorker("left", left), yield* startWorker("right", right)]
      const quiet = settleDown(workers.map(({ handle }) => handle))
      yield* quiet
      const there = right.put(null, { ...ADA, job: null })
      left.put(null, ADA)
      yield* quiet
      assert.strictEqual(only(right).id, there)
      assert.deepStrictEqual(only(right).values, ADA)
      assert.deepStrictEqual(
        right.writes.map(({ kind }) => kind),
        ["update"],
      )
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("creates both of two people who share a mailbox, which is no match key", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const [left, right] = [new World(), new World()]
      left.put(null, { mail: "info@hopper.example", first: "Grace", last: "Hopper" })
      left.put(null, { mail: "info@hopper.example", first: "Ada", last: "Lovelace" })
      yield* openConnection("left", { world: left })
      yield* openConnection("right", { world: right })
      yield* startReconciler
      const workers = [yield* startWorker("left", left), yield* startWorker("right", right)]
      yield* settleDown(workers.map(({ handle }) => handle))
      assert.deepStrictEqual(
        right
          .live()
          .map(({ values }) => values["first"])
          .toSorted(),
        ["Ada", "Grace"],
      )
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("says who holds the match key where that record belongs to nobody", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const [left, right] = [new World(), new World()]
      right.put(null, { ...ADA, kind: "robot" })
      yield* openConnection("left", { world: left })
      yield* openConnection("right", { world: right }, ONLY_HUMANS)
      yield* startReconciler
      const workers = [yield* startWorker("left", left), yield* startWorker("right", right)]
      const quiet = settleDown(workers.map(({ handle }) => handle))
      yield* quiet
      left.put(null, ADA)
      yield* quiet
      assert.lengthOf(right.writes, 0)
      const [refused] = yield* eventsOf("WriteRefused")
      assert.include(refused!.data, { code: "uniqueness", existing: only(right).id, effect: "none" })
      assert.include(refused!.data.message, "mail")
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("creates what it may create from now on, though nothing was edited since", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const [left, right] = [new World(), new World()]
      left.put(null, ADA)
      yield* openConnection("left", { world: left })
      yield* openConnection("right", { world: right, create: "never" })
      yield* startReconciler
      const first = [yield* startWorker("left", left), yield* startWorker("right", right)] as const
      yield* settleDown(first.map(({ handle }) => handle))
      assert.lengthOf(right.live(), 0)
      yield* first[1].stop
      yield* openConnection("right", { world: right, create: "always" })
      const next = yield* startWorker("right", right)
      yield* settleDown([first[0].handle, next.handle])
      assert.deepStrictEqual(only(right).values, ADA)
    }).pipe(Effect.provide(store, { local: true })),
  )
})
