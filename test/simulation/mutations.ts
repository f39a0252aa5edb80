/** Rules taken away one at a time: a proof that sees none of it proves nothing. */
import { makeCrew, type Plant } from "./crew.ts"
import { scriptOf } from "./script.ts"

export interface Mutation extends Plant {
  /** The rule of `docs/rules.md` that is gone. */
  readonly rule: string
  readonly says: string
}

const RULES = "packages/rules/src/reconcile"
const CONNECTION = "packages/engine/src/connection"

export const MUTATIONS: ReadonlyArray<Mutation> = [
  {
    rule: "R2",
    says: "the echo of a write of ours is taken for an edit",
    file: `${RULES}/group.ts`,
    from: "const sent = echoed(edit.link(connection).intents, known, lens, view)",
    to: "const sent = undefined as View | undefined",
  },
  {
    rule: "R2",
    says: "a write that a read has shown stays open",
    file: `${RULES}/group.ts`,
    from: "  if (shown.length === 0) return",
    to: "  if (shown.length >= 0) return",
  },
  {
    rule: "R3",
    says: "an empty side wins at the first link",
    file: `${RULES}/group.ts`,
    from: "  if (lens.empty(view)) {",
    to: '  if (lens.empty(view) && group === "") {',
  },
  {
    rule: "R5",
    says: "the shadow is not moved",
    file: `${RULES}/group.ts`,
    from: "    shadow: view,",
    to: "    shadow: known.shadow ?? view,",
  },
  {
    rule: "R6",
    says: "the weaker side wins a conflict",
    file: `${RULES}/conflict.ts`,
    from: "return rank(theirs) > rank(ours)",
    to: "return rank(theirs) < rank(ours)",
  },
  {
    rule: "CE1",
    says: "a read that began before the newest fact counts",
    file: `${CONNECTION}/judge.ts`,
    from: "at.startedAt <= seen.factAt || (at.busyUntil !== null && at.startedAt <= at.busyUntil)",
    to: "at.startedAt <= seen.factAt && at.startedAt < 0",
  },
]

interface Options {
  readonly seeds: number
  readonly from: number
  readonly threads: number
  readonly out: (line: string) => void
  readonly isJson: boolean
}

interface Caught {
  readonly seed: number
  readonly invariant: string
}

/** The first seed that sees the mutation; null: none of them does. */
const catching = async (mutation: Mutation, { from, seeds, threads }: Options): Promise<Caught | null> => {
  const crew = makeCrew(threads, mutation)
  // A seed that fails without the mutation sees nothing of it.
  const sound = makeCrew(1)
  const found: Array<Caught> = []
  let next = from
  const one = async (): Promise<void> => {
    while (next < from + seeds && found.length === 0) {
      const seed = next
      next += 1
      const { violations } = await crew.run(scriptOf(seed))
      const [first] = violations
      if (first === undefined || (await sound.run(scriptOf(seed))).violations.length > 0) continue
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
