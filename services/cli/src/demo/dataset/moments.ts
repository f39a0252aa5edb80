/** When a record was made and last changed, before the systems were connected. */
import type { Dice } from "./random.ts"
import type { Sizes } from "./sizes.ts"

const DAY = 86_400_000

/** Whole seconds: not every system keeps more. */
export const moments = (dice: Dice, sizes: Sizes): { readonly createdAt: number; readonly changedAt: number } => {
  const changedAt = sizes.before - dice.int(60, 400 * 86_400) * 1000
  return { createdAt: changedAt - dice.int(0, 300) * DAY, changedAt }
}
