/** Whose turn it is: who is due or rung is begun once and in time, and all of them share one sleep while they rest. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { Flow, Rota } from "./rota.ts"
import { WorkerError } from "./WorkerError.ts"

const FOR_EVER = Number.POSITIVE_INFINITY

class Testing extends Flow {
  readonly #turn: (isRung: boolean) => Effect.Effect<number, WorkerError>

  constructor(rota: Rota, restMs: number, turn: (isRung: boolean) => Effect.Effect<number, WorkerError>) {
    super(rota, restMs)
    this.#turn = turn
  }

  override turn(isRung: boolean) {
    return this.#turn(isRung)
  }
}

/** Runs a rota, and counts the sleeps of the clock that are under way for it. */
const running = Effect.fnUntraced(function* (rota: Rota) {
  const clock = yield* Clock.Clock
  const sleeps = { now: 0, begun: 0 }
  const sleep: Clock.Clock["sleep"] = (duration) =>
    Effect.suspend(() => {
      sleeps.now += 1
      sleeps.begun += 1
      return Effect.ensuring(
        clock.sleep(duration),
        Effect.sync(() => {
          sleeps.now -= 1
        }),
      )
    })
  const counting = Object.create(clock, { sleep: { value: sleep } }) as Clock.Clock
  const run = Effect.provideService(rota.run, Clock.Clock, counting)
  const fiber = yield* Effect.forkChild(run, { startImmediately: true })
  yield* TestClock.adjust(0)
  return { fiber, sleeps }
})

describe("a rota", () => {
  it.effect("begins each flow when its time has come, and has one sleep for all", () =>
    Effect.gen(function* () {
      const rota = new Rota()
      const begun: Array<string> = []
      const firsts = [300, 100, 200, 100, 0]
      const flows = firsts.map(
        (ms, n) =>
          new Testing(rota, ms, (isRung) => {
            begun.push(`${n} ${isRung}`)
            return Effect.succeed(n === 4 ? 250 : FOR_EVER)
          }),
      )
      assert.lengthOf(flows, 5)
      const { sleeps } = yield* running(rota)
      assert.deepStrictEqual(begun.splice(0), ["4 false"])
      assert.strictEqual(sleeps.now, 1)
      yield* TestClock.adjust(99)
      assert.deepStrictEqual(begun, [])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(begun.splice(0), ["1 false", "3 false"])
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(begun.splice(0), ["2 false", "4 false", "0 false"])
      assert.strictEqual(sleeps.now, 1)
      yield* TestClock.adjust(200)
      assert.deepStrictEqual(begun, ["4 false"])
    }),
  )

  it.effect("begins who is rung at once, and neither begins a sleep nor wakes anybody again for that", () =>
    Effect.gen(function* () {
      const rota = new Rota()
      let count = 0
      const flow = new Testing(rota, 1_000, (isRung) => {
        assert.isTrue(isRung)
        count += 1
        return Effect.succeed(1_000)
      })
      const { sleeps } = yield* running(rota)
      for (let ring = 0; ring < 50; ring++) {
        flow.ring()
        yield* TestClock.adjust(10)
      }
      assert.deepStrictEqual([count, sleeps.begun, sleeps.now], [50, 1, 1])
    }),
  )

  it.effect("has who is rung in its turn, or before the rota runs, have another one", () =>
    Effect.gen(function* () {
      const rota = new Rota()
      const begun: Array<boolean> = []
      const flow = new Testing(rota, FOR_EVER, (isRung) => {
        begun.push(isRung)
        return Effect.as(Effect.sleep(100), FOR_EVER)
      })
      flow.ring()
      const { sleeps } = yield* running(rota)
      assert.deepStrictEqual(begun, [true])
      flow.ring()
      flow.ring()
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(begun, [true])
      yield* TestClock.adjust(50)
      assert.deepStrictEqual(begun, [true, true])
      yield* TestClock.adjust("30 days")
      assert.deepStrictEqual(begun, [true, true])
      assert.strictEqual(sleeps.now, 0)
    }),
  )

  it.effect("fails with the first flow that does, and ends the turns of the others", () =>
    Effect.gen(function* () {
      const rota = new Rota()
      const ended: Array<string> = []
      const error = new WorkerError({ connection: "crm", reason: "state", detail: "away" })
      const flows = [
        new Testing(rota, 100, () => Effect.fail(error)),
        new Testing(rota, 0, () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => ended.push("long")))),
        new Testing(rota, 200, () => Effect.sync(() => ended.push("late"))),
      ]
      const { fiber, sleeps } = yield* running(rota)
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(yield* Fiber.await(fiber), Exit.fail(error))
      for (const flow of flows) flow.ring()
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(ended, ["long"])
      assert.strictEqual(sleeps.now, 0)
    }),
  )

  it.effect("waits, interrupted, for the turns under way, and sleeps no more", () =>
    Effect.gen(function* () {
      const rota = new Rota()
      let isKept = false
      const flow = new Testing(rota, 0, () =>
        Effect.uninterruptible(
          Effect.map(Effect.sleep(500), () => {
            isKept = true
            return FOR_EVER
          }),
        ),
      )
      const later = new Testing(rota, 10_000, () => Effect.succeed(FOR_EVER))
      const { fiber, sleeps } = yield* running(rota)
      assert.isTrue(flow.isRunning && !later.isRunning)
      const ending = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* TestClock.adjust(499)
      assert.isUndefined(ending.pollUnsafe())
      yield* TestClock.adjust(1)
      yield* Fiber.join(ending)
      assert.isTrue(isKept)
      assert.strictEqual(sleeps.now, 0)
    }),
  )
})
