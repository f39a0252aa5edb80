/** The world as a HubSpot portal holds it: properties are text, relations are associations, each activity kind an object. */
import { numbering } from "./numbering.ts"
import { STAGES } from "./stages.ts"
import type { HeldActivity, HeldCompany, HeldDeal, HeldPerson, Kind, World } from "./things.ts"
import type { RealThing } from "./truth.ts"
import { SELLERS } from "./vocabulary.ts"

export type Properties = Readonly<Record<string, string>>

export interface HubspotRecord {
  readonly id: string
  readonly properties: Properties
  readonly createdAt: number
  readonly updatedAt: number
}

type End = readonly [object: string, id: string]

/** The body of the sandbox's `seed`. */
export interface HubspotSeed {
  readonly owners: ReadonlyArray<{
    readonly id: string
    readonly email: string
    readonly firstName: string
    readonly lastName: string
    readonly userId: number
    readonly type: "PERSON"
    readonly archived: false
  }>
  readonly records: Readonly<Record<string, ReadonlyArray<HubspotRecord>>>
  readonly associations: ReadonlyArray<{ readonly from: End; readonly to: End; readonly typeId?: number }>
}

export const OBJECT_OF: Readonly<Record<Kind, string>> = {
  call: "calls",
  task: "tasks",
  note: "notes",
  meeting: "meetings",
  email: "emails",
}

/** Type ids of primary companies: https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide */
const PRIMARY_COMPANY = { contacts: 1, deals: 5 } as const

/** HubSpot keeps no empty value. */
const filled = (properties: Readonly<Record<string, string | null>>): Properties =>
  Object.fromEntries(
    Object.entries(properties).flatMap(([name, value]) => (value === null || value === "" ? [] : [[name, value]])),
  )

const company = (held: HeldCompany): Properties =>
  filled({
    name: held.name,
    domain: held.domain,
    phone: held.phone,
    address: held.street,
    city: held.place.city,
    zip: held.place.zip,
    country: held.place.countryName,
    hs_country_code: held.place.country,
    hubspot_owner_id: held.seller.hubspot,
  })

export const contact = (held: HeldPerson): Properties =>
  filled({
    email: held.email?.trim().toLowerCase() ?? null,
    hs_additional_emails: held.otherEmails.join(";"),
    firstname: held.first,
    lastname: held.last,
    phone: held.phone,
    mobilephone: held.mobile,
    jobtitle: held.title,
    address: held.street,
    city: held.place.city,
    zip: held.place.zip,
    country: held.place.countryName,
    hs_country_region_code: held.place.country,
    hubspot_owner_id: held.seller.hubspot,
  })

const deal = (held: HeldDeal): Properties => {
  const stage = STAGES[held.step].hubspot
  return filled({
    dealname: held.title,
    amount: String(held.amount / 100),
    deal_currency_code: held.currency,
    pipeline: "default",
    dealstage: stage.id,
    hs_is_closed: String(stage.closed !== null),
    hs_is_closed_won: String(stage.closed === "won"),
    closedate: `${held.closeDate}T00:00:00.000Z`,
    closed_lost_reason: held.lostReason,
    hubspot_owner_id: held.seller.hubspot,
  })
}

const activity = (held: HeldActivity): Properties => {
  const at = new Date(held.time).toISOString()
  const common = { hs_timestamp: at, hubspot_owner_id: held.seller.hubspot }
  switch (held.kind) {
    case "call":
      return filled({
        ...common,
        hs_call_title: held.subject,
        hs_call_body: held.body,
        hs_call_duration: String((held.duration ?? 0) * 1000),
        hs_call_direction: held.direction === "inbound" ? "INBOUND" : "OUTBOUND",
        hs_call_status: "COMPLETED",
      })
    case "task":
      return filled({
        ...common,
        hs_task_subject: held.subject,
        hs_task_body: held.body,
        hs_task_status: held.done ? "COMPLETED" : "NOT_STARTED",
        hs_task_type: "TODO",
      })
    case "note":
      return filled({ ...common, hs_note_body: held.body })
    case "meeting":
      return filled({
        ...common,
        hs_meeting_title: held.subject,
        hs_meeting_body: held.body,
        hs_meeting_start_time: at,
        hs_meeting_end_time: new Date(held.time + (held.duration ?? 0) * 1000).toISOString(),
        hs_meeting_outcome: "COMPLETED",
      })
    case "email":
      return filled({
        ...common,
        hs_email_subject: held.subject,
        hs_email_html: held.body,
        hs_email_direction: held.direction === "inbound" ? "INCOMING_EMAIL" : "EMAIL",
        hs_email_status: "SENT",
      })
  }
}

/** Ids have gaps, as after years of use, and grow beyond five digits. */
const STEP = 7

export const hubspotSeed = (
  world: World,
): { readonly seed: HubspotSeed; readonly truth: Readonly<Record<string, RealThing>> } => {
  const here = <A extends { readonly system: string }>(held: ReadonlyArray<A>): ReadonlyArray<A> =>
    held.filter(({ system }) => system === "hubspot")
  const known = numbering("hubspot")
  const records: Record<string, Array<HubspotRecord>> = {}
  const associations: Array<HubspotSeed["associations"][number]> = []
  const add = <A extends HeldCompany | HeldPerson | HeldDeal | HeldActivity>(
    object: string,
    type: RealThing["type"],
    held: A,
    properties: Properties,
  ): End => {
    const list = records[object] ?? []
    records[object] = list
    const id = known.assign(object, type, held.label, String(10_001 + list.length * STEP))
    list.push({ id, properties, createdAt: held.createdAt, updatedAt: held.changedAt })
    return [object, id]
  }
  const relate = (from: End, to: End, typeId?: number): void => {
    associations.push(typeId === undefined ? { from, to } : { from, to, typeId })
  }
  for (const held of here(world.companies)) add("companies", "company", held, company(held))
  for (const held of here(world.people)) {
    const end = add("contacts", "contact", held, contact(held))
    if (held.company !== null) relate(end, ["companies", known.idOf(held.company)], PRIMARY_COMPANY.contacts)
  }
  for (const held of here(world.deals)) {
    const end = add("deals", "deal", held, deal(held))
    relate(end, ["companies", known.idOf(held.company)], PRIMARY_COMPANY.deals)
    if (held.person !== null) relate(end, ["contacts", known.idOf(held.person)])
  }
  for (const held of here(world.activities)) {
    const end = add(OBJECT_OF[held.kind], "activity", held, activity(held))
    relate(end, ["contacts", known.idOf(held.person)])
    if (held.deal !== null) relate(end, ["deals", known.idOf(held.deal)])
  }
  const owners = SELLERS.map(({ hubspot, hubspotUser, email, firstName, lastName }) => ({
    id: hubspot,
    email,
    firstName,
    lastName,
    userId: hubspotUser,
    type: "PERSON" as const,
    archived: false as const,
  }))
  return { seed: { owners, records, associations }, truth: known.records() }
}
