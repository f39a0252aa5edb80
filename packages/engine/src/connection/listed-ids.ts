/**
 * Ids of a complete list, of which there may be millions. One that is a whole number, as most systems have them, takes 11 to 21 bytes
 * (in a set of texts some ninety); any other is kept as the text that it is. What is known of them is told one after the other.
 */

/** What a double holds exactly, and gives back as the same text. */
const NUMBER = /^[1-9]\d{0,14}$/
/** Each grows by itself, so that no growth moves more than a few thousand ids at once. */
const SEGMENTS = 256
const FIRST_PLACES = 16
const FULL = 0.75

const mixed = (number: number): number => {
  const low = number >>> 0
  const high = Math.floor(number / 4_294_967_296) >>> 0
  const h = Math.imul(low ^ Math.imul(high, 0x9e37_79b1), 0x85eb_ca6b)
  const i = Math.imul(h ^ (h >>> 15), 0xc2b2_ae35)
  return (i ^ (i >>> 13)) >>> 0
}

/** Open addressing; 0 is a free place, and a number below 0 one that was told. */
class Segment {
  #places = new Float64Array(FIRST_PLACES)
  #count = 0

  placeOf(number: number, hash: number): number {
    const mask = this.#places.length - 1
    let at = hash & mask
    for (let there = this.#places[at]!; there !== 0 && Math.abs(there) !== number; there = this.#places[at]!)
      at = (at + 1) & mask
    return at
  }

  has(number: number, hash: number): boolean {
    return this.#places[this.placeOf(number, hash)] !== 0
  }

  add(number: number, hash: number): void {
    const at = this.placeOf(number, hash)
    if (this.#places[at] !== 0) return
    this.#places[at] = number
    this.#count += 1
    if (this.#count > this.#places.length * FULL) this.#grow()
  }

  tell(number: number, hash: number): void {
    const at = this.placeOf(number, hash)
    if (this.#places[at] !== 0) this.#places[at] = -number
  }

  get untold(): Float64Array {
    return this.#places.filter((number) => number > 0)
  }

  #grow(): void {
    const before = this.#places
    this.#places = new Float64Array(before.length * 2)
    for (const there of before)
      if (there !== 0) this.#places[this.placeOf(Math.abs(there), mixed(Math.abs(there)) >>> 8)] = there
  }
}

export class ListedIds {
  #segments: Array<Segment | undefined> = []
  /** Whether each was told. */
  readonly #texts = new Map<string, boolean>()

  add(id: string): void {
    if (!NUMBER.test(id)) {
      if (!this.#texts.has(id)) this.#texts.set(id, false)
      return
    }
    const hash = mixed(Number(id))
    ;(this.#segments[hash % SEGMENTS] ??= new Segment()).add(Number(id), hash >>> 8)
  }

  has(id: string): boolean {
    if (!NUMBER.test(id)) return this.#texts.has(id)
    const hash = mixed(Number(id))
    return this.#segments[hash % SEGMENTS]?.has(Number(id), hash >>> 8) ?? false
  }

  /** Says that it is known, which leaves it in the list. */
  tell(id: string): void {
    if (!NUMBER.test(id)) {
      if (this.#texts.has(id)) this.#texts.set(id, true)
      return
    }
    const hash = mixed(Number(id))
    this.#segments[hash % SEGMENTS]?.tell(Number(id), hash >>> 8)
  }

  /** Those that were not told: numbers first, the smallest first, then the others in the order of the list. */
  get untold(): ReadonlyArray<string> {
    const numbers = this.#segments.flatMap((segment) => (segment === undefined ? [] : [...segment.untold]))
    const texts = [...this.#texts].flatMap(([id, isTold]) => (isTold ? [] : [id]))
    return [...numbers.toSorted((a, b) => a - b).map(String), ...texts]
  }

  clear(): void {
    this.#segments = []
    this.#texts.clear()
  }
}
