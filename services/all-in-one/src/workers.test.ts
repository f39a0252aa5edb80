import { asWorkerError, type WorkerError } from "@concordat/engine/connection/WorkerError"
import { JournalError } from "@concordat/engine/ports/Journal"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import { supervised, type WorkerState } from "./workers.ts"

const watched = () => {
  const seen: Array<number> = []
  return { seen, report: ({ failures }: WorkerState) => void seen.push(failures) }
}

describe("supervised workers", () => {
  it.effect("are started again after each failure, and well again once they ran for a while", () =>
    Effect.gen(function* () {
      let starts = 0
      const { report, seen } = watched()
      const worker = Effect.suspend(() => {
        starts += 1
        if (starts === 3) return Effect.andThen(Effect.sleep("2 minutes"), Effect.fail("late"))
        return starts < 5 ? Effect.fail("early") : Effect.never
      })
      yield* Effect.forkChild(supervised({ name: "w", attempts: null, report }, worker), { startImmediately: true })
      for (let i = 0; i < 30; i++) yield* TestClock.adjust("10 seconds")
      assert.strictEqual(starts, 5)
      // Twice at once, then a failure after two well minutes counts as the first again.
      assert.deepStrictEqual(seen, [0, 1, 1, 2, 2, 0, 1, 1, 2, 2, 0])
    }),
  )

  it.effect("end with their own error where starting again is no use", () =>
    Effect.gen(function* () {
      let starts = 0
      const worker = Effect.suspend(() => {
        starts += 1
        return Effect.fail(`fault ${starts}`)
      })
      const fiber = yield* Effect.forkChild(supervised({ name: "w", attempts: 3, report: () => {} }, worker))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Effect.flip(Fiber.join(fiber)), "fault 3")
    }),
  )

  const saying = (lines: Array<string>) =>
    Logger.layer([
      Logger.make(({ logLevel, message }) => {
        lines.push(`${logLevel} ${Array.isArray(message) ? message.join(" ") : String(message)}`)
      }),
    ])

  it.effect("say once that a store is away, without a trace, and once that they run again", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      let starts = 0
      const away = new JournalError({ reason: "unavailable", detail: "connect ECONNREFUSED" })
      const worker = Effect.suspend((): Effect.Effect<never, JournalError | WorkerError> => {
        starts += 1
        if (starts > 6) return Effect.never
        const failing = Effect.fail(away)
        return starts % 2 === 0 ? failing : asWorkerError("crm")(failing)
      })
      yield* Effect.forkChild(
        supervised({ name: "w", attempts: null, report: () => {} }, worker).pipe(Effect.provide(saying(lines))),
        { startImmediately: true },
      )
      for (let i = 0; i < 30; i++) yield* TestClock.adjust("10 seconds")
      assert.strictEqual(starts, 7)
      assert.deepStrictEqual(lines, [
        "Warn worker waits for a store connection crm, journal: journal unavailable: connect ECONNREFUSED",
        "Info worker runs again",
      ])
    }),
  )

  it.effect("say each other stop, with its trace, also while a store is away", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const faults = [
        new JournalError({ reason: "unavailable", detail: "gone" }),
        new JournalError({ reason: "corrupt", detail: "at revision 3" }),
        new JournalError({ reason: "unavailable", detail: "gone again" }),
      ]
      const worker = Effect.suspend(() => {
        const fault = faults.shift()
        return fault === undefined ? Effect.never : Effect.fail(fault)
      })
      yield* Effect.forkChild(
        supervised({ name: "w", attempts: null, report: () => {} }, worker).pipe(Effect.provide(saying(lines))),
        { startImmediately: true },
      )
      yield* TestClock.adjust("30 seconds")
      assert.lengthOf(lines, 3)
      assert.match(lines[1]!, /^Error worker stopped JournalError: journal corrupt: at revision 3\n +at /)
    }),
  )

  it.effect("may not just end", () =>
    Effect.gen(function* () {
      const { report, seen } = watched()
      const fiber = yield* Effect.forkChild(supervised({ name: "w", attempts: 1, report }, Effect.void))
      yield* TestClock.adjust("1 minute")
      const cause = yield* Effect.flip(Effect.sandbox(Fiber.join(fiber)))
      assert.include(Cause.pretty(cause), "the worker ended")
      assert.deepStrictEqual(seen, [0, 1])
    }),
  )
})
