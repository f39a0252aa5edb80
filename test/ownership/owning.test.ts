/** How a group of processes divides its work: fairly, again when one comes or goes, and never twice at a time. */
import { own } from "@concordat/engine/ownership/owning"
import type { Tenure } from "@concordat/engine/ownership/tenure"
import { Leases } from "@concordat/engine/ports/Leases"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { LeaseTable } from "./memory-leases.ts"

const SHARES = Array.from({ length: 16 }, (_, n) => n.toString(16))

interface Working {
  readonly process: string
  readonly name: string
  readonly tenure: Tenure
  isWorking: boolean
}

/** Processes over one table: who works on what, by the work's own word. */
const cluster = (table: LeaseTable, drainMs = 0) => {
  const all: Array<Working> = []
  // The test clock stands still when a test has ended.
  let drain = drainMs
  const over = Effect.sync(() => {
    drain = 0
  })
  const start = (process: string, names = SHARES) =>
    own({
      group: "reconciler",
      owner: process,
      names,
      work: (name, tenure) =>
        Effect.suspend(() => {
          const working: Working = { process, name, tenure, isWorking: true }
          all.push(working)
          return Effect.onInterrupt(Effect.never, () =>
            Effect.andThen(
              Effect.suspend(() => Effect.sleep(drain)),
              Effect.sync(() => {
                working.isWorking = false
              }),
            ),
          )
        }),
    }).pipe(Effect.provideService(Leases, table.leases), Effect.forkChild({ startImmediately: true }))
  /** Names by process, of work whose owner may act on it now. */
  const held = Effect.fnUntraced(function* () {
    const found: Record<string, Array<string>> = {}
    for (const { isWorking, name, process, tenure } of all)
      if (isWorking && (yield* tenure.isHeld)) (found[process] ??= []).push(name)
    return found
  })
  /** Each name has one owner who may act, and together they have all of them. */
  const assertWhole = Effect.fnUntraced(function* (names = SHARES) {
    const found = Object.values(yield* held()).flat()
    assert.deepStrictEqual(found.toSorted(), [...names].toSorted())
  })
  const assertNoneTwice = Effect.fnUntraced(function* () {
    const found = Object.values(yield* held()).flat()
    assert.strictEqual(new Set(found).size, found.length, `twice: ${found.toSorted().join(" ")}`)
  })
  const pass = Effect.fnUntraced(function* (ms: number) {
    for (let at = 0; at < ms; at += 100) {
      yield* TestClock.adjust(100)
      yield* assertNoneTwice()
    }
  })
  return { start, held, pass, assertWhole, all, over }
}

const counts = (held: Record<string, ReadonlyArray<string>>) =>
  Object.fromEntries(Object.entries(held).map(([process, names]) => [process, names.length]))

describe("ownership", () => {
  it.effect("one process owns everything; a second gets half within ten seconds, a third its part", () =>
    Effect.gen(function* () {
      const { assertWhole, held, pass, start } = cluster(new LeaseTable())
      yield* start("a")
      yield* pass(1_000)
      assert.deepStrictEqual(counts(yield* held()), { a: 16 })
      yield* start("b")
      yield* pass(10_000)
      assert.deepStrictEqual(counts(yield* held()), { a: 8, b: 8 })
      yield* start("c")
      yield* pass(10_000)
      const three = counts(yield* held())
      assert.isTrue(Object.values(three).every((count) => count >= 4 && count <= 6))
      yield* assertWhole()
    }),
  )

  it.effect("what a killed process had is others' within ten seconds; one that stops leaves it at once", () =>
    Effect.gen(function* () {
      const table = new LeaseTable()
      const { assertWhole, held, pass, start } = cluster(table)
      const a = yield* start("a")
      yield* start("b")
      yield* start("c")
      yield* pass(10_000)
      // Killed: the store hears nothing of it any more, neither renewal nor release.
      table.cut.add("a")
      yield* Fiber.interrupt(a)
      yield* pass(10_000)
      assert.deepStrictEqual(Object.keys(yield* held()).toSorted(), ["b", "c"])
      yield* assertWhole()
      const d = yield* start("d")
      yield* pass(10_000)
      yield* Fiber.interrupt(d)
      yield* pass(2_100)
      yield* assertWhole()
    }),
  )

  it.effect("an owner that the store does not hear stops before anybody else can begin", () =>
    Effect.gen(function* () {
      const table = new LeaseTable()
      const { assertWhole, held, over, pass, start } = cluster(table, 2_000)
      yield* start("a")
      yield* start("b")
      yield* pass(10_000)
      table.cut.add("a")
      yield* pass(10_000)
      assert.deepStrictEqual(counts(yield* held()), { b: 16 })
      table.cut.delete("a")
      yield* pass(15_000)
      assert.deepStrictEqual(counts(yield* held()), { a: 8, b: 8 })
      yield* assertWhole()
      yield* over
    }),
  )

  it.effect(
    "a store that is away for a moment costs nobody anything; for longer, all stop and go on by themselves",
    () =>
      Effect.gen(function* () {
        const table = new LeaseTable()
        const { all, assertWhole, held, pass, start } = cluster(table)
        yield* start("a")
        yield* start("b")
        yield* pass(10_000)
        const begun = all.length
        table.isOut = true
        yield* pass(3_000)
        table.isOut = false
        yield* pass(3_000)
        assert.lengthOf(all, begun)
        table.isOut = true
        yield* pass(20_000)
        assert.deepStrictEqual(yield* held(), {})
        table.isOut = false
        yield* pass(10_000)
        yield* assertWhole()
      }),
  )

  it.effect("work that takes a while to stop is not given away meanwhile", () =>
    Effect.gen(function* () {
      const { all, assertWhole, over, pass, start } = cluster(new LeaseTable(), 3_000)
      yield* start("a", ["x", "y"])
      yield* pass(1_000)
      yield* start("b", ["x", "y"])
      for (let at = 0; at < 10_000; at += 100) {
        yield* TestClock.adjust(100)
        const working = all.filter(({ isWorking }) => isWorking).map(({ name }) => name)
        assert.strictEqual(new Set(working).size, working.length)
      }
      yield* pass(1_000)
      yield* assertWhole(["x", "y"])
      yield* over
    }),
  )
})
