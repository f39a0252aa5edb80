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
import { restOfKey } from "../state/typed-keys.ts"

export type Groups = Readonly<Record<string, GroupValue>>

/** The groups that keys and contradictions are read from. */
const IDENTIFYING: Readonly<Record<EntityType, ReadonlySet<string>>> = {
  contact: new Set(["email", "otherEmails", "phone", "mobile", "otherPhones", "name"]),
  company: new Set(["domain", "vat"]),
  deal: new Set(["title", "contacts", "deals", "company", "money", "closeDate"]),
  activity: new Set(["kind", "subject", "contacts", "deals", "company", "time"]),
}
export const identifyingGroups = (type: EntityType): ReadonlySet<string> => IDENTIFYING[type]
/** Whether a group has a say in which thing a record is. */
export const identifies = (type: EntityType, group: string): boolean => IDENTIFYING[type].has(group)

const text = (value: Value | undefined): string => (typeof value === "string" ? value : "")
const list = (value: Value | undefined): ReadonlyArray<string> =>
  Array.isArray(value) ? (value as ReadonlyArray<string>) : []
const field = (groups: Groups, group: string, name: string): Value | undefined => groups[group]?.[name]

const contactKeys = (groups: Groups): ReadonlyArray<string> => {
  const keys: Array<string> = []
  const email = (address: string): void => {
    if (address !== "" && !isRoleMailbox(address)) keys.push(`email:${tidyEmail(address)}`)
  }
  email(text(field(groups, "email", "email")))
  for (const other of list(field(groups, "otherEmails", "otherEmails"))) email(other)
  const family = foldName(text(field(groups, "name", "lastName")))
  if (family === "") return keys
  const phone = (number: string): void => {
    if (number !== "") keys.push(`phone:${normalPhone(number, "")}|${family}`)
  }
  phone(text(field(groups, "phone", "phone")))
  phone(text(field(groups, "mobile", "mobile")))
  for (const other of list(field(groups, "otherPhones", "otherPhones"))) phone(other)
  return keys
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

/** Sorted; the strongest kind first where they are tried in turn (`email` before `phone`, `domain` before `vat`). */
export const keysOf = (type: EntityType, groups: Groups): ReadonlyArray<string> => known(type, groups).keys

/** The documents under which a record with these groups is found, and those of the parked records that asked for its keys. */
export const keyRows = (type: EntityType, groups: Groups): ReadonlyArray<KeyRow> => {
  const found = known(type, groups)
  found.rows ??= found.keys.flatMap((one) => {
    const key = `${type}|${one}`
    return [
      { kind: "match", key },
      { kind: "matchwait", key },
    ]
  })
  return found.rows
}

interface KeyRow {
  readonly kind: string
  readonly key: string
}
interface Known {
  readonly type: EntityType
  readonly keys: ReadonlyArray<string>
  rows: ReadonlyArray<KeyRow> | undefined
}

/** By the groups: who looks where a record belongs asks for its keys several times. */
const knownOf = new WeakMap<Groups, Known>()
const known = (type: EntityType, groups: Groups): Known => {
  let found = knownOf.get(groups)
  if (found?.type !== type) {
    const keys = readKeys(type, groups).map((key) => storable(type, key))
    found = { type, keys: [...new Set(keys)].sort(), rows: undefined }
    knownOf.set(groups, found)
  }
  return found
}

/** Whatever people typed: a subject of a page, or what is no text at all, is compared by its hash. */
const storable = (type: EntityType, key: string): string => {
  const kind = key.slice(0, key.indexOf(":") + 1)
  return `${kind}${restOfKey(`${type}|${kind}`, key.slice(kind.length))}`
}

const readKeys = (type: EntityType, groups: Groups): ReadonlyArray<string> => {
  switch (type) {
    case "contact":
      return contactKeys(groups)
    case "company":
      return companyKeys(groups)
    case "deal":
      return likeness(groups, text(field(groups, "title", "title")))
    case "activity":
      return likeness(groups, `${text(field(groups, "kind", "kind"))} ${text(field(groups, "subject", "subject"))}`)
  }
}

/** Keys of one strength, strongest first. */
export const byStrength = (keys: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const kinds = ["email:", "phone:", "domain:", "vat:", "like:"]
  return kinds.map((kind) => keys.filter((key) => key.startsWith(kind))).filter((some) => some.length > 0)
}
