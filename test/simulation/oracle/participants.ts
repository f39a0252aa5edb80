/**
 * With whom an activity is. Nobody edits that, and yet it may be another one for a while: what refers to a person who is deleted
 * in a system refers to nobody there, and does again, without having been edited, once the person is taken back.
 */
import type { Seen, Side } from "../world/side.ts"
import { kindOf } from "../world/things.ts"
import type { World } from "../world/world.ts"
import type { Violation } from "./entered.ts"
import type { History } from "./history.ts"

/** Whether all systems name the same people for it. Where somebody is deleted in one of them that is not asked. */
export const participantsApart = (
  { reshaping }: Pick<World, "reshaping">,
  history: History,
  thing: string,
  held: ReadonlyArray<{ readonly side: Pick<Side, "name" | "participants">; readonly record: Pick<Seen, "id"> }>,
): ReadonlyArray<Violation> => {
  if (kindOf(thing) !== "activity" || [...reshaping.removed.keys()].some((key) => kindOf(key) === "person")) return []
  const told = held.map(({ record, side }) => {
    const people = side.participants(record.id).map((key) => history.joins.whole(history.canonical(key)))
    return { name: side.name, people: [...new Set(people)].toSorted().join(" and ") }
  })
  if (new Set(told.map(({ people }) => people)).size <= 1) return []
  const said = told.map(({ name, people }) => `${name} "${people}"`).join(", ")
  return [{ invariant: "divergent", detail: `${thing} is with: ${said}` }]
}
