/** Trying again: only what passes, for a while, and not all at once. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { again, pauseMs } from "./backoff.ts"
import { AGAIN_MAX_MS, AGAIN_MS } from "./limits.ts"

it.effect("goes on until it succeeds", () =>
  Effect.gen(function* () {
    let tries = 0
    const attempt = Effect.suspend(() => (++tries < 3 ? Effect.fail("away") : Effect.succeed(tries)))
    assert.strictEqual(yield* again(attempt, () => true), 3)
  }),
)

it.effect("what does not pass is said at once, and what passes after the time", () =>
  Effect.gen(function* () {
    let tries = 0
    const attempt = Effect.suspend(() => Effect.fail(`failure ${++tries}`))
    assert.strictEqual(yield* Effect.flip(again(attempt, () => false)), "failure 1")
    assert.notStrictEqual(yield* Effect.flip(again(attempt, () => true, 400)), "failure 2")
    // Pauses of 50, 100 and 200 ms at least; the whole time there is by default has room for 13 tries.
    assert.isAtMost(tries, 5)
  }),
)

it("waits longer each time, up to a bound, and never twice the same", () => {
  for (const tries of [0, 1, 4, 10, 100]) {
    const most = Math.min(AGAIN_MS * 2 ** tries, AGAIN_MAX_MS)
    const waits = Array.from({ length: 50 }, () => pauseMs(tries))
    assert.isAtLeast(Math.min(...waits), most / 2)
    assert.isAtMost(Math.max(...waits), most)
    assert.isAbove(new Set(waits).size, 40)
  }
})
