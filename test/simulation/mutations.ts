/** Rules taken away one at a time: a proof that sees none of it proves nothing. */
import { makeCrew } from "./crew.ts"
import { scriptOf } from "./script.ts"
import type { Size } from "./size.ts"
import { type Mutation, MUTATIONS } from "./taken-away.ts"

interface Options {
  readonly seeds: number
  readonly from: number
  readonly size: Size | null
  readonly threads: number
  readonly out: (line: string) => void
  readonly isJson: boolean
}

interface Caught {
  readonly seed: number
  readonly invariant: string
}

/** The first seed that sees the mutation; null: none of them does. */
const catching = async (mutation: Mutation, { from, seeds, size, threads }: Options): Promise<Caught | null> => {
  const crew = makeCrew(threads, mutation)
  // A seed that fails without the mutation sees nothing of it.
  const sound = makeCrew(1)
  const found: Array<Caught> = []
  let next = from
  const one = async (): Promise<void> => {
    while (next < from + seeds && found.length === 0) {
      const seed = next
      next += 1
      const { violations } = await crew.run(scriptOf(seed, size))
      const [first] = violations
      if (first === undefined || (await sound.run(scriptOf(seed, size))).violations.length > 0) continue
      found.push({ seed, invariant: first.invariant })
    }
  }
  await Promise.all(Array.from({ length: threads }, one))
  await Promise.all([crew.end(), sound.end()])
  return found.toSorted((a, b) => a.seed - b.seed)[0] ?? null
}

export const proveMutations = async (options: Options): Promise<boolean> => {
  const { isJson, out } = options
  const results: Array<{ readonly rule: string; readonly says: string; readonly seed: number | null }> = []
  for (const mutation of MUTATIONS) {
    const caught = await catching(mutation, options)
    const { rule, says } = mutation
    results.push({ rule, says, seed: caught?.seed ?? null })
    out(
      `${rule.padEnd(5)} ${says.padEnd(70)} ${caught === null ? "NOT CAUGHT" : `seed ${caught.seed} (${caught.invariant})`}`,
    )
  }
  if (isJson) process.stdout.write(`${JSON.stringify({ mutations: results })}\n`)
  return results.every(({ seed }) => seed !== null)
}
