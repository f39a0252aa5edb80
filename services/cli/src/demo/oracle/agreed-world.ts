/** A small world in agreement, as three systems hold it: what the oracle's tests do harm to. */
import type { System } from "../dataset/sizes.ts"
import { recordKey, type Truth } from "../dataset/truth.ts"
import { type Admission, type EntityLinks, type Evidence, nothingListed, type StoredRecord } from "./evidence.ts"
import { readApp } from "./read-app.ts"
import { readHubspot } from "./read-hubspot.ts"
import { readOdoo } from "./read-odoo.ts"

type Texts = Readonly<Record<string, string>>

export const hubspot = (
  object: string,
  id: string,
  properties: Texts,
  associations: Record<string, Array<string>> = {},
) => readHubspot({ object, id, properties, associations, archivedAt: null })
export const odoo = (model: string, id: number, row: Record<string, unknown>) =>
  readOdoo(model, { id, active: true, ...row }, "EUR")
export const app = (object: string, id: string, values: Record<string, unknown>) => readApp({ object, id, values })

/** Two companies, Jürgen of the first and Anna of the second, and one deal: made in HubSpot and in Odoo, pushed on. */
const everything = (): ReadonlyArray<StoredRecord> => [
  ...hubspot("companies", "1", { name: "Nordwind GmbH", domain: "nordwind.example", phone: "+49 30 20000001" }),
  ...odoo("res.partner", 101, {
    is_company: true,
    name: "Nordwind GmbH",
    website: "https://www.nordwind.example/",
    phone: "030/20000001",
  }),
  ...app("company", "cc-1", { name: "Nordwind GmbH", domain: "nordwind.example", phone: "+493020000001" }),
  ...hubspot("companies", "2", { name: "Alpenblick AG", domain: "alpenblick.example" }),
  ...odoo("res.partner", 102, { is_company: true, name: "Alpenblick AG", website: "alpenblick.example", phone: false }),
  ...app("company", "cc-2", { name: "Alpenblick AG", domain: "alpenblick.example", phone: null }),
  ...hubspot(
    "contacts",
    "11",
    {
      email: "j.mueller@nordwind.example",
      firstname: "Jürgen",
      lastname: "Müller",
      phone: "+49 (0)30 20000002",
      jobtitle: "CEO",
    },
    { companies: ["1"] },
  ),
  ...odoo("res.partner", 111, {
    name: "Ju\u0308rgen Müller",
    email: "J.Mueller@NORDWIND.example",
    phone: "(030) 20 00 00 02",
    function: "CEO",
    parent_id: 101,
  }),
  ...app("contact", "cc-11", {
    email: "j.mueller@nordwind.example",
    firstName: "Jürgen",
    lastName: "Müller",
    phone: "+493020000002",
    title: "CEO",
    company: "cc-1",
  }),
  ...hubspot(
    "contacts",
    "12",
    { email: "anna@alpenblick.example", firstname: "Anna", lastname: "Koch" },
    { companies: ["2"] },
  ),
  ...odoo("res.partner", 112, {
    name: "Anna Koch",
    email: "anna@alpenblick.example",
    phone: false,
    function: false,
    parent_id: 102,
  }),
  ...app("contact", "cc-12", {
    email: "anna@alpenblick.example",
    firstName: "Anna",
    lastName: "Koch",
    phone: null,
    title: null,
    company: "cc-2",
  }),
  ...hubspot(
    "deals",
    "21",
    {
      dealname: "Pilot",
      amount: "1200.5",
      deal_currency_code: "EUR",
      dealstage: "decisionmakerboughtin",
      closedate: "2026-07-01T00:00:00Z",
    },
    { companies: ["1"] },
  ),
  ...odoo("crm.lead", 121, {
    name: "Pilot",
    expected_revenue: 1200.5,
    stage_id: 3,
    date_deadline: "2026-07-01",
    partner_id: 101,
  }),
  ...app("deal", "cc-21", {
    title: "Pilot",
    amount: 120050,
    currency: "EUR",
    stage: "negotiation",
    status: "open",
    closeDate: "2026-07-01",
    company: "cc-1",
  }),
  ...hubspot("calls", "31", {
    hs_call_title: "Call (1)",
    hs_timestamp: "2026-05-04T09:30:00.000Z",
    hs_call_duration: "90000",
    hs_call_status: "COMPLETED",
  }),
  ...app("activity", "cc-31", {
    kind: "call",
    subject: "Call (1)",
    time: "2026-05-04T09:30:00Z",
    duration: 90,
    done: true,
  }),
  ...odoo("mail.message", 131, {
    model: "res.partner",
    mail_activity_type_id: 2,
    body: "<p><span>Call</span> done <span>: Call (1)</span></p>",
    message_type: "notification",
  }),
]

export const truth: Truth = {
  records: {
    [recordKey("hubspot", "companies", "1")]: { label: "company:1", type: "company" },
    [recordKey("odoo", "res.partner", "101")]: { label: "company:1", type: "company" },
    [recordKey("hubspot", "companies", "2")]: { label: "company:2", type: "company" },
    [recordKey("hubspot", "contacts", "11")]: { label: "person:1", type: "contact" },
    [recordKey("odoo", "res.partner", "111")]: { label: "person:1", type: "contact" },
    [recordKey("odoo", "res.partner", "112")]: { label: "person:2", type: "contact" },
    [recordKey("hubspot", "deals", "21")]: { label: "deal:1", type: "deal" },
    [recordKey("hubspot", "calls", "31")]: { label: "activity:1", type: "activity" },
  },
  ambiguous: {},
  either: {},
  staff: [],
  subjects: { "Call (1)": "activity:1" },
  removed: [],
}

export const linked = (
  entity: string,
  type: EntityLinks["type"],
  ...records: ReadonlyArray<readonly [System, string, string]>
): EntityLinks => ({
  entity,
  type,
  records: records.map(([connection, object, id]) => ({ connection, object, id })),
})

export const entities: ReadonlyArray<EntityLinks> = [
  linked("C1", "company", ["hubspot", "companies", "1"], ["odoo", "res.partner", "101"], ["app", "company", "cc-1"]),
  linked("C2", "company", ["hubspot", "companies", "2"], ["odoo", "res.partner", "102"], ["app", "company", "cc-2"]),
  linked("P1", "contact", ["hubspot", "contacts", "11"], ["odoo", "res.partner", "111"], ["app", "contact", "cc-11"]),
  linked("P2", "contact", ["hubspot", "contacts", "12"], ["odoo", "res.partner", "112"], ["app", "contact", "cc-12"]),
  linked("D1", "deal", ["hubspot", "deals", "21"], ["odoo", "crm.lead", "121"], ["app", "deal", "cc-21"]),
  linked("A1", "activity", ["hubspot", "calls", "31"], ["odoo", "mail.message", "131"], ["app", "activity", "cc-31"]),
]

export const everywhere = { contact: true, company: true, deal: true, activity: true }
export const admission: Admission = {
  hubspot: everywhere,
  odoo: { ...everywhere, activity: ["call", "task"] },
  app: everywhere,
}

export const agreed: Evidence = {
  truth,
  records: everything(),
  entities,
  listed: nothingListed,
  admission,
  connections: { hubspot: "hubspot", odoo: "odoo", app: "app" },
}
