/** Seeded chance: the same seed gives the same data on every machine, and each part draws from a stream of its own. */

export interface Dice {
  /** In [0, 1). */
  readonly next: () => number
  /** Both ends included. */
  readonly int: (least: number, most: number) => number
  readonly chance: (share: number) => boolean
  readonly pick: <A>(list: ReadonlyArray<A>) => A
  readonly shuffled: <A>(list: ReadonlyArray<A>) => ReadonlyArray<A>
  /** A stream that does not depend on how much was drawn from this one: adding a part leaves the others as they are. */
  readonly fork: (name: string) => Dice
}

/** FNV-1a, 32 bits: spreads the name of a part over the seed. */
const hash = (text: string): number => {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
  return value >>> 0
}

/** mulberry32, by Tommy Ettinger: 32 bits of state, good enough to spread invented data. */
const mulberry32 = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export const dice = (seed: number): Dice => {
  const next = mulberry32(seed)
  const int = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    int,
    chance: (share) => next() < share,
    pick: (list) => {
      const picked = list[int(0, list.length - 1)]
      if (picked === undefined) throw new Error("nothing to pick from")
      return picked
    },
    shuffled: (list) => {
      const all = [...list]
      for (let at = all.length - 1; at > 0; at -= 1) {
        const other = int(0, at)
        const moved = all[at]
        const taken = all[other]
        if (moved !== undefined && taken !== undefined) {
          all[at] = taken
          all[other] = moved
        }
      }
      return all
    },
    fork: (name) => dice(hash(`${seed}/${name}`)),
  }
}

/** Splits `total` into whole parts in these proportions; what rounding leaves over goes to the first. */
export const apportion = (total: number, shares: ReadonlyArray<number>): ReadonlyArray<number> => {
  const sum = shares.reduce((a, b) => a + b, 0)
  const parts = shares.map((share) => Math.floor((total * share) / sum))
  const left = total - parts.reduce((a, b) => a + b, 0)
  return parts.map((part, at) => (at === 0 ? part + left : part))
}
