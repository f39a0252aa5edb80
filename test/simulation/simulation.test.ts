/** The proof as a test: one seed is one history. */
import { assert, describe, it } from "vitest"
import { makeCrew } from "./crew.ts"
import { scriptOf } from "./script.ts"

const LONG = 240_000

describe("simulation", () => {
  it("is its seed's alone: two runs leave the same trace", { timeout: LONG }, async () => {
    const crew = makeCrew(2)
    for (const seed of [4, 12]) {
      const [one, other] = await Promise.all([crew.run(scriptOf(seed)), crew.run(scriptOf(seed))])
      assert.strictEqual(one.trace, other.trace, `seed ${seed}`)
      assert.isAbove(one.turns, 1_000)
    }
    await crew.end()
  })
})
