/** The state is dropped while a mapping changes: what the replay showed under the former meaning is shown again, once. */
import { assert, describe, it } from "@effect/vitest"
import { State } from "@concordat/engine/ports/State"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import { MAPPING } from "./synthetic-traits.ts"
import {
  changeMapping,
  entities,
  eventsOf,
  openConnection,
  pass,
  settleDown,
  START,
  startReconciler,
  startWorker,
  store,
} from "./system.ts"

const LOWER = MAPPING.replace("title: job", "title: { from: job, transform: lower }")
const COUNT = 5

/** Five people are read; then the process ends. */
const readOnce = Effect.gen(function* () {
  yield* TestClock.setTime(START)
  const world = new World({})
  for (let n = 1; n <= COUNT; n++)
    world.put(null, { mail: `p${n}@firm${n}.example`, first: `First${n}`, last: `Last${n}`, job: "Engineer" })
  yield* openConnection("crm", { world })
  const running = { reconciler: yield* startReconciler, worker: yield* startWorker("crm", world) }
  yield* settleDown([running.worker.handle])
  return { world, running }
})

const end = ({ reconciler, worker }: Effect.Success<typeof readOnce>["running"]) =>
  Effect.andThen(worker.stop, Fiber.interrupt(reconciler))

const dropState = Effect.flatMap(State, (state) => state.clear)

/** The reconciler replays everything before the worker looks. */
const startAgain = Effect.fnUntraced(function* (world: World) {
  const reconciler = yield* startReconciler
  yield* pass(10_000)
  return { reconciler, worker: yield* startWorker("crm", world) }
})

const shown = Effect.map(eventsOf("RecordObserved"), (events) => events.length)
const titles = Effect.map(entities, (all) => all.map((one) => one.links["crm"]?.groups["title"]?.shadow?.["title"]))
const all = (title: string) => Array.from({ length: COUNT }, () => title)

describe("a dropped state", () => {
  it.effect("shows again what was shown under another mapping, where that changed meanwhile", () =>
    Effect.gen(function* () {
      const { running, world } = yield* readOnce
      yield* end(running)
      yield* dropState
      yield* changeMapping("crm", LOWER)
      const again = yield* startAgain(world)
      yield* settleDown([again.worker.handle])
      assert.deepStrictEqual(yield* titles, all("ENGINEER"))
      assert.strictEqual(yield* shown, 2 * COUNT)
      // Dropped once more, nothing is news: the replay shows it under the mapping of today.
      yield* end(again)
      yield* dropState
      const third = yield* startAgain(world)
      yield* settleDown([third.worker.handle])
      assert.deepStrictEqual(yield* titles, all("ENGINEER"))
      assert.strictEqual(yield* shown, 2 * COUNT)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("goes on to show it where that was begun and not finished", () =>
    Effect.gen(function* () {
      const { running, world } = yield* readOnce
      const pages = world.pages.length
      // The second page of the walk under the new mapping never comes: the process ends there.
      world.onStep = Effect.suspend(() => (world.pages.length === pages + 2 ? Effect.never : Effect.void))
      yield* changeMapping("crm", LOWER)
      yield* pass(15_000)
      assert.strictEqual(yield* shown, COUNT + 3)
      yield* end(running)
      world.onStep = Effect.void
      yield* dropState
      const again = yield* startAgain(world)
      yield* settleDown([again.worker.handle])
      assert.deepStrictEqual(yield* titles, all("ENGINEER"))
      assert.strictEqual(yield* shown, 2 * COUNT)
    }).pipe(Effect.provide(store, { local: true })),
  )
})
