/**
 * With whom an activity is. Nobody edits that, and yet it may be another one for a while: what refers to a person who is deleted
 * in a system refers to nobody there, and does again, without having been edited, once the person is taken back.
 */
import type { Seen, Side } from "../world/side.ts"
import { kindOf } from "../world/things.ts"
import type { World } from "../world/world.ts"
import type { Violation } from "./entered.ts"
import type { History } from "./history.ts"

type Told = Pick<Side, "name" | "participants">

/** Activities that hang on one person in a system for good, and came there while that person was two. */
export class Hanging {
  /** By record: the one that it hangs on, and the other. */
  readonly #either = new Map<string, readonly [on: string, other: string]>()

  /** The engine has made it there. */
  made(side: Pick<Side, "name" | "hangsOn">, id: string, history: History, now: number): void {
    for (const person of side.hangsOn?.(id) ?? []) {
      const on = history.canonical(person)
      const other = history.joins.twinOf(on, now)
      if (other !== null) this.#either.set(`${side.name}|${id}`, [on, other])
    }
  }

  /** Who may be meant by those that are named there. */
  meant(side: string, id: string, people: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> {
    const either = this.#either.get(`${side}|${id}`)
    if (either === undefined) return [people]
    const [on, other] = either
    return [people, people.map((one) => (one === on ? other : one))]
  }
}

/** Whether all systems name the same people for it. Where somebody is deleted in one of them that is not asked. */
export const participantsApart = (
  { hanging, reshaping }: Pick<World, "hanging" | "reshaping">,
  history: History,
  thing: string,
  held: ReadonlyArray<{ readonly side: Told; readonly record: Pick<Seen, "id"> }>,
): ReadonlyArray<Violation> => {
  if (kindOf(thing) !== "activity" || [...reshaping.removed.keys()].some((key) => kindOf(key) === "person")) return []
  const told = held.map(({ record, side: { name, participants } }) => {
    const meant = hanging.meant(name, record.id, participants(record.id).map(history.canonical, history))
    const people = meant.map((some) => {
      const whole = some.map((key) => history.joins.whole(history.canonical(key)))
      return [...new Set(whole)].toSorted().join(" and ")
    })
    return { name, people }
  })
  const [first] = told
  if (first === undefined || first.people.some((some) => told.every(({ people }) => people.includes(some)))) return []
  const said = told.map(({ name, people }) => `${name} "${people[0]}"`).join(", ")
  return [{ invariant: "divergent", detail: `${thing} is with: ${said}` }]
}
