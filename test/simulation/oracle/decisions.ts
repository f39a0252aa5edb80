/** What people decided between two values that nobody else may decide between. */
import type { GroupName } from "../world/things.ts"
import type { Entered } from "./entered.ts"

/** How long something may have been on its way to the engine when it was decided, ms. */
const ON_ITS_WAY_MS = 15 * 60_000

/** Whose value somebody keeps: that of the connection's record, or what the entity has. */
export interface Deciding {
  readonly thing: string
  readonly group: GroupName
  readonly side: string
  readonly record: string
  readonly keep: "connection" | "entity"
}

export interface Decided {
  readonly thing: string
  readonly group: GroupName
  /** The side whose value was chosen; null: what stood elsewhere. */
  readonly side: string | null
  readonly chosen: ReadonlyArray<Entered>
  readonly rejected: ReadonlyArray<Entered>
  readonly ms: number
}

export class Decisions {
  readonly #decided: Array<Decided> = []

  /** `theirs`: what stands in the record; `all`: what was entered of the thing. */
  add(about: Deciding, theirs: ReadonlyArray<Entered>, all: ReadonlyArray<Entered>, ms: number): void {
    const { group, keep, side, thing } = about
    const others = all.filter((one) => !theirs.includes(one))
    const [chosen, rejected] = keep === "connection" ? [theirs, others] : [others, theirs]
    this.#decided.push({ thing, group, side: keep === "connection" ? side : null, chosen, rejected, ms })
  }

  /** Whether somebody chose the one over the other. */
  allows(node: Entered, before: Entered): boolean {
    return this.#decided.some(({ chosen, rejected }) => chosen.includes(node) && rejected.includes(before))
  }

  /** When it was last chosen over another; null: never. */
  chosenMs(node: Entered): number | null {
    return this.#decided.findLast(({ chosen }) => chosen.includes(node))?.ms ?? null
  }

  /** Whether somebody chose what stood there. */
  chose(thing: string, group: GroupName, side: string): boolean {
    return this.#decided.some((one) => one.thing === thing && one.group === group && one.side === side)
  }

  /** What was chosen last, where nothing else can have come after it; null: that can't be told. */
  last(thing: string, group: GroupName, nodes: ReadonlyArray<Entered>): Decided | null {
    const last = this.#decided.findLast((one) => one.thing === thing && one.group === group)
    if (last === undefined || nodes.some(({ isAside, ms }) => isAside || ms > last.ms - ON_ITS_WAY_MS)) return null
    return last
  }
}
