/** What of a thing the mapping of a side has: people change it, and from some moment on after that the engine goes by it. */
import type { GroupName, Kind } from "../world/things.ts"

/** Read and written there; only read; neither. */
export type Way = "both" | "in" | "off"

/** How long it may take until a change has reached all that work by it: a process is away for ten minutes at most. */
const SETTLING_MS = 15 * 60_000

interface Place {
  readonly way: Way
  /** ms since 1970; null: as it was at the beginning. */
  readonly since: number | null
}

const BEGINNING: Place = { way: "both", since: null }

export class Mapped {
  readonly #places = new Map<string, Place>()

  #of(side: string, kind: Kind, group: GroupName): Place {
    return this.#places.get(`${side}|${kind}|${group}`) ?? BEGINNING
  }

  set(side: string, kind: Kind, group: GroupName, way: Way, since: number | null): void {
    this.#places.set(`${side}|${kind}|${group}`, { way, since })
  }

  way(side: string, kind: Kind, group: GroupName): Way {
    return this.#of(side, kind, group).way
  }

  /** Whether the engine had ever looked at it before it went out of sight. */
  wasSeen(side: string, kind: Kind, group: GroupName): boolean {
    const { since, way } = this.#of(side, kind, group)
    return way !== "off" || since !== null
  }

  /** In any of these. */
  wasSeenAt(sides: ReadonlySet<string>, kind: Kind, group: GroupName): boolean {
    return [...sides].some((side) => this.wasSeen(side, kind, group))
  }

  /** Whether it was in sight from the beginning, and is mapped as it was then. */
  isFromBeginning(side: string, kind: Kind, group: GroupName): boolean {
    const { since, way } = this.#of(side, kind, group)
    return since === null && way !== "off"
  }

  isSettling(side: string, kind: Kind, group: GroupName, now: number): boolean {
    const { since } = this.#of(side, kind, group)
    return since !== null && now - since < SETTLING_MS
  }
}
