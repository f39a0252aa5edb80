/** Contacts of one system without end, made one at a time: what a first sync of 100,000 is fed with. */
import { type HubspotRecord, contact } from "./hubspot-seed.ts"
import { datetime, nameOf, type OdooRow } from "./odoo-seed.ts"
import { moments } from "./moments.ts"
import { inventPerson } from "./people.ts"
import { type Dice, dice } from "./random.ts"
import { DEMO, type Sizes } from "./sizes.ts"
import { writtenPhone } from "./spelling.ts"
import type { HeldPerson } from "./things.ts"

export interface StreamOptions {
  readonly count: number
  readonly seed?: number
  /** ms since 1970. */
  readonly before?: number
}

/** Addresses are made unique by the number of the person, so nothing has to be remembered. */
const held = (die: Dice, index: number, system: "hubspot" | "odoo", sizes: Sizes): HeldPerson => {
  const person = inventPerson(die, index, { company: null, systems: [system], taken: new Set() })
  return {
    system,
    label: person.label,
    first: person.first,
    last: person.last,
    email: person.email.replace("@", `.${index}@`),
    otherEmails: [],
    phone: writtenPhone(die, person.phone),
    mobile: null,
    title: person.title,
    company: null,
    place: person.place,
    street: person.street,
    seller: person.seller,
    ...moments(die, sizes),
  }
}

function* people(system: "hubspot" | "odoo", { count, seed, before }: StreamOptions): Generator<HeldPerson> {
  const sizes: Sizes = { ...DEMO, seed: seed ?? DEMO.seed, before: before ?? DEMO.before }
  const die = dice(sizes.seed).fork(`stream of ${system}`)
  for (let index = 1; index <= count; index += 1) yield held(die, index, system, sizes)
}

/** Records of `contacts`, ids ascending. */
export function* hubspotContacts(options: StreamOptions): Generator<HubspotRecord> {
  let id = 100_001
  for (const person of people("hubspot", options)) {
    yield { id: String(id), properties: contact(person), createdAt: person.createdAt, updatedAt: person.changedAt }
    id += 1
  }
}

/** Rows of `res.partner`, ids ascending. */
export function* odooContacts(options: StreamOptions): Generator<OdooRow> {
  let id = 1_001
  for (const person of people("odoo", options)) {
    yield {
      id,
      name: nameOf(person),
      is_company: false,
      email: person.email ?? false,
      phone: person.phone ?? false,
      function: person.title ?? false,
      write_date: datetime(person.changedAt),
    }
    id += 1
  }
}

/** In pages, as a seeding request carries them. */
export function* pages<A>(all: Iterable<A>, size: number): Generator<ReadonlyArray<A>> {
  let page: Array<A> = []
  for (const one of all) {
    page.push(one)
    if (page.length < size) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}
