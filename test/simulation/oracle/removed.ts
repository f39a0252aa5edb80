/**
 * What may stand where a company was deleted in a system. Whoever refers to it refers to none there, and elsewhere still does; what
 * somebody chooses for it elsewhere can't come there. All else is asked: what people say of other companies may move no date and tell
 * nobody, so that it takes until the census.
 */
import type { Reshaping } from "../world/reshaping.ts"
import { type Entered, isBefore } from "./entered.ts"
import type { History } from "./history.ts"

/** The company that a system shows for a thing; "": none. */
interface Shown {
  readonly side: { readonly name: string }
  readonly value: string
}

export const mayDiffer = (
  { removed }: Pick<Reshaping, "removed">,
  history: Pick<History, "of">,
  thing: string,
  shown: ReadonlyArray<Shown>,
): boolean => {
  const said = history.of(thing, ["company"])
  const goneFrom = new Map([...removed].map(([company, sides]) => [company, new Set<string>(sides)]))
  const isGone = (company: string, { side }: Shown): boolean => goneFrom.get(company)?.has(side.name) === true
  /** None may be shown for any that is gone there. */
  const meant = (one: Shown): ReadonlyArray<string> => [
    one.value,
    ...(one.value === "" ? said.map(({ value }) => value).filter((value) => isGone(value, one)) : []),
  ]
  const of = (company: string): ReadonlyArray<Entered> => said.filter(({ value }) => value === company)
  /** Whether it has replaced what was said of that last: somebody may have said it again since. */
  const hasReplaced = (later: string, earlier: string): boolean => {
    const last = of(earlier).at(-1)
    return last !== undefined && of(later).some((one) => isBefore(last, one))
  }
  /** What the one means can't come where the other is, which says something else that did not know of it, or nothing. */
  const isKeptFrom = (one: Shown, other: Shown): boolean =>
    meant(one).some((company) => isGone(company, other) && !hasReplaced(other.value, company))
  const isAlike = (one: Shown, other: Shown): boolean =>
    meant(one).some((company) => meant(other).includes(company)) || isKeptFrom(one, other) || isKeptFrom(other, one)
  return shown.every((one) => shown.every((other) => isAlike(one, other)))
}
