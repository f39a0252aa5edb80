/** How large a data set is to be, and how it is spread over the systems. */
import { apportion } from "./random.ts"

export const SYSTEMS = ["hubspot", "odoo", "app"] as const
export type System = (typeof SYSTEMS)[number]

export interface Sizes {
  /** Real people, whose records may be more. */
  readonly contacts: number
  /** How many of them are in more than one system. */
  readonly shared: number
  readonly companies: number
  /** Real deals, whose records are as many more as were entered twice. */
  readonly deals: number
  /** How many of them were entered in HubSpot and in Odoo. */
  readonly dealsTwice: number
  readonly activities: number
  readonly seed: number
  /** ms since 1970: everything in the seeds was last changed before. */
  readonly before: number
}

export const DEMO: Sizes = {
  contacts: 2000,
  shared: 600,
  companies: 300,
  deals: 400,
  dealsTwice: 60,
  activities: 800,
  seed: 1,
  before: Date.UTC(2026, 5, 1),
}

/** Which systems each of `total` things is in: whole numbers in these proportions, in this order. */
export const spread = (
  total: number,
  shares: ReadonlyArray<readonly [systems: ReadonlyArray<System>, share: number]>,
): ReadonlyArray<ReadonlyArray<System>> => {
  const counts = apportion(
    total,
    shares.map(([, share]) => share),
  )
  return shares.flatMap(([systems], at) => Array.from({ length: counts[at] ?? 0 }, () => systems))
}

export const checked = (sizes: Sizes): Sizes => {
  const wrong =
    (sizes.shared > sizes.contacts && "more shared contacts than contacts") ||
    (sizes.companies < 10 && "fewer than 10 companies") ||
    (sizes.dealsTwice > sizes.deals && "more deals entered twice than deals") ||
    (Object.values(sizes).some((size) => !Number.isSafeInteger(size) || size < 0) && "a size that is no whole number")
  if (wrong !== false) throw new Error(`no such data set: ${wrong}`)
  return sizes
}
