/** What seeds beyond those of the tests have failed with, as the smallest world that shows it. Each holds now. */
import { assert, describe, it } from "vitest"
import { makeCrew } from "./crew.ts"
import type { Script } from "./script.ts"
import { calm, merge, MINUTE } from "./taken-away/worlds/calm.ts"

const LONG = 240_000

const FOUND: Readonly<Record<string, Script>> = {
  "two that are made one, whose titles automations keep changing": calm({
    sides: ["app", "hubspot", "odoo"],
    things: { person: [["hubspot", "odoo"], ["app"]] },
    rewriting: ["hubspot", "odoo"],
    actions: [merge(6 * MINUTE, "hubspot", "person", 1, 0)],
  }),
}

describe("what seeds have found", () => {
  it("holds", { timeout: LONG }, async () => {
    const crew = makeCrew(2)
    const results = await Promise.all(
      Object.entries(FOUND).map(async ([name, script]) => ({ name, ...(await crew.run(script)) })),
    )
    await crew.end()
    assert.deepStrictEqual(
      results.filter(({ violations }) => violations.length > 0).map(({ name, violations }) => ({ name, violations })),
      [],
    )
  })
})
