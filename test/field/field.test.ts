/** Some faults of the field, in their smaller form; all of them in full: `npm run prove -- --field`. */
import { assert, describe, it } from "vitest"
import { MUTATIONS } from "../simulation/taken-away/all.ts"
import { castOf, SCENARIOS } from "./registry.ts"
import { HARMS } from "./judge.ts"
import { played } from "./prove-field.ts"

const LONG = 60_000

/** Those whose smaller form takes a few seconds. */
const FAST = [
  "calm",
  "index lag",
  "a transaction of 15 s",
  "one millisecond",
  "archived and merged (odoo)",
  "twice quickly",
  "two CRMs joined",
  "automation that rewrites",
  "edit after our write",
  "currencies",
  "journal of an hour ago",
  "journal of an hour ago (odoo)",
]

describe("the faults of the field", () => {
  for (const title of FAST)
    it(`leave nothing behind: ${title}`, { timeout: LONG }, async () => {
      const of = await played({ title, isSmall: true })
      if ("thrown" in of) throw new Error(of.thrown)
      const { details, unkept } = of.result
      assert.deepStrictEqual({ details, unkept }, { details: [], unkept: [] })
      for (const harm of HARMS) assert.strictEqual(of.result[harm], 0, harm)
      assert.isAbove(of.result.writes, 0, "nothing was written")
    })

  it(
    "are seen where a rule is taken away: a read that began before the newest fact counts",
    { timeout: LONG },
    async () => {
      const plant = MUTATIONS.find(({ rule }) => rule === "CE1")!
      const of = await played({ title: "stale read", isSmall: true }, plant)
      if ("thrown" in of) throw new Error(of.thrown)
      assert.isAbove(of.result.regressions + of.result.stale + of.result.lost, 0)
    },
  )

  it("are found by number, by name, and by name over a CRM", () => {
    assert.strictEqual(
      castOf("").length,
      SCENARIOS.reduce((sum, { over }) => sum + over.length, 0),
    )
    assert.deepStrictEqual(
      castOf("3").map(({ title }) => title),
      ["index lag", "a transaction of 15 s"],
    )
    assert.deepStrictEqual(
      castOf("calm (odoo)").map(({ crm }) => crm),
      ["odoo"],
    )
    assert.deepStrictEqual(castOf("nothing of the kind"), [])
  })
})
