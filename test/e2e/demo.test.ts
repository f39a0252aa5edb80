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
  return { code, dir, verdict: JSON.parse(readFileSync(file, "utf8")) as Verdict }
}

/** What a sandbox has taken: one line for each record written. */
const logOf = (dir: string, sandbox: string): ReadonlyArray<{ readonly traceId?: string }> =>
  readFileSync(join(dir, `${sandbox}.writes.jsonl`), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { readonly traceId?: string })

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
    name: "an amount has two decimals too many",
    file: "transforms/money.ts",
    from: ": scale(exponent)",
    to: ": scale(exponent + 2)",
  },
  {
    name: "a contact's company is never due",
    file: "reconcile/due.ts",
    from: "  const got = lens.get(",
    to: "  if (lens.group === 'company') return null\n  const got = lens.get(",
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
  it(
    "ends in agreement after twenty kills at random moments, and writes each thing that it meant to write once",
    LONG,
    async () => {
      const { code, dir, verdict } = await demo({ kills: 20 })
      assert.deepStrictEqual([verdict.divergent, verdict.duplicates, verdict.missing], [[], [], []])
      assert.strictEqual(code, 0)
      const keys = logOf(dir, "hubspot").flatMap(({ traceId }) => (traceId === undefined ? [] : [traceId]))
      assert.isAbove(keys.length, 100)
      assert.deepStrictEqual(
        keys.filter((key, at) => keys.indexOf(key) !== at),
        [],
      )
    },
  )
  for (const bug of BUGS) {
    it(`sees a planted bug: ${bug.name}`, LONG, async () => {
      const engineEnv = { NODE_OPTIONS: `--import ${plantFile}`, PLANT: JSON.stringify(bug) }
      const { code, verdict } = await demo({ engineEnv, edits: 0 })
      assert.isAbove(verdict.divergent.length + verdict.duplicates.length, 0)
      assert.strictEqual(code, 1)
    })
  }
})
