/** Real processes in a short form. `npm run prove -- --processes` plays every harm, for longer. */
import { assert, describe, it } from "vitest"
import { SHORT } from "./harms.ts"
import { isSound, playProcesses } from "./prove-processes.ts"

const NAMES = ["no file may grow (EFBIG)", "a torn tail of the WAL"]

describe("the engine as a process", () => {
  // Processes that wait for one another on a machine that is shared: slow is no fault.
  it("says so where it can't go on, and leaves everything in agreement", { timeout: 600_000 }, async () => {
    const all = await playProcesses({ rounds: 1, seed: 1, isJson: false, out: () => {}, scale: SHORT, only: NAMES })
    for (const one of all) assert.isTrue(isSound(one), JSON.stringify(one).slice(0, 2_000))
    assert.deepStrictEqual(
      all.map(({ name }) => name),
      NAMES,
    )
  })
})
