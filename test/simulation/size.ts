/** How large a world is. Most are small, as those of property tests are: cheap, quick to read, and rarely less telling. */
import { type Chance, makeChance } from "./random.ts"

export const SIZES = ["small", "medium", "large"] as const

export type Size = (typeof SIZES)[number]

type Range = readonly [least: number, most: number]

/** How much there is in one tenant, least and most. */
export interface Extent {
  /** Systems, the app among them. */
  readonly systems: number
  readonly people: Range
  /** What people do. */
  readonly deeds: Range
  /** Minutes in which they do it. */
  readonly minutes: Range
  /** At most so many of each of what people work for, and with. */
  readonly companies: number
  readonly others: number
}

export interface Extents {
  readonly own: Extent
  /** Of other tenants, of which there are `tenants` in a share of the runs. */
  readonly beside: Extent
  readonly tenants: { readonly rate: number; readonly most: number }
  readonly crashes: number
}

const MEDIUM: Extent = {
  systems: 3,
  people: [2, 8],
  deeds: [4, 40],
  minutes: [20, 180],
  companies: 4,
  others: 3,
}
const BESIDE: Extent = { ...MEDIUM, people: [2, 4], deeds: [3, 8] }

export const EXTENTS: Readonly<Record<Size, Extents>> = {
  small: {
    own: { systems: 2, people: [1, 3], deeds: [2, 12], minutes: [2, 30], companies: 2, others: 2 },
    beside: BESIDE,
    tenants: { rate: 0, most: 0 },
    crashes: 2,
  },
  medium: { own: MEDIUM, beside: BESIDE, tenants: { rate: 0.25, most: 2 }, crashes: 6 },
  large: {
    own: { systems: 3, people: [8, 30], deeds: [40, 150], minutes: [60, 480], companies: 10, others: 8 },
    beside: MEDIUM,
    tenants: { rate: 0.7, most: 2 },
    crashes: 12,
  },
}

/** Drawn from the seed: of a hundred seeds 80 are small, 18 medium and two large. */
export const sizeOf = (seed: number): Size => {
  const chance: Chance = makeChance(`concordat ${seed}/size`)
  const draw = chance.next()
  return draw < 0.8 ? "small" : draw < 0.98 ? "medium" : "large"
}
