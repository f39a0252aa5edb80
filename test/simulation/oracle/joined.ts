/** What operators made one, and parted again: the records of the one are duplicates of the other's, which nobody writes to. */

import type { Entered } from "./entered.ts"

/** How long a write may have been on its way, or an edit, when it was decided, ms. */
const SETTLING_MS = 15 * 60_000

interface Join {
  readonly into: string
  /** ms. */
  readonly since: number
  until: number | null
  /** Somebody says that it is none: from then on until there is an answer it may be one or not. */
  isDisputed: boolean
}

type Said = Pick<Entered, "isApp" | "isAside" | "sides" | "value">

/** What is said of the one too once the other is part of it: all that it lacks, and that there was nothing. */
export const filling = (
  mine: ReadonlyArray<Entered>,
  theirs: ReadonlyArray<Entered>,
  isSeen: (one: Entered) => boolean,
): ReadonlyArray<Said> => {
  // What was never said of it, where its systems have no such field or nobody has ever looked at it there, it lacks as well.
  const nothing = mine.some(isSeen) ? [] : [{ isApp: true, isAside: false, sides: new Set<string>(), value: "" }]
  if (nothing.length === 0 && !mine.some(({ value }) => value === "")) return []
  return [...nothing, ...theirs.map(({ isApp, sides, value }) => ({ isApp, isAside: true, sides, value }))]
}

export class Joined {
  readonly #joins = new Map<string, Join>()

  join(loser: string, into: string, now: number): void {
    this.#joins.set(loser, { into, since: now, until: null, isDisputed: false })
  }

  dispute(loser: string): void {
    const join = this.#joins.get(loser)
    if (join !== undefined) join.isDisputed = true
  }

  part(loser: string, now: number): void {
    const join = this.#joins.get(loser)
    if (join !== undefined) join.until = now
  }

  /** Whether what was entered then may have been on its way when it became a part. */
  isOnItsWay(thing: string, ms: number): boolean {
    const join = this.#joins.get(thing)
    return join !== undefined && ms > join.since - SETTLING_MS
  }

  /** Whether it is part of another. */
  isPart(thing: string): boolean {
    const join = this.#joins.get(thing)
    return join !== undefined && join.until === null
  }

  /** And everybody knows. */
  isSettled(thing: string, now: number): boolean {
    const join = this.#joins.get(thing)
    return join !== undefined && join.until === null && !join.isDisputed && now - join.since > SETTLING_MS
  }

  /** The company that is as good as this one to whoever refers to it, or was until a moment ago; null: there is none. */
  twinOf(company: string, now: number): string | null {
    for (const [loser, { into }] of this.#joins)
      if ((company === loser || company === into) && this.isUnclear(loser, now)) return company === loser ? into : loser
    return null
  }

  /** The one that it is part of, or itself. */
  whole(thing: string): string {
    const join = this.#joins.get(thing)
    return join === undefined || join.until !== null ? thing : join.into
  }

  /** Whether nobody can tell if what is entered of it is seen as its own, or as a duplicate's. */
  isUnclear(thing: string, now: number): boolean {
    const join = this.#joins.get(thing)
    return join !== undefined && (join.until === null || now - join.until < SETTLING_MS)
  }
}
