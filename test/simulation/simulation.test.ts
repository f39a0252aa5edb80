/** The proof as a test: seeds hold, one seed is one history, and a rule that is taken away is seen. */
import { assert, describe, it } from "vitest"
import { makeCrew } from "./crew.ts"
import { scriptOf } from "./script.ts"
import { MUTATIONS } from "./taken-away.ts"

const FIRST = 1
const SEEDS = 48
/** Beyond those, seeds that failed once. */
const FOUND = [69, 130, 176]
const LONG = 240_000

describe("simulation", () => {
  it(`holds for ${SEEDS} seeds from ${FIRST}, and for ${FOUND.join(" and ")}`, { timeout: LONG }, async () => {
    const crew = makeCrew(2)
    const seeds = [...Array.from({ length: SEEDS }, (_, at) => FIRST + at), ...FOUND]
    const results = await Promise.all(seeds.map((seed) => crew.run(scriptOf(seed))))
    await crew.end()
    assert.deepStrictEqual(
      results.filter(({ violations }) => violations.length > 0).map(({ seed, violations }) => ({ seed, violations })),
      [],
    )
    const sum = (of: (one: (typeof results)[number]) => number): number =>
      results.reduce((all, one) => all + of(one), 0)
    assert.isAbove(
      sum(({ crashes }) => crashes),
      0,
      "nothing crashed",
    )
    assert.isAbove(
      sum(({ calls }) => calls),
      SEEDS * 100,
      "nobody called",
    )
  })

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
