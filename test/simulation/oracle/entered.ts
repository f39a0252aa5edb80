/** A value that somebody entered, and how two of them stand to each other. */
import { type GroupName, strictFor } from "../world/things.ts"
import type { Ruling } from "./rulings.ts"

export interface Entered {
  readonly number: number
  /** Where it was entered: several, where it stood in them from the beginning. */
  readonly sides: Set<string>
  /**
   * Where a reference in a record became this one by a merge of what it refers to, or was meant for one that a merge had made
   * part of it: that system is the first to show it so.
   */
  readonly shownBy: Set<string>
  isApp: boolean
  value: string
  /** Order of the world's events; 0: it was there at the beginning. */
  readonly at: number
  /** From when on an answer shows it, in the same order. */
  shownFrom: number
  /** The world's time, ms. */
  readonly ms: number
  /** What it replaced: entered over it, or won against it. */
  readonly before: Set<Entered>
  /** What came while it was on its way to the engine: it is laid over that, and counts as later, if it is taken so. */
  readonly over: Set<Entered>
  /**
   * Overwritten between the engine's last read and its write, where the provider has no preconditions; or gone with its record
   * before it was read.
   */
  inGap: boolean
  /** The provider's history tells of it, so that it is found also where a write of the engine stood over it. */
  isTold: boolean
  /** What the engine wrote over it in that case, which may have won against it with nothing to write after that. */
  readonly covering: Set<Entered>
  /** It is none since the company was deleted there: nobody chose that, and the engine need not take it for a choice. */
  isLeftEmpty: boolean
  /** It may stand or not: of one of two that became one, or of a group whose mapping changed, which is then seen as if anew. */
  isAside: boolean
  /** And that because a provider made one of two: any of what was in either of them may stand. */
  isMerged: boolean
  /** Whether the engine has written it anywhere, and so has taken it; "perhaps": it, or another of the same value. */
  carried: "never" | "perhaps" | "surely"
}

/** What one that is entered has replaced, and over what it counts as later, if it is taken so. */
interface Replaced {
  readonly before: Iterable<Entered>
  readonly over: Iterable<Entered>
}

/** One that was entered just now, and has replaced what stood there `before`. */
export const entered = (
  number: number,
  ms: number,
  side: string,
  isApp: boolean,
  value: string,
  more: Pick<Entered, "at" | "isAside"> & Partial<Replaced>,
): Entered => {
  const { at, before = [], isAside, over = [] } = more
  return {
    number,
    sides: new Set([side]),
    shownBy: new Set(),
    isApp,
    value,
    at,
    shownFrom: at,
    ms,
    before: new Set(before),
    over: new Set(over),
    inGap: false,
    isTold: false,
    covering: new Set(),
    isLeftEmpty: false,
    isAside,
    isMerged: false,
    carried: "never",
  }
}

/**
 * What is replaced by one that is entered in that system over these, which are alike. What stands there has been entered there, or came:
 * one of them that was entered elsewhere and written nowhere may be on its way to the engine yet, and nobody here had seen that.
 */
export const replacing = (side: string, standing: ReadonlyArray<Entered>): Replaced => {
  const isHere = ({ at, carried, sides }: Entered): boolean => at === 0 || carried !== "never" || sides.has(side)
  const here = standing.filter(isHere)
  return here.length === 0
    ? { before: standing, over: [] }
    : { before: here, over: standing.filter((one) => !isHere(one)) }
}

/** The engine wrote a value somewhere: which of those that were entered with it nobody can tell. */
export const carry = (nodes: ReadonlyArray<Entered>): void => {
  for (const node of nodes) if (node.carried !== "surely") node.carried = nodes.length === 1 ? "surely" : "perhaps"
}

/** What is read at once. */
export type Part = "fields" | "references"
export const partOf = (group: GroupName): Part => (group === "company" ? "references" : "fields")

export interface Violation {
  readonly invariant: string
  readonly detail: string
}

/** How long a read may lie before the write that it protects: what was unread by then is an edit in the gap. */
export const GAP_MS = 60_000

export const normalised = (group: GroupName, value: string): string => {
  const text = value.normalize("NFC").trim()
  return group === "email" ? text.toLowerCase() : text
}

export const show = ({ number, sides, value }: Entered): string =>
  `#${number} "${value}" of ${[...sides].join(" and ")}`

/** The place of the best of the systems where it was entered. */
const placeIn = (authority: ReadonlyArray<string>, { sides }: Entered): number =>
  Math.min(authority.length, ...[...sides].map((side) => authority.indexOf(side)).filter((at) => at !== -1))

/** Why `node`, which did not know of `before`, may not be written over it; null: it may. `skewMs`: of clocks that are off. */
export const forbids = ({ authority, rule }: Ruling, node: Entered, before: Entered, skewMs: number): string | null => {
  if (rule === "asked") return "a person is to be asked about"
  if (rule === "newest") return node.ms + skewMs <= before.ms ? "is as new, or newer" : null
  const strict = strictFor(rule)
  if (strict !== null && before.sides.has(strict) !== node.sides.has(strict))
    return before.sides.has(strict) ? "is of the side that the rule is strict for" : null
  if (before.isApp !== node.isApp) return before.isApp === (rule === "app") ? "wins by the rule" : null
  return placeIn(authority, before) < placeIn(authority, node) ? "is of the system with more authority" : null
}

/** Whether `one` is, or was replaced on the way to, `other`; `surely`: also if no edit on its way was laid over it. */
export const isBefore = (one: Entered, other: Entered, surely = false): boolean => {
  const seen = new Set<Entered>()
  const left = [other]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (next === one) return true
    if (seen.has(next)) continue
    seen.add(next)
    left.push(...next.before, ...(surely ? [] : next.over))
  }
  return false
}
