/** What operators made one, and parted again: the records of the one are duplicates of the other's, which nobody writes to. */

/** How long a write may have been on its way, or an edit, when it was decided, ms. */
const SETTLING_MS = 15 * 60_000

interface Join {
  readonly into: string
  /** ms. */
  readonly since: number
  until: number | null
}

export class Joined {
  readonly #joins = new Map<string, Join>()

  join(loser: string, into: string, now: number): void {
    this.#joins.set(loser, { into, since: now, until: null })
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
    return join !== undefined && join.until === null && now - join.since > SETTLING_MS
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
