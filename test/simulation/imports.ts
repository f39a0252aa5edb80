/** In some of the runs somebody imports a file: within one tick a system gets new things, and those that it has other values in several fields. */
import type { Chance } from "./random.ts"
import type { Action, SideName } from "./script.ts"
import type { GroupName, Kind } from "./world/things.ts"

const SHARE = 0.06

/** What columns a file has. Who is who is told by what names a thing, so no file changes that. */
const COLUMNS: Readonly<Partial<Record<Kind, ReadonlyArray<GroupName>>>> = {
  person: ["title", "phone", "address", "company"],
  company: ["phone"],
  deal: ["closeDate", "money"],
}

export const importsOf = (
  chance: Chance,
  sides: ReadonlyArray<SideName>,
  counts: Readonly<Record<Kind, number>>,
  last: number,
): ReadonlyArray<Action> => {
  if (!chance.isLess(SHARE)) return []
  const side = chance.pick(sides)
  const at = chance.between(0, last)
  const of = chance.pick((["person", "person", "company", "deal"] as const).filter((kind) => counts[kind] > 0))
  const columns = COLUMNS[of]!.filter(() => chance.isLess(0.6))
  const isNew = chance.next() * 0.6
  // An empty cell of a file leaves what is there.
  const row = (): ReadonlyArray<Action> =>
    chance.isLess(isNew)
      ? [{ kind: "create", at, side, of, imported: true }]
      : columns.map((group): Action => {
          const number = chance.between(0, counts[of] - 1)
          return { kind: "edit", at, side, of, number, group, empty: false, back: false, imported: true }
        })
  return Array.from({ length: chance.between(3, 12) }, row).flat()
}
