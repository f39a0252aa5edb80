/**
 * What a new HubSpot portal comes with: objects, their properties, pipelines, and the ids of association types
 * (https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide).
 */
import type { Pipeline } from "./shapes.ts"

export interface Property {
  readonly name: string
  readonly label: string
  readonly type: "string" | "number" | "date" | "datetime" | "enumeration" | "bool" | "phone_number"
  readonly fieldType: string
  readonly groupName: string
  readonly options: ReadonlyArray<{ readonly value: string; readonly label: string }>
  readonly hasUniqueValue: boolean
  readonly calculated: boolean
  readonly externalOptions: boolean
  readonly readOnlyValue: boolean
  readonly hubspotDefined: boolean
}

export interface ObjectKind {
  readonly name: string
  readonly singular: string
  readonly typeId: string
  readonly created: string
  readonly modified: string
  /** What comes back when a request names no properties. */
  readonly defaults: ReadonlyArray<string>
  /** Prefix of its webhook subscriptions; engagements only have the generic `object.*`. */
  readonly subscription: string
}

const kind = (name: string, singular: string, typeId: string, own: ReadonlyArray<string>): ObjectKind => {
  const created = ["contacts", "companies", "deals"].includes(name) ? "createdate" : "hs_createdate"
  const modified = name === "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate"
  return {
    name,
    singular,
    typeId,
    created,
    modified,
    defaults: [created, "hs_object_id", modified, ...own],
    subscription: ["contacts", "companies", "deals"].includes(name) ? singular : "object",
  }
}

export const OBJECTS: ReadonlyArray<ObjectKind> = [
  kind("contacts", "contact", "0-1", ["email", "firstname", "lastname"]),
  kind("companies", "company", "0-2", ["domain", "name"]),
  kind("deals", "deal", "0-3", ["amount", "closedate", "dealname", "dealstage", "pipeline"]),
  kind("calls", "call", "0-48", []),
  kind("tasks", "task", "0-27", []),
  kind("notes", "note", "0-46", []),
  kind("meetings", "meeting", "0-47", []),
  kind("emails", "email", "0-49", []),
]

const byAnyName = new Map(OBJECTS.flatMap((o) => [o.name, o.singular, o.typeId].map((name) => [name, o] as const)))
export const objectKind = (name: string): ObjectKind | undefined => byAnyName.get(name.toLowerCase())

interface Shape {
  readonly type?: Property["type"]
  readonly fieldType?: string
  readonly options?: ReadonlyArray<string>
  /** Options whose value says nothing, by value. */
  readonly labels?: Readonly<Record<string, string>>
  readonly readOnly?: boolean
  readonly calculated?: boolean
  readonly external?: boolean
}

const property = (groupName: string, name: string, shape: Shape = {}): Property => ({
  name,
  label: name,
  type: shape.type ?? "string",
  fieldType: shape.fieldType ?? "text",
  groupName,
  options: [
    ...(shape.options ?? []).map((value) => ({ value, label: value })),
    ...Object.entries(shape.labels ?? {}).map(([value, label]) => ({ value, label })),
  ],
  hasUniqueValue: false,
  calculated: shape.calculated ?? false,
  externalOptions: shape.external ?? false,
  readOnlyValue: shape.readOnly ?? false,
  hubspotDefined: true,
})

const readOnly: Shape = { readOnly: true }
const readOnlyTime: Shape = { type: "datetime", fieldType: "date", readOnly: true }
const time: Shape = { type: "datetime", fieldType: "date" }
const number: Shape = { type: "number", fieldType: "number" }
const external: Shape = { type: "enumeration", fieldType: "select", external: true }
const among = (...options: ReadonlyArray<string>): Shape => ({ type: "enumeration", fieldType: "select", options })

const text = (names: string): ReadonlyArray<readonly [string, Shape]> => names.split(" ").map((name) => [name, {}])

const system = (o: ObjectKind): ReadonlyArray<readonly [string, Shape]> => [
  ["hs_object_id", { ...number, readOnly: true }],
  [o.created, readOnlyTime],
  [o.modified, readOnlyTime],
  ["hs_merged_object_ids", readOnly],
  ["hs_object_source", readOnly],
  ["hs_object_source_id", readOnly],
  ["hs_updated_by_user_id", { ...number, readOnly: true }],
  ["hubspot_owner_id", external],
]

const engagement: ReadonlyArray<readonly [string, Shape]> = [
  ["hs_timestamp", time],
  ["hs_activity_type", {}],
]

const own: Readonly<Record<string, ReadonlyArray<readonly [string, Shape]>>> = {
  contacts: [
    ...text("email firstname lastname salutation phone mobilephone jobtitle company website"),
    ...text("address city state zip country hs_country_region_code twitterhandle message"),
    [
      "lifecyclestage",
      among(
        "subscriber",
        "lead",
        "marketingqualifiedlead",
        "salesqualifiedlead",
        "opportunity",
        "customer",
        "evangelist",
        "other",
      ),
    ],
    [
      "hs_lead_status",
      among(
        "NEW",
        "OPEN",
        "IN_PROGRESS",
        "OPEN_DEAL",
        "UNQUALIFIED",
        "ATTEMPTED_TO_CONTACT",
        "CONNECTED",
        "BAD_TIMING",
      ),
    ],
    ["hs_language", {}],
    ["hs_additional_emails", readOnly],
    ["hs_analytics_source", readOnly],
    ["hs_calculated_merged_vids", readOnly],
    ["hs_is_unworked", { type: "bool", fieldType: "calculation_equation", readOnly: true, calculated: true }],
    ["associatedcompanyid", number],
  ],
  companies: [
    ...text("name domain website phone description address address2 city state zip country hs_country_code"),
    [
      "industry",
      among("COMPUTER_SOFTWARE", "INTERNET", "RETAIL", "CONSTRUCTION", "BANKING", "MACHINERY", "AUTOMOTIVE"),
    ],
    ["lifecyclestage", among("subscriber", "lead", "opportunity", "customer", "other")],
    ["numberofemployees", number],
    ["annualrevenue", number],
    ["hs_num_open_deals", { ...number, readOnly: true, calculated: true }],
  ],
  deals: [
    ...text("dealname description closed_lost_reason closed_won_reason hs_next_step"),
    ["amount", number],
    ["deal_currency_code", among("USD", "EUR", "GBP", "CHF")],
    ["pipeline", external],
    ["dealstage", external],
    ["closedate", time],
    ["dealtype", among("newbusiness", "existingbusiness")],
    ["hs_is_closed", { type: "bool", fieldType: "calculation_equation", readOnly: true, calculated: true }],
    ["hs_is_closed_won", { type: "bool", fieldType: "calculation_equation", readOnly: true, calculated: true }],
    ["hs_deal_score", { ...number, readOnly: true, calculated: true }],
  ],
  calls: [
    ...text("hs_call_title hs_call_body hs_call_from_number hs_call_to_number hs_call_recording_url"),
    ["hs_call_duration", number],
    // The outcomes of a new portal, as several public connectors list them.
    [
      "hs_call_disposition",
      {
        type: "enumeration",
        fieldType: "select",
        labels: {
          "9d9162e7-6cf3-4944-bf63-4dff82258764": "Busy",
          "f240bbac-87c9-4f6e-bf70-924b57d47db7": "Connected",
          "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": "Left live message",
          "b2cf5968-551e-4856-9783-52b3da59a7d0": "Left voicemail",
          "73a0d17f-1163-4015-bdd5-ec830791da20": "No answer",
          "17b47fee-58de-441e-a44c-c6300d46f273": "Wrong number",
        },
      },
    ],
    ["hs_call_direction", among("INBOUND", "OUTBOUND")],
    [
      "hs_call_status",
      among(
        "BUSY",
        "CALLING_CRM_USER",
        "CANCELED",
        "COMPLETED",
        "CONNECTING",
        "FAILED",
        "IN_PROGRESS",
        "MISSED",
        "NO_ANSWER",
        "QUEUED",
        "RINGING",
      ),
    ],
  ],
  tasks: [
    ...text("hs_task_subject hs_task_body hs_task_reminders"),
    ["hs_task_status", among("NOT_STARTED", "COMPLETED", "IN_PROGRESS", "WAITING", "DEFERRED")],
    ["hs_task_priority", among("NONE", "LOW", "MEDIUM", "HIGH")],
    ["hs_task_type", among("TODO", "CALL", "EMAIL")],
    ["hs_task_completion_date", readOnlyTime],
  ],
  notes: text("hs_note_body hs_attachment_ids"),
  meetings: [
    ...text("hs_meeting_title hs_meeting_body hs_internal_meeting_notes hs_meeting_location hs_meeting_external_url"),
    ["hs_meeting_start_time", time],
    ["hs_meeting_end_time", time],
    ["hs_meeting_outcome", among("SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED")],
  ],
  emails: [
    ...text("hs_email_subject hs_email_text hs_email_html hs_email_headers"),
    ["hs_email_direction", among("EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL")],
    ["hs_email_status", among("BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT")],
  ],
}

const groups: Readonly<Record<string, string>> = {
  contacts: "contactinformation",
  companies: "companyinformation",
  deals: "dealinformation",
}

export const groupOf = (object: string): string => groups[object] ?? objectKind(object)?.singular ?? object

export const propertiesOf = (o: ObjectKind): ReadonlyArray<Property> => {
  const isEngagement = o.subscription === "object"
  const shapes = [...system(o), ...(isEngagement ? engagement : []), ...(own[o.name] ?? [])]
  return shapes.map(([name, shape]) => property(groupOf(o.name), name, shape))
}

/** Association type ids: unlabelled and, where there is one, primary. */
const UNLABELLED: Readonly<Record<string, number>> = {
  "contacts>contacts": 449,
  "contacts>companies": 279,
  "contacts>deals": 4,
  "contacts>calls": 193,
  "contacts>emails": 197,
  "contacts>meetings": 199,
  "contacts>notes": 201,
  "contacts>tasks": 203,
  "companies>companies": 450,
  "companies>contacts": 280,
  "companies>deals": 342,
  "companies>calls": 181,
  "companies>emails": 185,
  "companies>meetings": 187,
  "companies>notes": 189,
  "companies>tasks": 191,
  "deals>deals": 451,
  "deals>contacts": 3,
  "deals>companies": 341,
  "deals>calls": 205,
  "deals>emails": 209,
  "deals>meetings": 211,
  "deals>notes": 213,
  "deals>tasks": 215,
  "calls>contacts": 194,
  "calls>companies": 182,
  "calls>deals": 206,
  "emails>contacts": 198,
  "emails>companies": 186,
  "emails>deals": 210,
  "meetings>contacts": 200,
  "meetings>companies": 188,
  "meetings>deals": 212,
  "notes>contacts": 202,
  "notes>companies": 190,
  "notes>deals": 214,
  "tasks>contacts": 204,
  "tasks>companies": 192,
  "tasks>deals": 216,
}
const PRIMARY: Readonly<Record<string, number>> = {
  "contacts>companies": 1,
  "companies>contacts": 2,
  "deals>companies": 5,
  "companies>deals": 6,
}

export const unlabelled = (from: string, to: string): number | undefined => UNLABELLED[`${from}>${to}`]
export const primary = (from: string, to: string): number | undefined => PRIMARY[`${from}>${to}`]

const stage = (id: string, label: string, displayOrder: number, isClosed: boolean, probability: string) => ({
  id,
  label,
  displayOrder,
  archived: false,
  metadata: { isClosed: String(isClosed), probability },
})

export const salesPipeline: Pipeline = {
  id: "default",
  label: "Sales Pipeline",
  displayOrder: 0,
  archived: false,
  stages: [
    stage("appointmentscheduled", "Appointment Scheduled", 0, false, "0.2"),
    stage("qualifiedtobuy", "Qualified To Buy", 1, false, "0.4"),
    stage("presentationscheduled", "Presentation Scheduled", 2, false, "0.6"),
    stage("decisionmakerboughtin", "Decision Maker Bought-In", 3, false, "0.8"),
    stage("contractsent", "Contract Sent", 4, false, "0.9"),
    stage("closedwon", "Closed Won", 5, true, "1.0"),
    stage("closedlost", "Closed Lost", 6, true, "0.0"),
  ],
}
