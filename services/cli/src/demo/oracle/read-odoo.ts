/** Odoo's rows in comparable terms. */
import { STAGES } from "../dataset/stages.ts"
import { STEPS } from "../dataset/things.ts"
import { recordKey } from "../dataset/truth.ts"
import type { StoredRecord } from "./evidence.ts"
import { money, roughly } from "./deals.ts"
import { day, domain, email, instant, minor, phone, text, yes } from "./normalise.ts"

/** As the back door's `list` shows them: many2one as a bare id, empty as `false`. */
export type SeenOdooRow = Readonly<Record<string, unknown>>

export const ODOO_MODELS = ["res.partner", "crm.lead", "mail.activity", "mail.message", "calendar.event"] as const

const string = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null)

const partnerKey = (value: unknown): ReadonlyArray<string> =>
  typeof value === "number" ? [recordKey("odoo", "res.partner", String(value))] : []

type Part = Pick<StoredRecord, "type" | "fields" | "refs"> & { readonly kind?: string; readonly said?: string }

const partner = (row: SeenOdooRow): Part =>
  row["is_company"] === true
    ? {
        type: "company",
        fields: {
          name: text(string(row["name"])),
          domain: domain(string(row["website"])),
          phone: phone(string(row["phone"])),
        },
        refs: {},
      }
    : {
        type: "contact",
        fields: {
          email: email(string(row["email"])),
          phone: phone(string(row["phone"])),
          // 19 has one number only.
          ...("mobile" in row ? { mobile: phone(string(row["mobile"])) } : {}),
          fullName: text(string(row["name"])),
          title: text(string(row["function"])),
        },
        refs: { company: partnerKey(row["parent_id"]) },
      }

/** A lost lead is archived at probability 0 and keeps the stage it was lost in. */
const lead = (row: SeenOdooRow, currency: string | null): Part => {
  const lost = row["active"] === false
  const step = STEPS.find((each) => !STAGES[each].odoo.lost && STAGES[each].odoo.id === row["stage_id"])
  return {
    type: "deal",
    fields: {
      title: text(string(row["name"])),
      // No amount is 0 there.
      ...money(minor(Number(row["expected_revenue"] ?? 0) || null), currency),
      roughStep: roughly(lost ? "lost" : (step ?? `odoo ${String(row["stage_id"])}`)),
      closeDate: day(string(row["date_deadline"])),
    },
    refs: {},
  }
}

const ACTIVITY_KINDS: Readonly<Record<number, string>> = { 1: "email", 2: "call", 3: "meeting", 4: "task" }
const kindOf = (type: unknown): string => (typeof type === "number" ? (ACTIVITY_KINDS[type] ?? "task") : "task")

const openActivity = (row: SeenOdooRow): Part => ({
  type: "activity",
  kind: kindOf(row["activity_type_id"]),
  fields: { subject: text(string(row["summary"])), day: day(string(row["date_deadline"])), done: yes(false) },
  refs: {},
})

/** "To-Do done : Send the offer (17)", in tags: its date is when it was done, and no more when it was due. */
const doneSubject = (body: unknown): string | null =>
  /done\s*:\s*(.*?)(?:Feedback:.*)?$/s.exec((string(body) ?? "").replace(/<\/?(?:p|span|div)>/g, ""))?.[1]?.trim() ??
  null

const message = (row: SeenOdooRow): Part => {
  const activityType = row["mail_activity_type_id"]
  if (typeof activityType === "number") {
    const said = text(doneSubject(row["body"]))
    return {
      type: "activity",
      kind: kindOf(activityType),
      fields: { done: yes(true) },
      refs: {},
      ...(said === null ? {} : { said }),
    }
  }
  const at = string(row["date"])
  const isEmail = row["message_type"] === "email"
  return {
    type: "activity",
    kind: isEmail ? "email" : "note",
    fields: { ...(isEmail ? { subject: text(string(row["subject"])) } : {}), time: instant(at), day: day(at) },
    refs: {},
  }
}

/** Its calendar does not say whether it took place. */
const meeting = (row: SeenOdooRow): Part => {
  const at = string(row["start"])
  return {
    type: "activity",
    kind: "meeting",
    fields: { subject: text(string(row["name"])), time: instant(at), day: day(at) },
    refs: {},
  }
}

const isLive = (model: string, row: SeenOdooRow): boolean => {
  if (model === "crm.lead") return row["active"] !== false || Number(row["probability"] ?? 0) === 0
  if (model !== "mail.message") return row["active"] !== false
  // What the chatter says of itself is no activity.
  const about = row["model"] === "res.partner" || row["model"] === "crm.lead"
  return (
    about &&
    (["comment", "email"].includes(String(row["message_type"])) || typeof row["mail_activity_type_id"] === "number")
  )
}

const PARTS: Readonly<Record<string, (row: SeenOdooRow, currency: string | null) => Part>> = {
  "res.partner": partner,
  "crm.lead": lead,
  "mail.activity": openActivity,
  "mail.message": message,
  "calendar.event": meeting,
}

/** `currency`: of the company, in which all of its amounts are. */
export const readOdoo = (model: string, row: SeenOdooRow, currency: string | null): ReadonlyArray<StoredRecord> => {
  const part = PARTS[model]
  if (part === undefined || !isLive(model, row)) return []
  return [{ system: "odoo", object: model, id: String(row["id"]), absorbed: [], ...part(row, currency) }]
}
