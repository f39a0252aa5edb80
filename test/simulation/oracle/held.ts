/** What stands in a record: of each group all that were entered with that value, since nobody can tell which of them it is. */
import type { GroupName } from "../world/things.ts"
import type { Entered } from "./entered.ts"

type Groups = Map<GroupName, ReadonlyArray<Entered>>

export class Held {
  /** By side and id. */
  readonly #records = new Map<string, Groups>()

  /** To be added to. */
  of(side: string, id: string): Groups {
    const key = `${side}|${id}`
    const held = this.#records.get(key) ?? new Map<GroupName, ReadonlyArray<Entered>>()
    this.#records.set(key, held)
    return held
  }

  /** A company becomes part of another in a system: that is the first to show it where the one was referred to. */
  merged(side: string, company: string): void {
    for (const [of, held] of this.#records)
      for (const one of held.get("company") ?? [])
        if (one.value === company && of.startsWith(`${side}|`)) one.shownBy.add(side)
  }

  /** What is known of a record goes on under another id: the new one is the first to show it, whoever wrote it into those before it. */
  moved(side: string, from: string, to: string): void {
    const held = this.#records.get(`${side}|${from}`)
    if (held === undefined) return
    this.#records.set(`${side}|${to}`, held)
    for (const nodes of held.values()) for (const one of nodes) one.sides.add(side)
  }
}
