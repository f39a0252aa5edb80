/**
 * What people made of the things of a scenario: where each has to stand, and what has to stand in it. Written by those who
 * act, read by the judge; nothing in it comes from the engine.
 */
import type { SideName } from "../simulation/script.ts"
import { type GroupName, groupsOf, type Values } from "../simulation/world/things.ts"

export interface Thing {
  readonly key: string
  /** What was entered last, or what a rule of the tenant makes of several that were entered. */
  readonly values: Map<GroupName, string>
  /** Where a person deleted it, or the tenant's rules let the deletion follow. */
  readonly gone: Set<SideName>
  /** Where it never has to be: what it would refer to is not there, or the tenant does not want it there. */
  readonly absent: Set<SideName>
  /** `side|group`: what is listed there with a reason why it is not held; a story that says so checks the list. */
  readonly listed: Set<string>
}

export class Truth {
  readonly #things = new Map<string, Thing>()

  get things(): ReadonlyArray<Thing> {
    return [...this.#things.values()]
  }

  of(key: string): Thing {
    const known = this.#things.get(key)
    if (known === undefined) throw new Error(`nobody entered ${key}`)
    return known
  }

  /** A thing that is there from now on; what is not named is empty. */
  made(key: string, values: Values): Thing {
    const all = groupsOf(key).map((group) => [group, values[group] ?? ""] as const)
    const thing: Thing = { key, values: new Map(all), gone: new Set(), absent: new Set(), listed: new Set() }
    this.#things.set(key, thing)
    return thing
  }

  entered(key: string, group: GroupName, value: string): void {
    this.of(key).values.set(group, value)
  }

  /** Somebody is to be asked about it there, or it can't be held there. */
  listed(key: string, side: SideName, group: GroupName): void {
    this.of(key).listed.add(`${side}|${group}`)
  }
}
