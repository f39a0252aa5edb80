/**
 * Rules taken away one at a time: a proof that sees none of it proves nothing. What is known to see a mutation is tried first;
 * only where that sees nothing any more, or to find something better, seeds are looked through.
 */
import { type Crew, makeCrew } from "../crew.ts"
import { scriptOf } from "../script.ts"
import type { Size } from "../size.ts"
import { MUTATIONS } from "./all.ts"
import { type Mutation, nameOf, type Sight } from "./mutation.ts"
import { failsPlanted, scriptFor, seenIn } from "./seeing.ts"

export interface Options {
  readonly seeds: number
  readonly from: number
  readonly size: Size | null
  readonly threads: number
  /** Looks through the seeds whatever is known, and prints what to remember. */
  readonly isFinding: boolean
  /** Of which rules; `""`: of all. */
  readonly wanted: string
  readonly out: (line: string) => void
  readonly isJson: boolean
}

/** Whether what is remembered still sees it: null where it does not. */
const remembered = async (mutation: Mutation, planted: Crew, sound: Crew): Promise<Sight | null> => {
  const { seenBy } = mutation
  if ("file" in seenBy) return (await failsPlanted(mutation, seenBy.file, seenBy.title)) ? seenBy : null
  const invariant = await seenIn(scriptFor(seenBy), planted, sound)
  return invariant === null ? null : { ...seenBy, invariant }
}

/** The first seed that sees it; null: none of them does. */
const found = async (
  { from, seeds, size, threads }: Options,
  planted: Crew,
  sound: Crew,
): Promise<(Sight & { readonly seed: number }) | null> => {
  const hits: Array<Sight & { readonly seed: number }> = []
  let next = from
  const one = async (): Promise<void> => {
    while (next < from + seeds && hits.length === 0) {
      const seed = next
      next += 1
      const invariant = await seenIn(scriptOf(seed, size), planted, sound)
      if (invariant !== null) hits.push({ seed, ...(size === null ? {} : { size }), invariant })
    }
  }
  await Promise.all(Array.from({ length: threads }, one))
  return hits.toSorted((a, b) => a.seed - b.seed)[0] ?? null
}

const catching = async (mutation: Mutation, options: Options): Promise<Sight | null> => {
  const { isFinding, threads } = options
  const [planted, sound] = [makeCrew(threads, mutation), makeCrew(1)]
  try {
    const known = isFinding ? null : await remembered(mutation, planted, sound)
    return known ?? (await found(options, planted, sound))
  } finally {
    await Promise.all([planted.end(), sound.end()])
  }
}

export const proveMutations = async (options: Options): Promise<boolean> => {
  const { isFinding, isJson, out, wanted } = options
  const chosen = MUTATIONS.filter(({ rule }) => wanted === "" || wanted.split(" ").includes(rule))
  const results: Array<{
    readonly rule: string
    readonly says: string
    readonly seed: number | null
    readonly seenBy: Sight | null
  }> = []
  for (const [at, mutation] of chosen.entries()) {
    const { rule, says } = mutation
    const sight = await catching(mutation, options)
    results.push({ rule, says, seed: sight !== null && "seed" in sight ? sight.seed : null, seenBy: sight })
    const by = sight === null ? "NOT CAUGHT" : nameOf(sight)
    out(`${`${at + 1}/${chosen.length}`.padStart(5)} ${rule.padEnd(5)} ${says.padEnd(80)} ${by}`)
    if (isFinding && sight !== null) out(`      seenBy: ${JSON.stringify(sight)}`)
  }
  if (isJson) process.stdout.write(`${JSON.stringify({ mutations: results })}\n`)
  const missed = results.filter(({ seenBy }) => seenBy === null).length
  const seeds = results.filter(({ seed }) => seed !== null).length
  const worlds = results.filter(({ seenBy }) => seenBy !== null && "world" in seenBy).length
  out(
    `${results.length} taken away, ${missed} not caught: ${seeds} by a seed, ${worlds} by a world, ` +
      `${results.length - missed - seeds - worlds} by a test`,
  )
  return chosen.length > 0 && missed === 0
}
