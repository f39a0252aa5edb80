/** Edits of contacts and companies: values, new ones, archived ones, a duplicate that is merged, a change of employer. */
import { archive, type At, change, create, type Edit } from "./edit.ts"
import type { Workplace } from "./edits.ts"
import { contact as hubspotContact } from "./hubspot-seed.ts"
import type { System } from "./sizes.ts"
import { landline, slug, writtenPhone } from "./spelling.ts"
import type { HeldPerson } from "./things.ts"
import { FAMILY_NAMES, FIRST_NAMES, PLACES, TITLES } from "./vocabulary.ts"

/** Numbers that edits give begin where no other number can come. */
const PHONE_BASE = 3_000_000

type Field = "phone" | "title" | "email"
const NAMES: Readonly<Record<System, Readonly<Record<Field, string>>>> = {
  hubspot: { phone: "phone", title: "jobtitle", email: "email" },
  odoo: { phone: "phone", title: "function", email: "email" },
  app: { phone: "phone", title: "title", email: "email" },
}

const newValue = ({ dice, next }: Workplace, field: Field, person: HeldPerson): string => {
  if (field === "title") return `${dice.pick(TITLES)} (${next()})`
  if (field === "email") return `${slug(person.last)}.${next()}@neu.example`
  return writtenPhone(dice, landline(person.place, PHONE_BASE + next()))
}

/** Who is still there to be edited. */
export const present = (work: Workplace): ReadonlyArray<HeldPerson> =>
  work.people.filter(({ label }) => !work.gone.has(label))

export const personEdit = (work: Workplace, field: Field): ReadonlyArray<Edit> => {
  const person = work.dice.pick(present(work))
  const value = newValue(work, field, person)
  const { system, label } = person
  return [change(system, label, field, work.at(system, label), { [NAMES[system][field]]: value })]
}

/** Two who know the same person change the same thing at once. */
export const contestedTitle = (work: Workplace): ReadonlyArray<Edit> => {
  const times = new Map<string, number>()
  for (const { label } of present(work)) times.set(label, (times.get(label) ?? 0) + 1)
  const shared = present(work).filter(({ label }) => (times.get(label) ?? 0) > 1)
  if (shared.length === 0) return []
  const { label } = work.dice.pick(shared)
  return work.people
    .filter((person) => person.label === label)
    .slice(0, 2)
    .map((person) =>
      change(person.system, label, "title, by two at once", work.at(person.system, label), {
        [NAMES[person.system].title]: newValue(work, "title", person),
      }),
    )
}

const OBJECT: Readonly<Record<System, string>> = { hubspot: "contacts", odoo: "res.partner", app: "contact" }

export const newPerson = (work: Workplace, system: System): ReadonlyArray<Edit> => {
  const { dice } = work
  const number = work.next()
  const first = dice.pick(FIRST_NAMES)
  const last = dice.pick(FAMILY_NAMES)
  const email = `${slug(first)}.${slug(last)}.${number}@neu.example`
  const phone = writtenPhone(dice, landline(dice.pick(PLACES), PHONE_BASE + number))
  const values = {
    hubspot: { firstname: first, lastname: last, email, phone },
    odoo: { name: `${first} ${last}`, email, phone, is_company: false },
    app: { firstName: first, lastName: last, email, phone },
  }[system]
  const label = `person:new-${number}`
  return [create(system, label, "new contact", { object: OBJECT[system], type: "contact", name: label }, values)]
}

/** Somebody with no deal and no activity: each is archived once, in one system. */
export const archivedPerson = (work: Workplace, system: System): ReadonlyArray<Edit> => {
  const idle = work.people.filter((person) => person.system === system && !work.busy.has(person.label))
  if (idle.length === 0) return []
  const { label } = work.dice.pick(idle)
  work.busy.add(label)
  work.gone.add(label)
  return [archive(system, label, work.at(system, label))]
}

/** A person is entered once more in HubSpot, and somebody sees it and merges the two. */
export const mergedPerson = (work: Workplace): ReadonlyArray<Edit> => {
  const known = work.people.filter(
    (person) => person.system === "hubspot" && person.phone !== null && !work.busy.has(person.label),
  )
  if (known.length === 0) return []
  const person = work.dice.pick(known)
  const { label } = person
  const number = work.next()
  work.busy.add(label)
  work.gone.add(label)
  const again = hubspotContact({ ...person, email: `${slug(person.last)}.${number}@zweit.example`, otherEmails: [] })
  const name = `${label} again`
  const winner = work.at("hubspot", label)
  return [
    create("hubspot", label, "the same contact again", { object: "contacts", type: "contact", name }, again),
    {
      system: "hubspot",
      label,
      about: "two contacts merged",
      verb: "merge",
      body: (made) => ["contacts", winner.id, made.get(name)],
      makes: { object: "contacts", type: "contact", name: `${label} merged` },
    },
  ]
}

export const companyPhone = (work: Workplace): ReadonlyArray<Edit> => {
  const { dice } = work
  const { system, label, place } = dice.pick(work.companies)
  const phone = writtenPhone(dice, landline(place, PHONE_BASE + work.next()))
  return [change(system, label, "company phone", work.at(system, label), { phone })]
}

/** Somebody changes jobs, to a company that this system has too. */
export const newEmployer = (work: Workplace): ReadonlyArray<Edit> => {
  const { dice } = work
  const person = dice.pick(present(work).filter(({ company }) => company !== null))
  const { system, label } = person
  const others = work.companies.filter((company) => company.system === system && company.label !== person.company)
  if (others.length === 0) return []
  const at = work.at(system, label)
  const to: At = work.at(system, dice.pick(others).label)
  const about = "new employer"
  if (system === "odoo") return [change(system, label, about, at, { parent_id: Number(to.id) })]
  if (system === "app") return [change(system, label, about, at, { company: to.id })]
  return [{ system, label, about, verb: "put", body: () => [{ ...at, associations: { companies: [to.id] } }] }]
}
