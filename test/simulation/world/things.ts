/** What the world consists of: people, companies, deals and activities, and what is decided together of each. */

export type Kind = "person" | "company" | "deal" | "activity"
export const KINDS: ReadonlyArray<Kind> = ["company", "person", "deal", "activity"]

/** What is decided together, as one text; `""`: empty. A reference is the key of the thing that it names. */
export type GroupName = "name" | "email" | "title" | "phone" | "address" | "company" | "closeDate" | "money" | "subject"

export const GROUPS: Readonly<Record<Kind, ReadonlyArray<GroupName>>> = {
  person: ["name", "email", "title", "phone", "address", "company"],
  company: ["name", "phone"],
  deal: ["title", "closeDate", "money", "company"],
  activity: ["subject"],
}

/** The group that says which thing it is: its last word, which is never edited. */
const NAMING: Readonly<Record<Kind, GroupName>> = {
  person: "name",
  company: "name",
  deal: "title",
  activity: "subject",
}

export type Values = Partial<Readonly<Record<GroupName, string>>>

const SEPARATOR = "|"

/** Parts of a group as one text: empty as a whole where all of them are. */
export const joined = (...parts: ReadonlyArray<string>): string =>
  parts.every((part) => part === "") ? "" : parts.join(SEPARATOR)
export const parted = (text: string, count: number): ReadonlyArray<string> => {
  const parts = text.split(SEPARATOR)
  return Array.from({ length: count }, (_, at) => parts[at] ?? "")
}

/** A text whose last word names the thing, as one that has both parts: `Deal 7 D1` is `Deal 7|D1`. */
export const named = (whole: string): string => {
  const at = whole.lastIndexOf(" ")
  return joined(at === -1 ? "" : whole.slice(0, at), whole.slice(at + 1))
}
export const unnamed = (text: string): string => parted(text, 2).join(" ").trim()

const LETTERS: Readonly<Record<string, Kind>> = { P: "person", C: "company", D: "deal", A: "activity" }
const letterOf = (kind: Kind): string => Object.keys(LETTERS).find((one) => LETTERS[one] === kind)!

/** `P1`, `C1`, `D1`, `A1`. */
export const keyFor = (kind: Kind, number: number): string => `${letterOf(kind)}${number}`
/** Of a key, or of a text that begins with one. */
export const kindOf = (key: string): Kind => LETTERS[key.charAt(0)]!

/** Which thing these are the values of; `""`: none of the story. */
export const keyOf = (kind: Kind, values: Values): string => {
  const key = parted(values[NAMING[kind]] ?? "", 2)[1] ?? ""
  return key.startsWith(letterOf(kind)) && /^.\d+$/.test(key) ? key : ""
}

export const isNaming = (kind: Kind, group: GroupName): boolean => NAMING[kind] === group
export const groupsOf = (key: string): ReadonlyArray<GroupName> => GROUPS[kindOf(key)]
/** Those of a thing's groups of which something is said. */
export const givenOf = (key: string, values: Values): ReadonlyArray<readonly [GroupName, string]> =>
  groupsOf(key).flatMap((group) => {
    const value = values[group]
    return value === undefined ? [] : [[group, value] as const]
  })

/** When every activity is due: HubSpot makes none without, and nobody edits it. */
export const DUE = "2026-03-02T00:00:00.000Z"

/** What the engine calls a thing of that kind. */
export const TYPES = { person: "contact", company: "company", deal: "deal", activity: "activity" } as const

/**
 * Who wins where two moved: the CRM; the product; what was edited last; or nobody, and a person is asked. Of a strict one the
 * others are not taken at all, whatever stands against them.
 */
export type Rule = "crm" | "app" | "asked" | "newest" | `strict:${string}`

/** The side that a rule is strict for; null: it is for none. */
export const strictFor = (rule: Rule): string | null =>
  rule.startsWith("strict:") ? rule.slice("strict:".length) : null

/** A rule of one field alone. */
export interface FieldRule {
  readonly of: Kind
  readonly group: GroupName
  readonly rule: Rule
}

/** As long as nobody chooses others. */
export const RULES: Readonly<Record<Kind, Rule>> = {
  person: "crm",
  company: "crm",
  deal: "asked",
  activity: "app",
}
