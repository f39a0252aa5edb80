/** A seeded script of what people do in all three systems once they are connected. */
import type { Dataset } from "./dataset.ts"
import type { At, Edit } from "./edit.ts"
import {
  archivedPerson,
  companyPhone,
  contestedTitle,
  mergedPerson,
  newEmployer,
  newPerson,
  personEdit,
} from "./edit-people.ts"
import { closedDeal, doneActivity, newActivity, newAmount, newDeal, newStage } from "./edit-sales.ts"
import { type Dice, dice } from "./random.ts"
import { SYSTEMS, type System } from "./sizes.ts"
import type { HeldActivity, HeldCompany, HeldDeal, HeldPerson, Label } from "./things.ts"

/** What the edits choose from. Things that nobody could tell apart stay as they are: they wait for an answer. */
export interface Workplace {
  readonly dice: Dice
  readonly before: number
  readonly people: ReadonlyArray<HeldPerson>
  readonly companies: ReadonlyArray<HeldCompany>
  readonly deals: ReadonlyArray<HeldDeal>
  readonly activities: ReadonlyArray<HeldActivity>
  readonly at: (system: System, label: Label) => At
  /** A number that no other edit has. */
  readonly next: () => number
  /** Labels that are spoken for: archived, merged, closed, or needed by others. */
  readonly busy: Set<Label>
  /** People who were archived or merged: nobody edits them any more. */
  readonly gone: Set<Label>
}

const workplace = (dataset: Dataset, seed: number): Workplace => {
  const { world, truth, sizes } = dataset
  const places = new Map<string, At>()
  for (const [key, { label }] of Object.entries(truth.records)) {
    const [system = "", object = "", id = ""] = key.split("|")
    places.set(`${system} ${label}`, { object, id })
  }
  const clear = <A extends { readonly label: Label }>(all: ReadonlyArray<A>): ReadonlyArray<A> =>
    all.filter(({ label }) => truth.ambiguous[label] === undefined)
  let number = 0
  return {
    dice: dice(seed).fork("edits"),
    before: sizes.before,
    people: clear(world.people),
    companies: world.companies,
    deals: clear(world.deals),
    activities: world.activities,
    at: (system, label) => {
      const at = places.get(`${system} ${label}`)
      if (at === undefined) throw new Error(`${system} has no record of ${label}`)
      return at
    },
    next: () => (number += 1),
    busy: new Set([
      ...world.deals.flatMap(({ person }) => (person === null ? [] : [person])),
      ...world.activities.map(({ person }) => person),
    ]),
    gone: new Set(),
  }
}

/** Each is made in turn, and makes none where there is nothing left to do it to. */
const KINDS: ReadonlyArray<(work: Workplace) => ReadonlyArray<Edit>> = [
  (work) => personEdit(work, "phone"),
  (work) => personEdit(work, "title"),
  newStage,
  (work) => newPerson(work, work.dice.pick(SYSTEMS)),
  newAmount,
  (work) => personEdit(work, "phone"),
  (work) => doneActivity(work, "odoo"),
  (work) => personEdit(work, "email"),
  contestedTitle,
  companyPhone,
  (work) => newDeal(work, work.dice.pick(["hubspot", "odoo"] as const)),
  (work) => personEdit(work, "title"),
  (work) => doneActivity(work, work.dice.pick(["hubspot", "app"] as const)),
  (work) => closedDeal(work, "odoo"),
  newEmployer,
  (work) => newActivity(work, work.dice.pick(["hubspot", "app"] as const)),
  (work) => personEdit(work, "phone"),
  (work) => closedDeal(work, "hubspot"),
  (work) => archivedPerson(work, work.dice.pick(SYSTEMS)),
  mergedPerson,
]

/**
 * At least `count` edits (pairs that belong together are not cut), in the order in which they are to be made. The same
 * data set, count and seed give the same script; ids of new records come from the answers (`afterwards`).
 */
export const makeEdits = (
  dataset: Dataset,
  options: { readonly count: number; readonly seed?: number },
): ReadonlyArray<Edit> => {
  const work = workplace(dataset, options.seed ?? dataset.sizes.seed)
  const edits: Array<Edit> = []
  for (let turn = 0; edits.length < options.count && turn < options.count * KINDS.length; turn += 1) {
    edits.push(...(KINDS[turn % KINDS.length]?.(work) ?? []))
  }
  return edits
}
