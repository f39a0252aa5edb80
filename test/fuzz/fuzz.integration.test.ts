/** The fuzzer for as long as a test may take. `npm run prove -- --fuzz` goes on for longer. */
import { assert, describe, it } from "vitest"
import { playFuzz } from "./prove-fuzz.ts"

describe("input from outside", () => {
  it("brings nothing down, is answered with what is wrong with it, and loses nothing that was acknowledged", async () => {
    const all = await playFuzz({ seconds: 18, seed: 1, isJson: false, out: () => {} })
    for (const { faults, name, tries } of all) {
      assert.deepStrictEqual(faults, [], name)
      assert.isAtLeast(tries, 8, name)
    }
    assert.lengthOf(all, 6)
  }, 600_000)
})
