/** Records that a system pushes in, many calls at once. */
import * as streams from "@concordat/model/streams"
import { Journal } from "@concordat/engine/ports/Journal"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import { entities, openConnection, settleDown, START, startReconciler, startWorker, store, TENANT } from "./system.ts"

const running = Effect.gen(function* () {
  yield* TestClock.setTime(START)
  const world = new World({ changes: "none" })
  yield* openConnection("crm", { world })
  yield* startReconciler
  const worker = yield* startWorker("crm", world)
  yield* settleDown([worker.handle])
  return worker
})

const record = (n: number, job = "Engineer") => ({
  object: "person",
  id: String(n),
  values: { mail: `p${n}@x.example`, job },
})

const commits = Effect.gen(function* () {
  const journal = yield* Journal
  const stream = streams.worker(TENANT, "crm")
  const events = yield* journal.read(stream, { from: 0, direction: "forward", limit: 1_000 })
  return events.filter(({ type }) => type === "PageCommitted").length
})

describe("records that are pushed in", () => {
  it.effect("share commits where their calls come together, and each call has its own answer", () =>
    Effect.gen(function* () {
      const { handle } = yield* running
      const before = yield* commits
      const calls = Array.from({ length: 40 }, (_, n) => handle.submit([record(n)]))
      const answers = yield* Effect.all(calls, { concurrency: "unbounded" })
      assert.deepStrictEqual(
        answers,
        Array.from({ length: 40 }, (_, n) => [{ id: String(n), revision: 0 }]),
      )
      assert.isAtMost((yield* commits) - before, 4)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("are facts each, also where two calls at once tell of one record", () =>
    Effect.gen(function* () {
      const { handle } = yield* running
      const answers = yield* Effect.forEach(
        ["Engineer", "Director", "Engineer"],
        (job) => handle.submit([record(1, job)]),
        { concurrency: "unbounded" },
      )
      assert.deepStrictEqual(
        answers.map(([one]) => one?.revision),
        [0, 1, 2],
      )
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("fail alone where one of them can't be kept", () =>
    Effect.gen(function* () {
      const { handle } = yield* running
      const tooLong = { ...record(2), id: "2".repeat(600) }
      const answers = yield* Effect.forEach(
        [record(1), tooLong, record(3)],
        (one) => Effect.exit(handle.submit([one])),
        { concurrency: "unbounded" },
      )
      assert.deepStrictEqual(answers.map(Exit.isSuccess), [true, false, true])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("wait until the reconciler knows how they are mapped: before that it would take them for nobody's", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const world = new World({ changes: "none" })
      const connector = world.connector()
      world.connector = () => ({ ...connector, metadata: Effect.delay(connector.metadata, 1_000) })
      yield* openConnection("crm", { world })
      yield* startReconciler
      const { handle } = yield* startWorker("crm", world)
      const pushed = yield* Effect.forkChild(handle.submit([record(1)]), { startImmediately: true })
      yield* settleDown([handle])
      assert.deepStrictEqual(yield* Fiber.join(pushed), [{ id: "1", revision: 0 }])
      yield* handle.submit([{ object: "person", id: "1", values: { job: "Director" } }])
      yield* settleDown([handle])
      const [person, ...others] = yield* entities
      assert.deepStrictEqual(others, [])
      assert.deepStrictEqual(person?.groups["email"]?.value, { email: "p1@x.example" })
      assert.deepStrictEqual(person?.groups["title"]?.value, { title: "Director" })
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("are answered, and not left waiting, when their worker ends", () =>
    Effect.gen(function* () {
      const { handle, stop } = yield* running
      yield* stop
      const late = yield* Effect.forkChild(handle.submit([record(1)]), { startImmediately: true })
      const exit = yield* Fiber.await(late)
      assert.isTrue(Exit.isFailure(exit))
    }).pipe(Effect.provide(store, { local: true })),
  )
})
