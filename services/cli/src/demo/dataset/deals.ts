/** Invents deals: most in one system, some entered in HubSpot and in Odoo by two people who did not know of each other. */
import { moments } from "./moments.ts"
import type { Dice } from "./random.ts"
import { type Sizes, spread, type System } from "./sizes.ts"
import {
  type Ambiguity,
  type HeldCompany,
  type HeldDeal,
  type HeldPerson,
  type Label,
  STEPS,
  type Step,
} from "./things.ts"
import { DEAL_SUBJECTS, LOST_REASONS, SELLERS } from "./vocabulary.ts"

const DAY = 86_400_000

/** What every system has a stage for. */
const SHARED_STEPS: ReadonlyArray<Step> = STEPS.slice(0, 3)

const stepOf = (dice: Dice, system: System): Step => {
  const die = dice.next()
  if (die < 0.2) return die < 0.12 ? "won" : "lost"
  return system === "odoo" || die < 0.85 ? dice.pick(SHARED_STEPS) : "negotiation"
}

/** Companies with a name there, and who works for each. */
const customersIn = (system: System, companies: ReadonlyArray<HeldCompany>, people: ReadonlyArray<HeldPerson>) => {
  const staff = new Map<Label, Array<HeldPerson>>()
  for (const person of people) {
    if (person.system !== system || person.company === null) continue
    const known = staff.get(person.company) ?? []
    known.push(person)
    staff.set(person.company, known)
  }
  return companies
    .filter((company) => company.system === system)
    .map((company) => ({ company, staff: staff.get(company.label) ?? [] }))
}

/** A slip of the pen: a few per cent, never so much that it could be another deal. */
const nearly = (dice: Dice, amount: number): number =>
  dice.chance(0.6) ? amount : Math.round(amount * (1 + dice.pick([-0.03, -0.01, 0.01, 0.02]))) + dice.int(1, 99)

export const writeDeals = (
  dice: Dice,
  sizes: Sizes,
  companies: ReadonlyArray<HeldCompany>,
  people: ReadonlyArray<HeldPerson>,
): { readonly deals: ReadonlyArray<HeldDeal>; readonly ambiguous: Readonly<Record<Label, Ambiguity>> } => {
  const customers = {
    hubspot: customersIn("hubspot", companies, people),
    odoo: customersIn("odoo", companies, people),
    app: customersIn("app", companies, people),
  }
  const inOdoo = new Set(customers.odoo.map(({ company }) => company.label))
  const inBoth = customers.hubspot.filter(({ company }) => inOdoo.has(company.label))
  const systems: ReadonlyArray<ReadonlyArray<System>> = [
    ...spread(sizes.dealsTwice, [[["hubspot", "odoo"], 1]]),
    ...spread(sizes.deals - sizes.dealsTwice, [
      [["hubspot"], 50],
      [["odoo"], 36],
      [["app"], 14],
    ]),
  ]
  const ambiguous: Record<Label, Ambiguity> = {}
  const deals = systems.flatMap((within, index): ReadonlyArray<HeldDeal> => {
    const label = `deal:${index + 1}`
    const [home] = within
    if (home === undefined) return []
    const { company, staff } = dice.pick(within.length > 1 ? inBoth : customers[home])
    const twice = within.length > 1
    if (twice) ambiguous[label] = "enteredTwice"
    const step = twice ? dice.pick(SHARED_STEPS) : stepOf(dice, home)
    const deal: HeldDeal = {
      system: home,
      label,
      title: `${company.name}: ${dice.pick(DEAL_SUBJECTS)} ${index + 1}`,
      amount: dice.int(5, 2_000) * 10_000 + (dice.chance(0.2) ? dice.int(1, 99) : 0),
      // Odoo keeps amounts in the currency of its company alone.
      currency: home === "hubspot" && !twice && dice.chance(0.05) ? "CHF" : "EUR",
      step,
      lostReason: step === "lost" ? dice.pick(LOST_REASONS) : null,
      closeDate: new Date(sizes.before + dice.int(-120, 180) * DAY).toISOString().slice(0, 10),
      company: company.label,
      person: staff.length > 0 && dice.chance(0.7) ? dice.pick(staff).label : null,
      seller: dice.pick(SELLERS),
      ...moments(dice, sizes),
    }
    if (!twice) return [deal]
    // Entered under the company alone there, with the same title and day.
    const twin = { system: "odoo" as const, amount: nearly(dice, deal.amount), person: null }
    return [deal, { ...deal, ...moments(dice, sizes), ...twin }]
  })
  return { deals, ambiguous }
}
