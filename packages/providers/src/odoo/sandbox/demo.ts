/** What stands in a fresh database: currencies, stages, a team, the administrator, message subtypes, activity types. */
import type { JsonObject } from "./wire.ts"

export interface DemoRows {
  readonly model: string
  readonly rows: ReadonlyArray<JsonObject>
}

const named = (...names: ReadonlyArray<string>) => names.map((name, index) => ({ id: index + 1, name, active: true }))

const subtype = (id: number, name: string, xmlid: string, internal = false) => ({
  id,
  name,
  internal,
  sequence: id,
  xmlid,
})

/** `xmlid` is not a column: it becomes the row's external id. */
export const demoRows = (
  version: 17 | 19,
  models: ReadonlyArray<readonly [string, string]>,
): ReadonlyArray<DemoRows> => [
  { model: "ir.model", rows: models.map(([model, name], index) => ({ id: index + 1, model, name, state: "base" })) },
  {
    model: "res.currency",
    rows: [
      { id: 1, name: "USD", symbol: "$", decimal_places: 2, active: true },
      { id: 125, name: "EUR", symbol: "€", decimal_places: 2, active: true },
    ],
  },
  {
    model: "res.country",
    rows: [
      { id: 57, name: "Germany", code: "DE" },
      { id: 75, name: "France", code: "FR" },
      { id: 233, name: "United States", code: "US" },
    ],
  },
  { model: "res.country.state", rows: [{ id: 13, name: "California", code: "CA", country_id: 233 }] },
  {
    model: "res.partner",
    rows: [
      {
        id: 1,
        name: "YourCompany",
        email: "info@yourcompany.example",
        phone: "+1 555-555-5556",
        is_company: true,
        country_id: 233,
      },
      { id: 2, name: "OdooBot", email: "odoobot@yourcompany.example", active: false },
      { id: 3, name: "Administrator", email: "admin@yourcompany.example", parent_id: 1 },
    ],
  },
  {
    model: "res.company",
    rows: [{ id: 1, name: "YourCompany", sequence: 0, active: true, currency_id: 1, partner_id: 1 }],
  },
  {
    model: "res.users",
    rows: [
      { id: 1, name: "OdooBot", login: "__system__", active: false, partner_id: 2, company_id: 1 },
      {
        id: 2,
        name: "Administrator",
        login: "admin",
        email: "admin@yourcompany.example",
        active: true,
        partner_id: 3,
        company_id: 1,
        tz: "Europe/Berlin",
        lang: "en_US",
      },
    ],
  },
  { model: "crm.team", rows: [{ id: 1, name: "Sales", sequence: 0, active: true, user_id: 2, company_id: 1 }] },
  {
    model: "crm.stage",
    rows: [
      { id: 1, name: "New", sequence: 0, is_won: false },
      { id: 2, name: "Qualified", sequence: 1, is_won: false },
      { id: 3, name: "Proposition", sequence: 2, is_won: false },
      { id: 4, name: "Won", sequence: 70, is_won: true, fold: true },
    ],
  },
  { model: "crm.lost.reason", rows: named("Too expensive", "We don't have people/skills", "Not enough stock") },
  {
    model: "crm.tag",
    rows: [
      { id: 1, name: "Product" },
      { id: 2, name: "Software" },
    ],
  },
  { model: "res.partner.category", rows: named("Prospects", "Vendor", "Employees") },
  ...(version === 17 ? [{ model: "res.partner.title", rows: [{ id: 3, name: "Mister", shortcut: "Mr." }] }] : []),
  {
    model: "mail.activity.type",
    rows: [
      { id: 1, name: "Email", sequence: 3, category: "default", active: true, xmlid: "mail.mail_activity_data_email" },
      { id: 2, name: "Call", sequence: 6, category: "phonecall", active: true, xmlid: "mail.mail_activity_data_call" },
      {
        id: 3,
        name: "Meeting",
        sequence: 9,
        category: "meeting",
        active: true,
        xmlid: "mail.mail_activity_data_meeting",
      },
      { id: 4, name: "To-Do", sequence: 12, category: "default", active: true, xmlid: "mail.mail_activity_data_todo" },
      { id: 6, name: "Exception", sequence: 0, category: "default", active: false },
      // Of leads alone, and before the general one.
      { id: 7, name: "Follow-up Quote", sequence: 10, category: "default", active: true, res_model: "crm.lead" },
    ],
  },
  {
    model: "mail.message.subtype",
    rows: [
      subtype(1, "Discussions", "mail.mt_comment"),
      subtype(2, "Note", "mail.mt_note", true),
      subtype(3, "Activities", "mail.mt_activities", true),
      subtype(4, "Stage Changed", "crm.mt_lead_stage"),
    ],
  },
]
