/** What is said to see a rule that is gone does see it, and is there: `npm run prove -- --mutations` tries all of it. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "vitest"
import { makeCrew } from "../crew.ts"
import { MUTATIONS } from "./all.ts"
import { nameOf } from "./mutation.ts"
import { scriptFor } from "./seeing.ts"

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), "utf8")

/** Played here, each with the rule and without it. */
const PLAYED: ReadonlyArray<string> = [
  "the weaker side wins a conflict",
  "the shadow is not moved",
  "nothing is read before it is written",
  "no tombstone keeps what was deleted from being created again",
]

describe("a rule that is taken away", () => {
  it("is each of docs/rules.md", () => {
    const rules = [...read("docs/rules.md").matchAll(/^\| (R\d+|CE\d+) \|/gm)].map(([, rule]) => rule!)
    const taken = new Set(MUTATIONS.map(({ rule }) => rule))
    assert.isAbove(rules.length, 40)
    assert.deepStrictEqual(
      rules.filter((rule) => !taken.has(rule)),
      [],
    )
    assert.deepStrictEqual(
      [...taken].filter((rule) => !rules.includes(rule)),
      [],
    )
  })

  it("stands in the engine's text, in one place", () => {
    const places = MUTATIONS.map(({ file, from, rule, says }) => [rule, says, read(file).split(from).length - 1])
    assert.deepStrictEqual(
      places.filter(([, , count]) => count !== 1),
      [],
    )
  })

  it("is seen by a test that is there, where no simulated world shows it", () => {
    const tests = MUTATIONS.flatMap(({ seenBy }) => ("file" in seenBy ? [seenBy] : []))
    assert.isAbove(tests.length, 0)
    assert.deepStrictEqual(
      tests.filter(({ file, title }) => !read(file).includes(`"${title}"`)),
      [],
    )
  })

  it("stands in docs/proof.md with what sees it", () => {
    const proof = read("docs/proof.md")
    const rows = MUTATIONS.map(({ rule, says, seenBy }) => `| ${rule} | ${says} | ${nameOf(seenBy)} |`)
    assert.deepStrictEqual(
      rows.filter((row) => !proof.includes(row)),
      [],
    )
  })

  it("is seen in a world that holds with it", { timeout: 1_200_000 }, async () => {
    const sound = makeCrew(1)
    const played = PLAYED.map(async (says) => {
      const mutation = MUTATIONS.find((one) => one.says === says)!
      const { seenBy } = mutation
      if ("file" in seenBy) return assert.fail(`${says}: no world sees it`)
      const planted = makeCrew(1, mutation)
      const script = scriptFor(seenBy)
      const [without, whole] = await Promise.all([planted.run(script), sound.run(script)])
      await planted.end()
      assert.deepStrictEqual(whole.violations, [], says)
      assert.strictEqual(without.violations[0]?.invariant, seenBy.invariant, says)
    })
    await Promise.all(played)
    await sound.end()
  })
})
