/** The demo on a small data set, and with bugs planted in the rules: the oracle has to see each of them. */
import { type DemoOptions, runDemo } from "@concordat/cli/demo/run"
import * as Effect from "effect/Effect"
import { existsSync, mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import type { Verdict } from "@concordat/cli/demo/oracle/judge"
import { appFaults, hubspotFaults, type Intent, intentsOf, logOf, odooFaults } from "./write-log.ts"

const SIZES = { contacts: 120, shared: 40, companies: 24, deals: 30, dealsTwice: 6, activities: 40 }
/** Enough for each planted bug to do harm. */
const FEW = { contacts: 40, shared: 16, companies: 10, deals: 12, dealsTwice: 4, activities: 8 }
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

/** Each intended write that is not in its sandbox's log, or there more than once; and how many were meant. */
const writeFaults = (dir: string) => {
  const intents = intentsOf(dir)
  const of = (connection: string): ReadonlyArray<Intent> => intents.filter((one) => one.connection === connection)
  return {
    faults: {
      app: appFaults(logOf(dir, "app"), of("app")),
      hubspot: hubspotFaults(logOf(dir, "hubspot"), of("hubspot")),
      odoo: odooFaults(logOf(dir, "odoo"), of("odoo")),
    },
    meant: { app: of("app").length, hubspot: of("hubspot").length, odoo: of("odoo").length },
  }
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

/** A batch that was answered goes out once more, and the app is told twice. */
const REPEATS = [
  {
    file: "connection/send.ts",
    from: "parts.connector.write!(object, rows)))",
    to: "Effect.andThen(parts.connector.write!(object, rows), parts.connector.write!(object, rows))))",
  },
  {
    file: "app/changes.ts",
    from: "changes: found.changes }",
    to: "changes: found.changes.flatMap((one) => [one, one]) }",
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
      const { faults, meant } = writeFaults(dir)
      assert.deepStrictEqual(faults, { app: [], hubspot: [], odoo: [] })
      for (const count of Object.values(meant)) assert.isAbove(count, 100)
    },
  )
})

// Most of such a demo is waiting until nothing moves.
describe.concurrent("demo with a planted bug", () => {
  for (const bug of BUGS) {
    it(`sees that ${bug.name}`, LONG, async () => {
      const engineEnv = { NODE_OPTIONS: `--import ${plantFile}`, PLANT: JSON.stringify([bug]) }
      const { code, verdict } = await demo({ engineEnv, edits: 0, sizes: FEW })
      assert.isAbove(verdict.divergent.length + verdict.duplicates.length, 0)
      assert.strictEqual(code, 1)
    })
  }
  it("sees in each log that writes are repeated, though everything agrees", LONG, async () => {
    const engineEnv = { NODE_OPTIONS: `--import ${plantFile}`, PLANT: JSON.stringify(REPEATS) }
    const { code, dir } = await demo({ engineEnv, edits: 0 })
    const { faults } = writeFaults(dir)
    for (const list of Object.values(faults)) assert.isNotEmpty(list)
    assert.strictEqual(code, 0)
  })
})
