/** The world as an Odoo database holds it: people and companies are partners, deals are leads, activities two models. */
import { numbering } from "./numbering.ts"
import { STAGES } from "./stages.ts"
import type { HeldActivity, HeldCompany, HeldDeal, HeldPerson, World } from "./things.ts"
import { type RealThing, recordKey } from "./truth.ts"
import { LOST_REASONS, type Place, SELLERS } from "./vocabulary.ts"

/** Many2one as a bare id, many2many as bare ids, empty as `false`, times in UTC without a zone. */
export type OdooRow = Readonly<Record<string, string | number | boolean | ReadonlyArray<number>>>

/** Bodies of the sandbox's `seed`, one after the other: a row only points to rows before it. */
export type OdooSeed = ReadonlyArray<{ readonly model: string; readonly rows: ReadonlyArray<OdooRow> }>

export const datetime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace("T", " ")

const COUNTRY: Readonly<Record<Place["country"], number>> = { DE: 57, AT: 12, CH: 43 }
const EURO = 125

const orFalse = (value: string | null): string | false => (value === null || value === "" ? false : value)

const address = (held: { readonly place: Place; readonly street: string }): OdooRow => ({
  street: held.street,
  city: held.place.city,
  zip: held.place.zip,
  country_id: COUNTRY[held.place.country],
})

const company = (held: HeldCompany): OdooRow => ({
  name: held.name,
  is_company: true,
  website: orFalse(held.domain),
  phone: orFalse(held.phone),
  vat: orFalse(held.vat),
  user_id: held.seller.odoo,
  ...address(held),
})

export const nameOf = (held: HeldPerson): string => (held.first === null ? held.last : `${held.first} ${held.last}`)

const partner = (held: HeldPerson, parent: number | false): OdooRow => ({
  name: nameOf(held),
  is_company: false,
  email: orFalse(held.email),
  phone: orFalse(held.phone),
  function: orFalse(held.title),
  parent_id: parent,
  user_id: held.seller.odoo,
  ...address(held),
})

const lead = (held: HeldDeal, customer: number): OdooRow => {
  const { id, lost } = STAGES[held.step].odoo
  return {
    name: held.title,
    type: "opportunity",
    partner_id: customer,
    expected_revenue: held.amount / 100,
    stage_id: id,
    active: !lost,
    ...(lost ? { probability: 0, automated_probability: 0 } : {}),
    lost_reason_id: held.lostReason === null ? false : LOST_REASONS.indexOf(held.lostReason) + 1,
    date_deadline: held.closeDate,
    user_id: held.seller.odoo,
  }
}

/** Ids of `mail.activity.type` and `ir.model` in a new database. */
const ACTIVITY_TYPE = { call: 2, meeting: 3, task: 4 } as const
const MODEL = { "res.partner": 1, "crm.lead": 2 } as const
/** Ids of `mail.message.subtype`: a discussion, which people outside may see, and a note. */
const SUBTYPE = { email: 1, note: 2 } as const

const activity = (
  held: HeldActivity,
  on: { readonly model: keyof typeof MODEL; readonly res: number; readonly person: number },
): { readonly model: string; readonly row: OdooRow } => {
  switch (held.kind) {
    case "call":
    case "task":
    case "meeting":
      return {
        model: "mail.activity",
        row: {
          res_model_id: MODEL[on.model],
          res_model: on.model,
          res_id: on.res,
          activity_type_id: ACTIVITY_TYPE[held.kind],
          summary: held.subject,
          note: held.body,
          date_deadline: datetime(held.time).slice(0, 10),
          user_id: held.seller.odoo,
        },
      }
    case "note":
    case "email":
      return {
        model: "mail.message",
        row: {
          model: on.model,
          res_id: on.res,
          subject: held.kind === "email" ? held.subject : false,
          body: held.body,
          date: datetime(held.time),
          message_type: held.kind === "email" ? "email" : "comment",
          subtype_id: SUBTYPE[held.kind],
          is_internal: held.kind === "note",
          author_id: held.direction === "inbound" ? on.person : held.seller.odooPartner,
        },
      }
  }
}

/** What has to be there first: the euro as the company's currency, countries, and the sales people with their own partners. */
const office = (stamp: string): OdooSeed => [
  {
    model: "res.country",
    rows: [
      { id: 12, name: "Austria", code: "AT" },
      { id: 43, name: "Switzerland", code: "CH" },
    ],
  },
  {
    model: "res.company",
    rows: [{ id: 1, name: "YourCompany", sequence: 0, active: true, currency_id: EURO, partner_id: 1 }],
  },
  {
    model: "res.partner",
    rows: SELLERS.map((seller) => ({
      id: seller.odooPartner,
      name: `${seller.firstName} ${seller.lastName}`,
      email: seller.email,
      parent_id: 1,
      write_date: stamp,
    })),
  },
  {
    model: "res.users",
    rows: SELLERS.map((seller) => ({
      id: seller.odoo,
      name: `${seller.firstName} ${seller.lastName}`,
      login: seller.email,
      email: seller.email,
      active: true,
      share: false,
      partner_id: seller.odooPartner,
      company_id: 1,
      tz: "Europe/Berlin",
      lang: "en_US",
    })),
  },
]

/** Partners that every database begins with (the company, the robot, the administrator), and those of the users. */
const STAFF: ReadonlyArray<readonly [partner: number, type: RealThing["type"]]> = [
  [1, "company"],
  [2, "contact"],
  [3, "contact"],
  ...SELLERS.map((seller) => [seller.odooPartner, "contact"] as const),
]

export interface OdooPart {
  readonly seed: OdooSeed
  readonly truth: Readonly<Record<string, RealThing>>
  readonly staff: ReadonlyArray<string>
}

export const odooSeed = (world: World, before: number): OdooPart => {
  const here = <A extends { readonly system: string }>(held: ReadonlyArray<A>): ReadonlyArray<A> =>
    held.filter(({ system }) => system === "odoo")
  const known = numbering("odoo")
  const rows = new Map<string, Array<OdooRow>>()
  const next = new Map<string, number>()
  const add = (
    model: string,
    type: RealThing["type"],
    held: { readonly label: string; readonly changedAt: number },
    row: OdooRow,
  ): void => {
    const id = next.get(model) ?? 101
    next.set(model, id + 1)
    known.assign(model, type, held.label, String(id))
    const list = rows.get(model) ?? []
    rows.set(model, list)
    list.push({ ...row, id, write_date: datetime(held.changedAt) })
  }
  const numberOf = (label: string): number => Number(known.idOf(label))
  for (const held of here(world.companies)) add("res.partner", "company", held, company(held))
  for (const held of here(world.people)) {
    add("res.partner", "contact", held, partner(held, held.company === null ? false : numberOf(held.company)))
  }
  for (const held of here(world.deals)) {
    add("crm.lead", "deal", held, lead(held, numberOf(held.person ?? held.company)))
  }
  for (const held of here(world.activities)) {
    const person = numberOf(held.person)
    const about = held.deal === null ? false : numberOf(held.deal)
    const on =
      about === false ? ({ model: "res.partner", res: person } as const) : ({ model: "crm.lead", res: about } as const)
    const { model, row } = activity(held, { ...on, person })
    add(model, "activity", held, row)
  }
  const staff = STAFF.map(
    ([id, type]) => [recordKey("odoo", "res.partner", String(id)), { label: `staff:${id}`, type }] as const,
  )
  return {
    seed: [...office(datetime(before)), ...[...rows].map(([model, list]) => ({ model, rows: list }))],
    truth: { ...known.records(), ...Object.fromEntries(staff) },
    staff: staff.map(([, { label }]) => label),
  }
}
