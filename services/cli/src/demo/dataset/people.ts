/** Invents people, and among them the pairs that nobody could tell apart from the records alone. */
import type { Dice } from "./random.ts"
import { type Sizes, spread } from "./sizes.ts"
import { landline, mobile, slug } from "./spelling.ts"
import type { Ambiguity, Company, Label, Person } from "./things.ts"
import { FAMILY_NAMES, FIRST_NAMES, PLACES, PRIVATE_MAIL, SELLERS, STREETS, TITLES } from "./vocabulary.ts"

export interface People {
  readonly people: ReadonlyArray<Person>
  readonly ambiguous: Readonly<Record<Label, Ambiguity>>
  /** Of these, Odoo knows no more than the family name and the number, which the other person has too. */
  readonly halfKnown: ReadonlyMap<Label, Label>
}

/** One person; `index` makes the number and, from the second of a name on, the address unique. */
export const inventPerson = (
  dice: Dice,
  index: number,
  where: { readonly company: Company | null; readonly systems: Person["systems"]; readonly taken: Set<string> },
): Person => {
  const first = dice.pick(FIRST_NAMES)
  const last = dice.pick(FAMILY_NAMES)
  const place = where.company?.place ?? dice.pick(PLACES)
  const host = where.company === null ? dice.pick(PRIVATE_MAIL) : `${slug(where.company.stem)}.example`
  const local = `${slug(first)}.${slug(last)}`
  const plain = `${local}@${host}`
  const email = where.taken.has(plain) ? `${local}.${index}@${host}` : plain
  where.taken.add(email)
  return {
    label: `person:${index}`,
    first,
    last,
    email,
    privateEmail: `${local}.${index}@${dice.pick(PRIVATE_MAIL)}`,
    phone: landline(place, index),
    mobile: dice.chance(0.5) ? mobile(place, index) : null,
    title: dice.pick(TITLES),
    company: where.company,
    place,
    street: `${dice.pick(STREETS)} ${dice.int(1, 120)}`,
    seller: dice.pick(SELLERS),
    systems: where.systems,
  }
}

/** How often each letter is there. */
const letters = (name: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const letter of slug(name)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
  return counts
}

/** Names that nobody takes for two spellings of one: at least three letters of the one are not in the other. */
export const areUnlike = (a: string, b: string): boolean => {
  const [left, right] = [letters(a), letters(b)]
  const surplus = (of: ReadonlyMap<string, number>, over: ReadonlyMap<string, number>): number =>
    [...of].reduce((sum, [letter, count]) => sum + Math.max(0, count - (over.get(letter) ?? 0)), 0)
  return Math.max(surplus(left, right), surplus(right, left)) >= 3 && slug(a).charAt(0) !== slug(b).charAt(0)
}

/** Colleague or successor: who has had the address before is still in HubSpot, who has it now is in Odoo. */
const heirs = (dice: Dice, people: Array<Person>, wanted: number): ReadonlyArray<Label> => {
  const alone = (system: string) => (person: Person) => person.systems.length === 1 && person.systems[0] === system
  const before = dice.shuffled(people.filter(alone("hubspot"))).slice(0, wanted)
  const after = dice.shuffled(people.filter(alone("odoo"))).slice(0, wanted)
  return before.flatMap((person, at) => {
    const heir = after[at]
    if (heir === undefined) return []
    const different = (names: ReadonlyArray<string>) =>
      dice.pick(names.filter((other) => areUnlike(other, person.first) && areUnlike(other, person.last)))
    people[people.indexOf(heir)] = {
      ...heir,
      first: different(FIRST_NAMES),
      last: different(FAMILY_NAMES),
      email: person.email,
    }
    return [person.label, heir.label]
  })
}

/** Two of one family at one number, both in HubSpot; Odoo has one of them, without first name and address. */
const families = (dice: Dice, people: Array<Person>, wanted: number, spoken: ReadonlyArray<Label>) => {
  const free = dice.shuffled(people.filter((person) => !spoken.includes(person.label)))
  const known = free.filter(
    ({ systems }) => systems.length === 2 && systems.includes("hubspot") && systems.includes("odoo"),
  )
  const others = free.filter(({ systems }) => systems.length === 1 && systems[0] === "hubspot")
  return known.slice(0, wanted).flatMap((person, at) => {
    const other = others[at]
    if (other === undefined) return []
    const first = dice.pick(FIRST_NAMES.filter((name) => areUnlike(name, person.first)))
    people[people.indexOf(other)] = { ...other, first, last: person.last, phone: person.phone, place: person.place }
    return [{ half: person.label, other: other.label }]
  })
}

export const inventPeople = (dice: Dice, sizes: Sizes, companies: ReadonlyArray<Company>): People => {
  const systems = dice.shuffled([
    ...spread(sizes.shared, [
      [["hubspot", "odoo"], 65],
      [["hubspot", "app"], 18],
      [["odoo", "app"], 9],
      [["hubspot", "odoo", "app"], 8],
    ]),
    ...spread(sizes.contacts - sizes.shared, [
      [["hubspot"], 43],
      [["odoo"], 36],
      [["app"], 21],
    ]),
  ])
  const taken = new Set<string>()
  const people: Array<Person> = systems.map((within, at) => {
    const fitting = companies.filter((company) => within.some((system) => company.systems.includes(system)))
    const company = fitting.length > 0 && dice.chance(0.85) ? dice.pick(fitting) : null
    return inventPerson(dice, at + 1, { company, systems: within, taken })
  })
  const wanted = Math.ceil(sizes.contacts / 200)
  const inherited = heirs(dice.fork("heirs"), people, wanted)
  const related = families(dice.fork("families"), people, wanted, inherited)
  return {
    people,
    ambiguous: Object.fromEntries([
      ...inherited.map((label) => [label, "contradictingName"] as const),
      ...related.flatMap(({ half, other }) => [[half, "twoCandidates"] as const, [other, "twoCandidates"] as const]),
    ]),
    halfKnown: new Map(related.map(({ half, other }) => [half, other])),
  }
}
