import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { Turnstile } from "./turnstile.ts"

/** Goes through for 100 ms, and says when it begins and ends. */
const through = (turnstile: Turnstile, said: Array<string>, name: string) =>
  Effect.forkChild(
    turnstile.within(
      Effect.gen(function* () {
        said.push(`${name} in`)
        yield* Effect.sleep(100)
        said.push(`${name} out`)
        if (name === "b") return yield* Effect.fail("b fails")
        return name
      }),
    ),
    { startImmediately: true },
  )

describe("a turnstile", () => {
  it.effect("lets one through at a time, in the order they came, also after one that fails", () =>
    Effect.gen(function* () {
      const turnstile = new Turnstile()
      const said: Array<string> = []
      const fibers = yield* Effect.forEach(["a", "b", "c"], (name) => through(turnstile, said, name))
      yield* TestClock.adjust(1_000)
      assert.deepStrictEqual(said, ["a in", "a out", "b in", "b out", "c in", "c out"])
      assert.strictEqual(yield* Fiber.join(fibers[2]!), "c")
      yield* through(turnstile, said, "d")
      assert.strictEqual(said.at(-1), "d in")
    }),
  )

  it.effect("forgets who is interrupted while it waits, and goes on after who is inside", () =>
    Effect.gen(function* () {
      const turnstile = new Turnstile()
      const said: Array<string> = []
      const [a, waits] = [yield* through(turnstile, said, "a"), yield* through(turnstile, said, "w")]
      yield* through(turnstile, said, "c")
      yield* Fiber.interrupt(waits)
      yield* Fiber.interrupt(a)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(said, ["a in", "c in"])
      yield* TestClock.adjust(100)
      yield* through(turnstile, said, "d")
      assert.deepStrictEqual(said, ["a in", "c in", "c out", "d in"])
    }),
  )
})
