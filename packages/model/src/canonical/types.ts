/** The canonical contact, company, deal and activity: which fields there are and which are decided together. */
import type { EntityType, Field, FieldTable, Value } from "./fields.ts"

const address = {
  street: { kind: "text", group: "address" },
  city: { kind: "text", group: "address" },
  zip: { kind: "text", group: "address" },
  state: { kind: "text", group: "address" },
  country: { kind: "country", group: "address" },
} as const satisfies FieldTable

export const contact = {
  email: { kind: "email", group: "email" },
  otherEmails: { kind: "set", of: "email", group: "otherEmails" },
  phone: { kind: "phone", group: "phone" },
  mobile: { kind: "phone", group: "mobile" },
  otherPhones: { kind: "set", of: "phone", group: "otherPhones" },
  firstName: { kind: "text", group: "name" },
  lastName: { kind: "text", group: "name" },
  title: { kind: "text", group: "title" },
  ...address,
  company: { kind: "ref", to: "company", group: "company" },
  owner: { kind: "owner", group: "owner" },
  lifecycle: {
    kind: "enum",
    group: "lifecycle",
    values: ["subscriber", "lead", "qualified", "opportunity", "customer", "evangelist", "other"],
  },
  source: { kind: "text", group: "source" },
} as const satisfies FieldTable

export const company = {
  name: { kind: "text", group: "name" },
  domain: { kind: "domain", group: "domain" },
  phone: { kind: "phone", group: "phone" },
  vat: { kind: "text", group: "vat" },
  ...address,
  owner: { kind: "owner", group: "owner" },
} as const satisfies FieldTable

export const deal = {
  title: { kind: "text", group: "title" },
  amount: { kind: "minor", group: "money" },
  currency: { kind: "currency", group: "money" },
  pipeline: { kind: "enum", group: "stage" },
  stage: { kind: "enum", group: "stage" },
  status: { kind: "enum", group: "stage", values: ["open", "won", "lost"] },
  lostReason: { kind: "text", group: "stage" },
  closeDate: { kind: "date", group: "closeDate" },
  contacts: { kind: "refs", to: "contact", group: "contacts" },
  company: { kind: "ref", to: "company", group: "company" },
  owner: { kind: "owner", group: "owner" },
} as const satisfies FieldTable

export const activity = {
  kind: { kind: "enum", group: "kind", values: ["call", "task", "note", "meeting", "email"] },
  subject: { kind: "text", group: "subject" },
  body: { kind: "html", group: "body" },
  time: { kind: "instant", group: "time" },
  duration: { kind: "seconds", group: "duration" },
  outcome: { kind: "text", group: "outcome" },
  direction: { kind: "enum", group: "direction", values: ["inbound", "outbound"] },
  recordingUrl: { kind: "url", group: "recordingUrl" },
  done: { kind: "boolean", group: "done" },
  contacts: { kind: "refs", to: "contact", group: "contacts" },
  company: { kind: "ref", to: "company", group: "company" },
  deals: { kind: "refs", to: "deal", group: "deals" },
  owner: { kind: "owner", group: "owner" },
} as const satisfies FieldTable

export const canonical: Readonly<Record<EntityType, FieldTable>> = { contact, company, deal, activity }

/** Custom fields are named `custom.<name>`, typed by the mapping that brings them, and decided each on its own. */
export const isCustom = (field: string): boolean => /^custom\.[a-z][A-Za-z0-9_]{0,62}$/.test(field)

export const fieldOf = (type: EntityType, field: string): Field | undefined =>
  // Whatever somebody wrote is asked for: `constructor` is none.
  Object.hasOwn(canonical[type], field) ? canonical[type][field] : undefined

type Referring = { readonly group: string; readonly to: EntityType }
const referringOf = (table: FieldTable): ReadonlyArray<readonly [field: string, Referring]> =>
  Object.entries(table).flatMap(([name, { group, to }]) => (to === undefined ? [] : [[name, { group, to }] as const]))
const referring: Readonly<Record<EntityType, ReadonlyArray<readonly [field: string, Referring]>>> = {
  contact: referringOf(contact),
  company: referringOf(company),
  deal: referringOf(deal),
  activity: referringOf(activity),
}
/** Fields that refer to entities. */
export const referringFields = (type: EntityType): ReadonlyArray<readonly [field: string, Referring]> => referring[type]

export const groupOf = (type: EntityType, field: string): string => fieldOf(type, field)?.group ?? field

/** Fields of a group, in the table's order; a custom field is its own group. */
export const fieldsOf = (type: EntityType, group: string): ReadonlyArray<string> => {
  const fields = Object.entries(canonical[type]).flatMap(([name, field]) => (field.group === group ? [name] : []))
  return fields.length === 0 ? [group] : fields
}

export const groupsOf = (type: EntityType): ReadonlyArray<string> => [
  ...new Set(Object.values(canonical[type]).map((field) => field.group)),
]

export const isEmpty = (value: Value | undefined): boolean =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)
