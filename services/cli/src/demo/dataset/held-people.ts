/** Writes people down as each system has them: other spellings, gaps, contradictions, shared mailboxes. */
import { moments } from "./moments.ts"
import type { People } from "./people.ts"
import type { Dice } from "./random.ts"
import type { Sizes, System } from "./sizes.ts"
import { landline, otherSpelling, slug, writtenEmail, writtenPhone } from "./spelling.ts"
import type { Company, HeldPerson, Person } from "./things.ts"
import { ROLE_MAILBOXES, SELLERS, TITLES } from "./vocabulary.ts"

/** Numbers of conflicts begin where no other number can come. */
const CONFLICT_BASE = 9_000_000

/** What tells that two records are one person: each shared person has one way, in all further systems. */
type Tell = "email" | "secondEmail" | "phone" | "mailbox"

const tellOf = (dice: Dice, person: Person): Tell => {
  const die = dice.next()
  if (die < 0.08) return person.systems.includes("hubspot") ? "secondEmail" : "email"
  if (die < 0.2) return "phone"
  return die < 0.26 && person.company !== null ? "mailbox" : "email"
}

const mailboxOf = (dice: Dice, company: Company): string => `${dice.pick(ROLE_MAILBOXES)}@${slug(company.stem)}.example`

/** The company, where this system has it too. */
const companyIn = (person: Person, system: System): string | null =>
  person.company?.systems.includes(system) === true ? person.company.label : null

const asKnown = (dice: Dice, person: Person, system: System, sizes: Sizes): HeldPerson => ({
  system,
  label: person.label,
  first: person.first,
  last: person.last,
  email: person.email,
  otherEmails: [],
  phone: writtenPhone(dice, person.phone),
  mobile: system === "odoo" || person.mobile === null ? null : writtenPhone(dice, person.mobile),
  title: person.title,
  company: companyIn(person, system),
  place: person.place,
  street: person.street,
  seller: person.seller,
  ...moments(dice, sizes),
})

/** The same person in a further system: spelt differently, with gaps and sometimes with another value. */
const elsewhere = (dice: Dice, person: Person, system: System, tell: Tell, index: number, sizes: Sizes): HeldPerson => {
  const known = asKnown(dice, person, system, sizes)
  const contradicts = dice.next()
  const toldByPhone = tell === "phone" || tell === "mailbox"
  return {
    ...known,
    first: otherSpelling(dice, person.first),
    last: otherSpelling(dice, person.last),
    email:
      tell === "phone"
        ? null
        : tell === "mailbox" && person.company !== null
          ? mailboxOf(dice, person.company)
          : writtenEmail(dice, person.email),
    phone: toldByPhone
      ? known.phone
      : contradicts < 0.08
        ? writtenPhone(dice, landline(person.place, CONFLICT_BASE + index))
        : dice.chance(0.2)
          ? null
          : known.phone,
    title: contradicts > 0.85 ? dice.pick(TITLES) : dice.chance(0.15) ? null : person.title,
    company: dice.chance(0.1) ? null : known.company,
    seller: contradicts > 0.4 && contradicts < 0.5 ? dice.pick(SELLERS) : person.seller,
  }
}

/** In HubSpot the private address comes first, and the one that the others know is an additional one. */
const withSecondEmail = (held: HeldPerson, person: Person): HeldPerson => ({
  ...held,
  email: person.privateEmail,
  otherEmails: [person.email],
})

const halfOf = (held: HeldPerson): HeldPerson => ({ ...held, first: null, email: null, title: null })

/** Several who read one mailbox: in Odoo and the app only, since HubSpot has an address once. */
const atMailbox = (dice: Dice, held: HeldPerson, person: Person): HeldPerson =>
  person.company !== null && held.system !== "hubspot" ? { ...held, email: mailboxOf(dice, person.company) } : held

export const writePeople = (dice: Dice, sizes: Sizes, invented: People): ReadonlyArray<HeldPerson> =>
  invented.people.flatMap((person, index) => {
    const { ambiguous, halfKnown } = invented
    if (halfKnown.has(person.label)) {
      return person.systems.map((system) => {
        const held = asKnown(dice, person, system, sizes)
        return system === "odoo" ? halfOf(held) : held
      })
    }
    const tell = tellOf(dice, person)
    if (person.systems.length === 1) {
      const held = person.systems.map((system) => asKnown(dice, person, system, sizes))
      const shares = dice.chance(0.05) && ambiguous[person.label] === undefined
      return shares ? held.map((one) => atMailbox(dice, one, person)) : held
    }
    return person.systems.map((system, at) => {
      const held =
        at === 0 ? asKnown(dice, person, system, sizes) : elsewhere(dice, person, system, tell, index * 3 + at, sizes)
      return tell === "secondEmail" && system === "hubspot" ? withSecondEmail(held, person) : held
    })
  })
