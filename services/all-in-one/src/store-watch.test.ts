import { Commit } from "@concordat/engine/ports/Commit"
import { JournalError } from "@concordat/engine/ports/Journal"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { watchStore } from "./store-watch.ts"
import type { WorkerState } from "./workers.ts"

/** A store that answers each unit with the reason that stands at the time; null: it takes it. */
const watched = () => {
  const store = { reason: null as JournalError["reason"] | null, writes: 0 }
  const seen: Array<number> = []
  const workers = new Map<string, WorkerState>()
  const commit = Commit.of({
    commit: ({ checkpoint }) => {
      if (checkpoint !== null) store.writes += 1
      return store.reason === null
        ? Effect.succeed({ _tag: "Appended", position: "1" })
        : Effect.fail(new JournalError({ reason: store.reason, detail: "disk I/O error" }))
    },
  })
  const run = watchStore(workers, ({ failures }) => void seen.push(failures)).pipe(
    Effect.provideService(Commit, commit),
  )
  return { run, seen, store, workers }
}

describe("the store", () => {
  it.effect("that is gone ends what depends on it, though nobody writes", () =>
    Effect.gen(function* () {
      const { run, store } = watched()
      const fiber = yield* Effect.forkChild(run, { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual(store.writes, 0)
      store.reason = "unavailable"
      yield* TestClock.adjust("1 second")
      assert.include((yield* Effect.flip(Fiber.join(fiber))).message, "disk I/O error")
    }),
  )

  it.effect("that is full is looked at until there is room, with real writes while somebody fails", () =>
    Effect.gen(function* () {
      const { run, seen, store, workers } = watched()
      yield* Effect.forkChild(run, { startImmediately: true })
      workers.set("connection acme.odoo", { failures: 1, error: "full" })
      store.reason = "full"
      yield* TestClock.adjust("3 seconds")
      store.reason = null
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(seen, [0, 1, 2, 3, 0])
      assert.isAbove(store.writes, 0)
    }),
  )
})
