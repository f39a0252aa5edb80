/**
 * A tenant that has more facts than the window is to hold of one: the window passes them over, and they are read once more,
 * of this tenant alone, some at a time.
 */
import type { Behind, Place } from "../ports/State.ts"

export class Lane {
  readonly #tenant: string
  /** The last fact that was read of the tenant: here it is read on. */
  #after: string
  /** The last fact that the window left out. */
  #end: string
  #isRead = false
  /** What a checkpoint is to tell; null: none of the tenant's facts before it is undecided. */
  #behind: Behind | null = null

  constructor(tenant: string, after: string, end: string) {
    this.#tenant = tenant
    this.#after = after
    this.#end = end
  }

  /** As a checkpoint tells of it. */
  static resumed(behind: Behind): Lane {
    const lane = new Lane(behind.tenant, behind.position, behind.until)
    lane.#behind = behind
    return lane
  }

  /** After which fact the tenant is read on; null: all that was left out is read. */
  get after(): string | null {
    return this.#isRead ? null : this.#after
  }

  get behind(): Behind | null {
    return this.#behind
  }

  /** The window leaves out one more. */
  leave(position: string): void {
    this.#end = position
  }

  /** The window leaves out what it held beyond `after`, up to `end`. */
  leaveAgain(after: string, end: string): void {
    this.#after = after
    this.#end = end
    this.#isRead = false
  }

  /** A fact of the tenant's was read. */
  read(position: string): void {
    this.#after = position
    this.#isRead = position === this.#end
  }

  /** The checkpoint goes past an undecided fact. `place`: of the last fact up to which all of the tenant's are decided. */
  passed(until: string, { eventId, position }: Pick<Place, "position" | "eventId">): void {
    this.#behind =
      this.#behind === null ? { tenant: this.#tenant, position, eventId, until } : { ...this.#behind, until }
  }

  /** A fact before the checkpoint is decided. */
  decidedBehind(place: Place): void {
    if (this.#behind !== null)
      this.#behind = place.position === this.#behind.until ? null : { ...this.#behind, ...place }
  }

  /** Whether the tenant is one like all others once this fact is decided. */
  endsWith(position: string): boolean {
    return this.#isRead && position === this.#end
  }
}
