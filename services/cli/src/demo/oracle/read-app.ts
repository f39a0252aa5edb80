/** The product's own objects in comparable terms. */
import type { EntityType } from "@concordat/model/canonical/fields"
import { recordKey } from "../dataset/truth.ts"
import type { StoredRecord } from "./evidence.ts"
import { money, steps } from "./deals.ts"
import { day, domain, email, fullName, instant, phone, seconds, text, yes } from "./normalise.ts"

export interface SeenAppRecord {
  readonly object: string
  readonly id: string
  readonly values: Readonly<Record<string, unknown>>
}

export const APP_OBJECTS = ["company", "contact", "deal", "activity"] as const

const string = (value: unknown): string | null => (typeof value === "string" ? value : null)

type Fields = StoredRecord["fields"]
type Values = SeenAppRecord["values"]

const FIELDS: Readonly<Record<EntityType, (v: Values) => Fields>> = {
  company: (v) => ({
    name: text(string(v["name"])),
    domain: domain(string(v["domain"])),
    phone: phone(string(v["phone"])),
  }),
  contact: (v) => ({
    email: email(string(v["email"])),
    phone: phone(string(v["phone"])),
    mobile: phone(string(v["mobile"])),
    first: text(string(v["firstName"])),
    last: text(string(v["lastName"])),
    fullName: fullName(string(v["firstName"]), string(v["lastName"])),
    title: text(string(v["title"])),
  }),
  deal: (v) => ({
    title: text(string(v["title"])),
    ...money(typeof v["amount"] === "number" ? String(v["amount"]) : null, text(string(v["currency"]))),
    // Once it is closed, at which stage it was is each system's own affair.
    ...steps(v["status"] === "won" || v["status"] === "lost" ? v["status"] : (string(v["stage"]) ?? "")),
    closeDate: day(string(v["closeDate"])),
  }),
  activity: (v) => ({
    ...(v["kind"] === "note" ? {} : { subject: text(string(v["subject"])) }),
    time: instant(string(v["time"])),
    day: day(string(v["time"])),
    ...(v["kind"] === "call" || v["kind"] === "meeting" ? { duration: seconds(Number(v["duration"] ?? 0)) } : {}),
    ...(v["kind"] === "call" || v["kind"] === "task" ? { done: yes(v["done"] === true) } : {}),
  }),
}

const isType = (object: string): object is EntityType => (APP_OBJECTS as ReadonlyArray<string>).includes(object)

export const readApp = (seen: SeenAppRecord): ReadonlyArray<StoredRecord> => {
  const { object, id, values } = seen
  if (!isType(object)) return []
  const company = string(values["company"])
  const kind = string(values["kind"])
  return [
    {
      system: "app",
      object,
      id,
      type: object,
      fields: FIELDS[object](values),
      refs:
        object === "contact" || object === "deal"
          ? { company: company === null ? [] : [recordKey("app", "company", company)] }
          : {},
      ...(kind === null ? {} : { kind }),
      absorbed: [],
    },
  ]
}
