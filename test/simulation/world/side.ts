/**
 * A system of the world as its people see it: records by id, and values by group in terms that all systems share. What
 * the groups are called at each provider is written down here once more, on purpose: nothing of the engine's own mapping
 * is used to judge it.
 */

/** What is decided together, as one text; `""`: empty. */
export type GroupName = "name" | "email" | "title" | "phone" | "address"
export const GROUPS: ReadonlyArray<GroupName> = ["name", "email", "title", "phone", "address"]

export type Values = Readonly<Record<GroupName, string>>

export interface Seen {
  readonly id: string
  readonly values: Values
}

/** A change that came over the system's interface, and so from the engine. */
export interface Written {
  readonly side: string
  readonly id: string
  readonly kind: "create" | "update" | "archive"
  /** Of the app: what came, and whether it had waited for the answer to an edit of the same field. */
  readonly values?: Partial<Values>
  readonly wasWithheld?: boolean
}

export interface Side {
  /** The connection's name too. */
  readonly name: string
  readonly tenant: string
  readonly isApp: boolean
  readonly provider: "app" | "hubspot" | "odoo"
  /** The object that holds people. */
  readonly object: string
  readonly get: (id: string) => Seen | null
  readonly list: () => ReadonlyArray<Seen>
  /** As it always was: no change that anybody is told of. */
  readonly seed: (values: Partial<Values>) => string
  readonly create: (values: Partial<Values>) => Promise<string> | string
  readonly edit: (id: string, values: Partial<Values>) => Promise<void> | void
  readonly remove: (id: string) => Promise<void> | void
  /** Writes that came over the interface so far. */
  readonly writes: () => number
}

const SEPARATOR = "|"

/** Parts of a group as one text: empty as a whole where all of them are. */
export const joined = (...parts: ReadonlyArray<string>): string =>
  parts.every((part) => part === "") ? "" : parts.join(SEPARATOR)
export const parted = (text: string, count: number): ReadonlyArray<string> => {
  const parts = text.split(SEPARATOR)
  return Array.from({ length: count }, (_, at) => parts[at] ?? "")
}

/** Who a person is, whatever is edited: the family name is never touched. */
export const personOf = (values: Values): string => parted(values.name, 2)[1] ?? ""
