/** Chance from a seed: every part of the world draws from a stream of its own, so that one does not move another's. */
import { createHash } from "node:crypto"

export interface Chance {
  /** In [0, 1). */
  readonly next: () => number
  /** A whole number from `least` to `most`, both possible. */
  readonly between: (least: number, most: number) => number
  readonly isLess: (rate: number) => boolean
  readonly pick: <A>(of: ReadonlyArray<A>) => A
  /** Another stream, which depends on this one's seed and the name alone. */
  readonly fork: (name: string) => Chance
}

/** sfc32 (https://pracrand.sourceforge.net/RNG_engines.txt): passes PractRand, and needs four additions. */
export const makeChance = (seed: string): Chance => {
  const digest = createHash("sha256").update(seed).digest()
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => digest.readInt32LE(at)) as [number, number, number, number]
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return (sum >>> 0) / 4_294_967_296
  }
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    between,
    isLess: (rate) => rate > 0 && next() < rate,
    pick: (of) => of[Math.floor(next() * of.length)]!,
    fork: (name) => makeChance(`${seed}/${name}`),
  }
}
