/** The demo on a small data set, and with bugs planted in the rules: the oracle has to see each of them. */
import { type DemoOptions, runDemo } from "@concordat/cli/demo/run"
import * as Effect from "effect/Effect"
import { existsSync, mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import type { Verdict } from "@concordat/cli/demo/oracle/judge"

const SIZES = { contacts: 120, shared: 40, companies: 24, deals: 30, dealsTwice: 6, activities: 40 }
const plantFile = join(import.meta.dirname, "plant.mjs")

const demo = async (options: Partial<DemoOptions> = {}) => {
  const dir = mkdtempSync(join(tmpdir(), "concordat-e2e-"))
  const code = await Effect.runPromise(
    runDemo({ once: true, json: false, quiet: true, seed: 1, sizes: SIZES, dir, ...options }),
  )
  const file = join(dir, "verdict.json")
  assert.isTrue(existsSync(file))
  return { code, verdict: JSON.parse(readFileSync(file, "utf8")) as Verdict }
}

const BUGS: ReadonlyArray<{
  readonly name: string
  readonly file: string
  readonly from: string
  readonly to: string
}> = [
  {
    name: "a contradicting name is overlooked",
    file: "identity/contradiction.ts",
    from: "  switch (type) {",
    to: "  if (type === 'contact') return false\n  switch (type) {",
  },
  {
    name: "what is not held is not due",
    file: "reconcile/due.ts",
    from: "if (!holds(lens, held, wanted, held.shadow))",
    to: "if (held.shadow === null)",
  },
  {
    name: "a domain identifies nobody",
    file: "identity/keys.ts",
    from: "...(domain === null || ",
    to: "...(domain !== '' || ",
  },
  {
    name: "the app wins over a CRM in master data",
    file: "reconcile/conflict.ts",
    from: 'return side.isApp === (rule._tag === "App") ? 1 : 0',
    to: 'return side.isApp === (rule._tag !== "App") ? 1 : 0',
  },
  {
    name: "a reference is left out of what is created",
    file: "reconcile/due.ts",
    from: "if (wanted === null || lens.empty(wanted)) continue",
    to: "if (wanted === null || lens.empty(wanted) || lens.group === 'company') continue",
  },
]

/** Processes that wait for one another on a machine that is shared: slow is no fault. */
const LONG = { timeout: 600_000, retry: 1 }

describe("demo", () => {
  it("ends with everything in agreement, across a kill -9", LONG, async () => {
    const { code, verdict } = await demo()
    assert.deepStrictEqual(verdict.divergent, [])
    assert.deepStrictEqual(verdict.duplicates, [])
    assert.deepStrictEqual(verdict.missing, [])
    assert.strictEqual(code, 0)
  })
  for (const bug of BUGS) {
    it(`sees a planted bug: ${bug.name}`, LONG, async () => {
      const engineEnv = { NODE_OPTIONS: `--import ${plantFile}`, PLANT: JSON.stringify(bug) }
      const { code, verdict } = await demo({ engineEnv, edits: 0 })
      assert.isAbove(verdict.divergent.length + verdict.duplicates.length, 0)
      assert.strictEqual(code, 1)
    })
  }
})
