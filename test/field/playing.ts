/** One story, played to its end: what throws is told as its result. */
import { castOf } from "./registry.ts"
import type { Result } from "./scene.ts"

export interface Asked {
  readonly title: string
  /** Its smaller form. */
  readonly isSmall: boolean
}

export type Played = { readonly title: string } & ({ readonly result: Result } | { readonly thrown: string })

export const playing = async ({ isSmall, title }: Asked): Promise<Played> => {
  const cast = castOf(title).find((one) => one.title === title)
  if (cast === undefined) return { title, thrown: `there is no scenario ${title}` }
  const { crm, scenario } = cast
  try {
    return { title, result: await scenario.play({ crm, title, count: (full, small) => (isSmall ? small : full) }) }
  } catch (error) {
    return { title, thrown: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}
