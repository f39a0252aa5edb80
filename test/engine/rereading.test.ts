/** Changes that move no date: found by reading everything again, behind everything else and from where it was left. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import type { Traits } from "./synthetic-traits.ts"
import { eventsOf, openConnection, pass, settleDown, START, startReconciler, startWorker, store } from "./system.ts"

const EVERY = 60_000

const alone = Effect.fnUntraced(function* (traits: Partial<Traits>, count = 3, every?: number | null) {
  yield* TestClock.setTime(START)
  const world = new World(traits)
  for (let n = 1; n <= count; n++)
    world.put(null, { mail: `p${n}@firm${n}.example`, first: `First${n}`, last: `Last${n}`, job: "Engineer" })
  yield* openConnection("crm", { world })
  yield* startReconciler
  const worker = yield* startWorker("crm", world, every)
  yield* settleDown([worker.handle])
  return { world, worker }
})

/** An edit that leaves the record's date as it was, of which no webhook tells. */
const editSilently = (world: World, id: string, job: string): void => {
  world.put(id, { job }, world.records.get(id)!.stamp)
}

const jobsOf = (id: string) =>
  Effect.map(eventsOf("RecordObserved"), (events) =>
    events.filter(({ data }) => data.externalId === id).map(({ data }) => [data.values.clear.job, data.via]),
  )

describe("reading again", () => {
  it.effect("finds what moved no date, once, and only where the provider says that there is such a thing", () =>
    Effect.gen(function* () {
      const { world } = yield* alone({ rereadEveryMs: EVERY })
      editSilently(world, "2", "Silent")
      yield* pass(30_000, 250)
      assert.deepStrictEqual(yield* jobsOf("2"), [["Engineer", "backfill"]])
      yield* pass(3 * EVERY, 250)
      assert.deepStrictEqual(yield* jobsOf("2"), [
        ["Engineer", "backfill"],
        ["Silent", "census"],
      ])
      assert.lengthOf(yield* eventsOf("BackfillFinished"), 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  for (const [name, traits, every] of [
    ["nothing is said of it", {}, undefined],
    ["the connection says never", { rereadEveryMs: EVERY }, null],
  ] as const)
    it.effect(`is not done where ${name}`, () =>
      Effect.gen(function* () {
        const { world } = yield* alone(traits, 3, every)
        editSilently(world, "2", "Silent")
        yield* pass(3 * EVERY, 250)
        assert.deepStrictEqual(yield* jobsOf("2"), [["Engineer", "backfill"]])
        assert.strictEqual(world.calls.get("backfill"), 1)
      }).pipe(Effect.provide(store, { local: true })),
    )

  it.effect(
    "is made as often as the connection says, in the turn of the census, and leaves nothing in the journal",
    () =>
      Effect.gen(function* () {
        const { world } = yield* alone({ rereadEveryMs: 3_600_000 }, 7, EVERY)
        const pages = world.pages.length
        yield* pass(EVERY, 250)
        const events = (yield* eventsOf("PageCommitted")).length
        yield* pass(2 * EVERY, 250)
        const again = world.pages.slice(pages)
        assert.deepStrictEqual(
          again.map(({ cursor }) => cursor),
          Array.from({ length: 3 }, () => [null, { n: 3 }, { n: 6 }]).flat(),
        )
        assert.isTrue(again.every(({ work }) => work === "census"))
        assert.strictEqual((yield* eventsOf("PageCommitted")).length, events)
      }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("goes on after a restart where it was left, and not before it is due", () =>
    Effect.gen(function* () {
      const { world, worker } = yield* alone({ rereadEveryMs: EVERY }, 9)
      editSilently(world, "8", "Silent")
      const first = world.pages.length
      // The second page of the walk never comes: the process ends there.
      world.onStep = Effect.suspend(() => (world.pages.length === first + 2 ? Effect.never : Effect.void))
      yield* pass(EVERY + 5_000, 250)
      assert.lengthOf(world.pages, first + 2)
      yield* worker.stop
      world.onStep = Effect.void
      const next = yield* startWorker("crm", world)
      yield* pass(30_000, 250)
      assert.deepStrictEqual(
        world.pages.slice(first + 2).map(({ cursor }) => cursor),
        [{ n: 3 }, { n: 6 }],
      )
      assert.deepStrictEqual((yield* jobsOf("8")).at(-1), ["Silent", "census"])
      // What was finished is due a period after it began, whoever is asked.
      yield* next.stop
      yield* startWorker("crm", world)
      yield* pass(5_000, 250)
      assert.lengthOf(world.pages, first + 4)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("begins anew where its cursor is lost, and is tried again where it fails", () =>
    Effect.gen(function* () {
      const { world } = yield* alone({ rereadEveryMs: EVERY }, 5)
      editSilently(world, "5", "Silent")
      const first = world.pages.length
      yield* pass(EVERY - 15_000, 250)
      world.onStep = Effect.suspend(() => {
        if (world.pages.length === first + 2) world.failNext("backfill", "expired")
        world.onStep = world.pages.length >= first + 2 ? Effect.void : world.onStep
        return Effect.void
      })
      yield* pass(60_000, 250)
      assert.deepStrictEqual(
        world.pages.slice(first, first + 4).map(({ cursor }) => cursor),
        [null, { n: 3 }, null, { n: 3 }],
      )
      assert.deepStrictEqual((yield* jobsOf("5")).at(-1), ["Silent", "census"])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect(
    "begins at once when somebody asks, also right after a restart and where nothing is read again by itself",
    () =>
      Effect.gen(function* () {
        const { world, worker } = yield* alone({}, 5)
        yield* worker.stop
        editSilently(world, "5", "Silent")
        const first = world.pages.length
        const next = yield* startWorker("crm", world)
        yield* next.handle.readAgain
        assert.isTrue((yield* next.handle.view).rereads.every(({ finished }) => !finished))
        yield* pass(5_000, 250)
        assert.deepStrictEqual(world.pages.slice(first), [
          { cursor: null, work: "backfill" },
          { cursor: { n: 3 }, work: "backfill" },
        ])
        assert.deepStrictEqual((yield* jobsOf("5")).at(-1), ["Silent", "census"])
        assert.deepInclude((yield* next.handle.view).rereads[0], { done: 5, total: 5, finished: true })
        yield* pass(60_000, 250)
        assert.lengthOf(world.pages, first + 2)
      }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("begins anew when somebody asks in the middle: what it has passed may have changed", () =>
    Effect.gen(function* () {
      const { world, worker } = yield* alone({}, 9)
      const first = world.pages.length
      yield* worker.handle.readAgain
      world.onStep = Effect.suspend(() => {
        if (world.pages.length < first + 2) return Effect.void
        world.onStep = Effect.void
        editSilently(world, "1", "Silent")
        return worker.handle.readAgain
      })
      yield* pass(10_000, 250)
      assert.deepStrictEqual(
        world.pages.slice(first).map(({ cursor }) => cursor),
        [null, { n: 3 }, null, { n: 3 }, { n: 6 }],
      )
      assert.deepStrictEqual((yield* jobsOf("1")).at(-1), ["Silent", "census"])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a walk asked for while a page is on its way begins anew, though its first page fails once", () =>
    Effect.gen(function* () {
      const { world, worker } = yield* alone({}, 10)
      const first = world.pages.length
      let steps = 0
      world.onStep = Effect.suspend(() => {
        // The second page has been answered and is on its way.
        if (world.pages.length < first + 2 || ++steps < 2) return Effect.void
        world.onStep = Effect.void
        editSilently(world, "1", "Silent")
        world.failNext("backfill", "down")
        return worker.handle.readAgain
      })
      yield* worker.handle.readAgain
      yield* pass(120_000, 250)
      assert.deepStrictEqual(yield* jobsOf("1"), [
        ["Engineer", "backfill"],
        ["Silent", "census"],
      ])
    }).pipe(Effect.provide(store, { local: true })),
  )
})
