/** HubSpot's records in comparable terms. */
import type { EntityType } from "@concordat/model/canonical/fields"
import { OBJECT_OF } from "../dataset/hubspot-seed.ts"
import { STAGES } from "../dataset/stages.ts"
import { KINDS, STEPS } from "../dataset/things.ts"
import { recordKey } from "../dataset/truth.ts"
import type { StoredRecord } from "./evidence.ts"
import { money, steps } from "./deals.ts"
import { day, domain, email, fullName, HOME_CURRENCY, instant, minor, phone, seconds, text, yes } from "./normalise.ts"

/** As the back door's `list` shows them. */
export interface SeenHubspotRecord {
  readonly object: string
  readonly id: string
  readonly properties: Readonly<Record<string, string>>
  readonly archivedAt: number | null
  readonly associations: Readonly<Record<string, ReadonlyArray<string>>>
}

export const HUBSPOT_OBJECTS = ["companies", "contacts", "deals", ...Object.values(OBJECT_OF)] as const

const TYPES: Readonly<Record<string, EntityType>> = { companies: "company", contacts: "contact", deals: "deal" }

type Fields = StoredRecord["fields"]
type Properties = SeenHubspotRecord["properties"]

const company = (p: Properties): Fields => ({
  name: text(p["name"]),
  domain: domain(p["domain"]),
  phone: phone(p["phone"]),
})

const contact = (p: Properties): Fields => ({
  email: email(p["email"]),
  phone: phone(p["phone"]),
  mobile: phone(p["mobilephone"]),
  first: text(p["firstname"]),
  last: text(p["lastname"]),
  fullName: fullName(p["firstname"], p["lastname"]),
  title: text(p["jobtitle"]),
})

const stepOf = (stage: string | undefined): string =>
  stage === "contractsent"
    ? "negotiation"
    : (STEPS.find((step) => STAGES[step].hubspot.id === stage) ?? `hubspot ${String(stage)}`)

const deal = (p: Properties): Fields => ({
  title: text(p["dealname"]),
  ...money(minor(p["amount"]), text(p["deal_currency_code"]) ?? HOME_CURRENCY),
  ...steps(stepOf(p["dealstage"])),
  closeDate: day(p["closedate"]),
})

/** Nobody is called any more. */
const OVER = new Set(["COMPLETED", "BUSY", "CANCELED", "FAILED", "MISSED", "NO_ANSWER"])

const time = (value: string | undefined): Fields => ({ time: instant(value), day: day(value) })

const activity = (kind: string, p: Properties): Fields => {
  switch (kind) {
    case "call":
      return {
        ...time(p["hs_timestamp"]),
        subject: text(p["hs_call_title"]),
        duration: seconds(Number(p["hs_call_duration"] ?? 0) / 1000),
        done: yes(OVER.has(p["hs_call_status"] ?? "")),
      }
    case "task":
      return {
        ...time(p["hs_timestamp"]),
        subject: text(p["hs_task_subject"]),
        done: yes(p["hs_task_status"] === "COMPLETED"),
      }
    case "meeting": {
      const start = instant(p["hs_meeting_start_time"])
      const end = instant(p["hs_meeting_end_time"])
      return {
        ...time(start ?? p["hs_timestamp"]),
        subject: text(p["hs_meeting_title"]),
        // A meeting that was made elsewhere has a start there and no length.
        ...(start === null || end === null ? {} : { duration: seconds((Date.parse(end) - Date.parse(start)) / 1000) }),
      }
    }
    case "email":
      return { ...time(p["hs_timestamp"]), subject: text(p["hs_email_subject"]) }
    default:
      return time(p["hs_timestamp"])
  }
}

export const readHubspot = (seen: SeenHubspotRecord): ReadonlyArray<StoredRecord> => {
  if (seen.archivedAt !== null) return []
  const kind = KINDS.find((each) => OBJECT_OF[each] === seen.object)
  const type = TYPES[seen.object] ?? (kind === undefined ? undefined : "activity")
  if (type === undefined) return []
  const p = seen.properties
  const companies = (seen.associations["companies"] ?? []).map((id) => recordKey("hubspot", "companies", id))
  const fields =
    type === "company"
      ? company(p)
      : type === "contact"
        ? contact(p)
        : type === "deal"
          ? deal(p)
          : activity(kind ?? "", p)
  return [
    {
      system: "hubspot",
      object: seen.object,
      id: seen.id,
      type,
      fields,
      refs: type === "contact" || type === "deal" ? { company: companies } : {},
      ...(kind === undefined ? {} : { kind }),
      absorbed: (p["hs_merged_object_ids"] ?? "").split(";").filter((id) => id !== ""),
    },
  ]
}
