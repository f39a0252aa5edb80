/** Whether two records that share a key say that they are different things after all. */
import type { EntityType } from "@concordat/model/canonical/fields"
import { foldName } from "@concordat/model/values/text"
import { distance } from "fastest-levenshtein"
import type { Groups } from "./keys.ts"

const text = (groups: Groups, group: string, field: string): string => {
  const value = groups[group]?.[field]
  return typeof value === "string" ? value : ""
}

/** One or two letters off, an initial, or a part of a double name. */
const alike = (a: string, b: string): boolean => {
  if (a === b || a.startsWith(b) || b.startsWith(a)) return true
  return distance(a, b) <= (Math.min(a.length, b.length) > 4 ? 2 : 1)
}

const share = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.some((one) => b.some((other) => alike(one, other)))

const tokens = (name: string): ReadonlyArray<string> =>
  foldName(name)
    .split(" ")
    .filter((token) => token !== "")

/**
 * Names contradict when both are given and have nothing in common. A shared e-mail bears a changed family name or another
 * form of the first (Bob, Robert); a shared phone and family name is also what couples have, so the first name counts.
 */
const people = (key: string, a: Groups, b: Groups): boolean => {
  const first = [tokens(text(a, "name", "firstName")), tokens(text(b, "name", "firstName"))] as const
  const last = [tokens(text(a, "name", "lastName")), tokens(text(b, "name", "lastName"))] as const
  if (key.startsWith("phone:")) return first[0].length > 0 && first[1].length > 0 && !share(first[0], first[1])
  const one = [...first[0], ...last[0]]
  const other = [...first[1], ...last[1]]
  return one.length > 0 && other.length > 0 && !share(one, other)
}

const companies = (key: string, a: Groups, b: Groups): boolean => {
  // A VAT id is one legal person whatever it trades as.
  if (key.startsWith("vat:")) return false
  const vats = [text(a, "vat", "vat"), text(b, "vat", "vat")].map((vat) =>
    vat.replace(/[^\p{L}\p{N}]/gu, "").toUpperCase(),
  )
  return vats[0] !== "" && vats[1] !== "" && vats[0] !== vats[1]
}

const DAY_MS = 86_400_000
const near = (a: unknown, b: unknown, ms: number): boolean =>
  typeof a === "string" && typeof b === "string" && Math.abs(Date.parse(a) - Date.parse(b)) <= ms

/** Deals resemble each other by amount or close date, activities by time. */
const unlike = (type: EntityType, a: Groups, b: Groups): boolean => {
  if (type === "activity") return !near(a["time"]?.["time"], b["time"]?.["time"], 60_000)
  const amounts = [a["money"]?.["amount"], b["money"]?.["amount"]]
  if (typeof amounts[0] === "number" && typeof amounts[1] === "number") {
    if (Math.abs(amounts[0] - amounts[1]) * 10 <= Math.max(Math.abs(amounts[0]), Math.abs(amounts[1]))) return false
  }
  return !near(a["closeDate"]?.["closeDate"], b["closeDate"]?.["closeDate"], 31 * DAY_MS)
}

export const contradicts = (type: EntityType, key: string, a: Groups, b: Groups): boolean => {
  switch (type) {
    case "contact":
      return people(key, a, b)
    case "company":
      return companies(key, a, b)
    case "deal":
    case "activity":
      return unlike(type, a, b)
  }
}
