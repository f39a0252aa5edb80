/** The world as the product itself holds it: canonical objects, with its own ids in the references. */
import { numbering } from "./numbering.ts"
import { STAGES } from "./stages.ts"
import type { HeldActivity, HeldCompany, HeldDeal, HeldPerson, World } from "./things.ts"
import type { RealThing } from "./truth.ts"

export type AppValues = Readonly<Record<string, string | number | boolean | null | ReadonlyArray<string>>>

/** The body of the sandbox's `seed`; each object only refers to those before it. */
export type AppSeed = Readonly<
  Record<RealThing["type"], ReadonlyArray<{ readonly id: string; readonly values: AppValues }>>
>

export const instant = (ms: number): string => new Date(ms).toISOString()

const address = (held: HeldCompany | HeldPerson): AppValues => ({
  street: held.street,
  city: held.place.city,
  zip: held.place.zip,
  country: held.place.country,
})

const company = (held: HeldCompany): AppValues => ({
  name: held.name,
  domain: held.domain,
  phone: held.phone,
  vat: held.vat,
  ...address(held),
  owner: held.seller.email,
})

const contact = (held: HeldPerson, employer: string | null): AppValues => ({
  email: held.email,
  otherEmails: held.otherEmails,
  phone: held.phone,
  mobile: held.mobile,
  firstName: held.first,
  lastName: held.last,
  title: held.title,
  ...address(held),
  company: employer,
  owner: held.seller.email,
})

const deal = (held: HeldDeal, customer: string, people: ReadonlyArray<string>): AppValues => ({
  title: held.title,
  amount: held.amount,
  currency: held.currency,
  pipeline: "default",
  ...STAGES[held.step].app,
  lostReason: held.lostReason,
  closeDate: held.closeDate,
  contacts: people,
  company: customer,
  owner: held.seller.email,
})

const activity = (held: HeldActivity, person: string, deals: ReadonlyArray<string>): AppValues => ({
  kind: held.kind,
  subject: held.kind === "note" ? null : held.subject,
  body: held.body,
  time: instant(held.time),
  duration: held.duration,
  direction: held.direction,
  done: held.done,
  contacts: [person],
  deals,
  owner: held.seller.email,
})

export const appSeed = (
  world: World,
): { readonly seed: AppSeed; readonly truth: Readonly<Record<string, RealThing>> } => {
  const here = <A extends { readonly system: string }>(held: ReadonlyArray<A>): ReadonlyArray<A> =>
    held.filter(({ system }) => system === "app")
  const known = numbering("app")
  const seed: Record<RealThing["type"], Array<{ id: string; values: AppValues }>> = {
    company: [],
    contact: [],
    deal: [],
    activity: [],
  }
  const add = (object: RealThing["type"], label: string, values: AppValues): void => {
    const rows = seed[object]
    rows.push({ id: known.assign(object, object, label, `${object}-${rows.length + 1}`), values })
  }
  for (const held of here(world.companies)) add("company", held.label, company(held))
  for (const held of here(world.people)) {
    add("contact", held.label, contact(held, held.company === null ? null : known.idOf(held.company)))
  }
  for (const held of here(world.deals)) {
    const people = held.person === null ? [] : [known.idOf(held.person)]
    add("deal", held.label, deal(held, known.idOf(held.company), people))
  }
  for (const held of here(world.activities)) {
    const deals = held.deal === null ? [] : [known.idOf(held.deal)]
    add("activity", held.label, activity(held, known.idOf(held.person), deals))
  }
  return { seed, truth: known.records() }
}
