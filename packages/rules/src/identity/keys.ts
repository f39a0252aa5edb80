/** What records of one thing have in common: keys that identify, and keys that only resemble. Empty values give none. */
import type { EntityType, GroupValue, Value } from "@concordat/model/canonical/fields"
import {
  isHosted,
  isRoleMailbox,
  normalPhone,
  registrableDomain,
  tidyEmail,
} from "@concordat/model/values/contact-points"
import { foldName } from "@concordat/model/values/text"
import { isFreeMail } from "./freemail.ts"

export type Groups = Readonly<Record<string, GroupValue>>

/** The groups that keys and contradictions are read from. */
const IDENTIFYING: Readonly<Record<EntityType, ReadonlySet<string>>> = {
  contact: new Set(["email", "otherEmails", "phone", "mobile", "otherPhones", "name"]),
  company: new Set(["domain", "vat"]),
  deal: new Set(["title", "contacts", "deals", "company", "money", "closeDate"]),
  activity: new Set(["kind", "subject", "contacts", "deals", "company", "time"]),
}
/** Whether a group has a say in which thing a record is. */
export const identifies = (type: EntityType, group: string): boolean => IDENTIFYING[type].has(group)

const text = (value: Value | undefined): string => (typeof value === "string" ? value : "")
const list = (value: Value | undefined): ReadonlyArray<string> =>
  Array.isArray(value) ? (value as ReadonlyArray<string>) : []
const field = (groups: Groups, group: string, name: string): Value | undefined => groups[group]?.[name]

const contactKeys = (groups: Groups): ReadonlyArray<string> => {
  const emails = [text(field(groups, "email", "email")), ...list(field(groups, "otherEmails", "otherEmails"))]
  const phones = [
    text(field(groups, "phone", "phone")),
    text(field(groups, "mobile", "mobile")),
    ...list(field(groups, "otherPhones", "otherPhones")),
  ]
  const family = foldName(text(field(groups, "name", "lastName")))
  return [
    ...emails.filter((email) => email !== "" && !isRoleMailbox(email)).map((email) => `email:${tidyEmail(email)}`),
    ...(family === ""
      ? []
      : phones.filter((phone) => phone !== "").map((phone) => `phone:${normalPhone(phone, "")}|${family}`)),
  ]
}

const companyKeys = (groups: Groups): ReadonlyArray<string> => {
  const domain = registrableDomain(text(field(groups, "domain", "domain")))
  const vat = text(field(groups, "vat", "vat"))
    .replace(/[^\p{L}\p{N}]/gu, "")
    .toUpperCase()
  return [
    ...(domain === null || isFreeMail(domain) || isHosted(domain) ? [] : [`domain:${domain}`]),
    ...(vat === "" ? [] : [`vat:${vat}`]),
  ]
}

/** A deal or an activity is never linked by what it says; alike ones are shown to a person. */
const likeness = (groups: Groups, title: string): ReadonlyArray<string> => {
  const folded = foldName(title)
  if (folded === "") return []
  const whose = [
    ...list(field(groups, "contacts", "contacts")).map((id) => `contact:${id}`),
    ...list(field(groups, "deals", "deals")).map((id) => `deal:${id}`),
    text(field(groups, "company", "company")) === "" ? "" : `company:${text(field(groups, "company", "company"))}`,
  ]
  return whose.filter((one) => one !== "").map((one) => `like:${one}|${folded}`)
}

/** By the groups: who looks where a record belongs asks for its keys several times. */
const known = new WeakMap<Groups, { readonly type: EntityType; readonly keys: ReadonlyArray<string> }>()

/** Sorted; the strongest kind first where they are tried in turn (`email` before `phone`, `domain` before `vat`). */
export const keysOf = (type: EntityType, groups: Groups): ReadonlyArray<string> => {
  const before = known.get(groups)
  if (before?.type === type) return before.keys
  const keys = readKeys(type, groups)
  known.set(groups, { type, keys })
  return keys
}

const readKeys = (type: EntityType, groups: Groups): ReadonlyArray<string> => {
  switch (type) {
    case "contact":
      return [...new Set(contactKeys(groups))].toSorted()
    case "company":
      return [...new Set(companyKeys(groups))].toSorted()
    case "deal":
      return [...new Set(likeness(groups, text(field(groups, "title", "title"))))].toSorted()
    case "activity":
      return [
        ...new Set(
          likeness(groups, `${text(field(groups, "kind", "kind"))} ${text(field(groups, "subject", "subject"))}`),
        ),
      ].toSorted()
  }
}

/** Keys of one strength, strongest first. */
export const byStrength = (keys: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const kinds = ["email:", "phone:", "domain:", "vat:", "like:"]
  return kinds.map((kind) => keys.filter((key) => key.startsWith(kind))).filter((some) => some.length > 0)
}
