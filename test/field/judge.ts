/**
 * The harm of a scenario, counted over the systems' own stores and over what was written to them. The engine is not asked:
 * what it says of itself proves nothing here.
 */
import { normalised, type Violation } from "../simulation/oracle/entered.ts"
import type { Seen, Side } from "../simulation/world/side.ts"
import { type GroupName, keyOf, type Kind, kindOf, KINDS } from "../simulation/world/things.ts"
import type { SideName } from "../simulation/script.ts"
import type { Thing, Truth } from "./truth.ts"

export interface Harm {
  /** Fields of records that hold another value than the one that stands. */
  readonly stale: number
  /** Records of what a person deleted there, or of what no person ever made. */
  readonly ghosts: number
  /** Further records of one thing in one system. */
  readonly duplicates: number
  /** Things that are missing in a system; values that stand nowhere any more, or that nobody entered. */
  readonly lost: number
  /** Writes that put a value back over the one that had replaced it. */
  readonly regressions: number
}

export const HARMS = ["stale", "ghosts", "duplicates", "lost", "regressions"] as const

export interface Judged {
  readonly sides: ReadonlyMap<SideName, Side>
  readonly truth: Truth
  /** What was seen while it ran. */
  readonly violations: ReadonlyArray<Violation>
  /** Live records in a system that belong to no thing at all, beyond those that were there from the beginning. */
  readonly strays: number
}

export interface Verdict extends Harm {
  /** The first of each, in words. */
  readonly details: ReadonlyArray<string>
}

/** Said of each kind of harm: enough to look into it. */
const TOLD = 5

class Count {
  readonly counts: Record<keyof Harm, number> = { stale: 0, ghosts: 0, duplicates: 0, lost: 0, regressions: 0 }
  readonly details: Array<string> = []

  add(harm: keyof Harm, what: string, times = 1): void {
    if (times <= 0) return
    this.counts[harm] += times
    if (this.counts[harm] <= TOLD) this.details.push(`${harm}: ${what}`)
  }
}

/** A group of a record as it should be; `""` where the thing has none. */
export const expected = (thing: Thing, group: GroupName): string => normalised(group, thing.values.get(group) ?? "")

/** Groups of a thing that are compared in a system. */
export const compared = (thing: Thing, side: Side): ReadonlyArray<GroupName> =>
  side.groups[kindOf(thing.key)].filter((group) => !thing.listed.has(`${side.name}|${group}`))

/** Whether a record holds all that stands. */
export const agrees = (thing: Thing, side: Side, record: Seen): boolean =>
  compared(thing, side).every((group) => normalised(group, record.values[group] ?? "") === expected(thing, group))

const countThing = (
  count: Count,
  thing: Thing,
  places: ReadonlyMap<SideName, { readonly side: Side; readonly records: ReadonlyArray<Seen> }>,
): void => {
  const nowhere = new Map<GroupName, boolean>()
  for (const [name, { records, side }] of places) {
    if (thing.gone.has(name)) {
      count.add("ghosts", `${thing.key} was deleted at ${name} and is there`, records.length)
      continue
    }
    if (records.length === 0 && !thing.absent.has(name)) count.add("lost", `${thing.key} is not at ${name}`)
    count.add("duplicates", `${thing.key} is ${records.length} times at ${name}`, records.length - 1)
    for (const group of records.length === 0 ? [] : compared(thing, side)) {
      const value = expected(thing, group)
      const isHeld = records.some(({ values }) => normalised(group, values[group] ?? "") === value)
      nowhere.set(group, (nowhere.get(group) ?? true) && !isHeld)
      for (const { values } of records) {
        const held = normalised(group, values[group] ?? "")
        if (held !== value) count.add("stale", `${thing.key}.${group} is "${held}" at ${name}, and not "${value}"`)
      }
    }
  }
  for (const [group, is] of nowhere)
    if (is) count.add("lost", `${thing.key}.${group} is "${expected(thing, group)}" nowhere`)
}

/** Records by the thing that they are of. */
const byKey = (side: Side, kinds: ReadonlySet<Kind>): ReadonlyMap<string, ReadonlyArray<Seen>> => {
  const found = new Map<string, Array<Seen>>()
  for (const kind of KINDS)
    for (const record of kinds.has(kind) ? side.list(kind) : []) {
      const key = keyOf(kind, record.values)
      found.set(key, [...(found.get(key) ?? []), record])
    }
  return found
}

export const judge = ({ sides, strays, truth, violations }: Judged): Verdict => {
  const count = new Count()
  const { things } = truth
  const kinds = new Set(things.map(({ key }) => kindOf(key)))
  const known = new Set(things.map(({ key }) => key))
  const records = new Map([...sides].map(([name, side]) => [name, { side, found: byKey(side, kinds) }]))
  for (const thing of things)
    countThing(
      count,
      thing,
      new Map([...records].map(([name, { found, side }]) => [name, { side, records: found.get(thing.key) ?? [] }])),
    )
  for (const [name, { found }] of records)
    for (const [key, of] of found)
      if (!known.has(key)) count.add("ghosts", `${key} is at ${name}, and is nobody's`, of.length)
  count.add("ghosts", `${strays} records are no thing of anybody's`, strays)
  for (const { detail, invariant } of violations)
    count.add(invariant === "regression" ? "regressions" : "lost", `${invariant}: ${detail}`)
  return { ...count.counts, details: count.details }
}
