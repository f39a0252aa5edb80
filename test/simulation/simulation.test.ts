/** What the proof stands on: one seed is one history, and a rule that is taken away is seen. */
import { assert, describe, it } from "vitest"
import { makeCrew } from "./crew.ts"
import { scriptOf } from "./script.ts"
import { MUTATIONS } from "./taken-away.ts"

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

  it("sees that the weaker side wins a conflict", { timeout: LONG }, async () => {
    const crew = makeCrew(
      1,
      MUTATIONS.find(({ rule }) => rule === "R6")!,
    )
    let seen = false
    for (let seed = 1; seed <= 8 && !seen; seed += 1) {
      const { violations } = await crew.run(scriptOf(seed))
      seen = violations.length > 0
    }
    await crew.end()
    assert.isTrue(seen)
  })
})
