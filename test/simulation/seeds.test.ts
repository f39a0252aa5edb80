/** The proof as a test: the first 200 seeds hold. By far the longest of all tests: first and alone (`vitest.config.ts`). */
import { assert, describe, it } from "vitest"
import { makeCrew } from "./crew.ts"
import { scriptOf } from "./script.ts"
import { SIZES, sizeOf } from "./size.ts"

const SEEDS = 200
/** On a machine that others use too: nine times what it took on a quiet one. */
const LONG = 3_600_000

describe("seeds", () => {
  it(`1 to ${SEEDS} hold`, { timeout: LONG }, async () => {
    const crew = makeCrew(2)
    const seeds = Array.from({ length: SEEDS }, (_, at) => at + 1)
    // Large worlds first, or one of them would be alone with a core at the end.
    const order = seeds.toSorted((one, other) => SIZES.indexOf(sizeOf(other)) - SIZES.indexOf(sizeOf(one)))
    const results = await Promise.all(order.map((seed) => crew.run(scriptOf(seed))))
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
      sum(({ gaps }) => gaps),
      0,
      "nobody edited what was just being written",
    )
    assert.isAbove(
      sum(({ calls }) => calls),
      SEEDS * 100,
      "nobody called",
    )
  })
})
