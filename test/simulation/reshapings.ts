/** What happens to whole records in some of the runs, drawn from the seed: they are deleted and taken back, and two become one. */
import type { Chance } from "./random.ts"
import type { Action, SideName } from "./script.ts"
import type { Kind } from "./world/things.ts"

const MINUTE = 60_000

/** In some runs what was removed is taken back, and two records are made one. */
export const reshapingsOf = (
  chance: Chance,
  sides: ReadonlyArray<SideName>,
  counts: Readonly<Record<Kind, number>>,
  actions: ReadonlyArray<Action>,
): ReadonlyArray<Action> => {
  const last = actions.at(-1)?.at ?? 0
  const merges = Array.from({ length: chance.isLess(0.3) ? chance.between(1, 2) : 0 }, (): Action => {
    const of = counts.company > 1 && chance.isLess(0.4) ? "company" : "person"
    const number = chance.between(0, counts[of] - 1)
    const other = (number + chance.between(1, Math.max(1, counts[of] - 1))) % counts[of]
    const side = chance.pick(sides.filter((one) => one !== "app"))
    return { kind: "merge", at: chance.between(0, last), side, of, number, other }
  })
  const removals = Array.from({ length: chance.isLess(0.35) ? chance.between(1, 3) : 0 }, (): ReadonlyArray<Action> => {
    const of = chance.pick(["person", "person", "deal", "activity"] as const)
    if (counts[of] === 0) return []
    const at = chance.between(0, last)
    const one = { side: chance.pick(sides), of, number: chance.between(0, counts[of] - 1) }
    const back = at + (chance.isLess(0.5) ? chance.between(1, MINUTE) : chance.between(1, 40 * MINUTE))
    return [
      { kind: "remove", at, ...one },
      { kind: "restore", at: back, ...one },
    ]
  }).flat()
  const deals = chance.fork("deals")
  if (counts.deal > 1 && deals.isLess(0.25)) {
    const number = deals.between(0, counts.deal - 1)
    const other = (number + deals.between(1, counts.deal - 1)) % counts.deal
    const side = deals.pick(sides.filter((one) => one !== "app"))
    merges.push({ kind: "merge", at: deals.between(0, last), side, of: "deal", number, other })
  }
  const companies = chance.fork("companies")
  if (counts.company > 0 && companies.isLess(0.15)) {
    const one = {
      side: companies.pick(sides),
      of: "company",
      number: companies.between(0, counts.company - 1),
    } as const
    const at = companies.between(0, last)
    const back = at + (companies.isLess(0.5) ? companies.between(1, MINUTE) : companies.between(1, 40 * MINUTE))
    removals.push({ kind: "remove", at, ...one }, { kind: "restore", at: back, ...one })
  }
  // Nobody makes one record of itself.
  const two = merges.filter((one) => one.kind !== "merge" || one.number !== one.other)
  return [...removals, ...two]
}
