/**
 * A system of the world as its people see it: records by id, and values by group in terms that all systems share. What
 * the groups are called at each provider is written down here once more, on purpose: nothing of the engine's own mapping
 * is used to judge it.
 */
import { type GroupName, joined, type Kind, named, parted, unnamed, type Values } from "./things.ts"

export interface Seen {
  readonly id: string
  readonly values: Values
}

/** A change that came over the system's interface, and so from the engine. */
export interface Written {
  readonly side: string
  readonly of: Kind
  readonly id: string
  readonly kind: "create" | "update" | "archive" | "associate" | "dissociate"
  /** Of the app: what came, and whether it had waited for the answer to an edit of the same field. */
  readonly values?: Values
  readonly wasWithheld?: boolean
  /** Of the app: what stands in the record since, also in one that was deleted. */
  readonly stands?: Values
  /** Of HubSpot: what was meant for a record that had become part of this one by then. */
  readonly meantForAnother?: Values
}

export interface Side {
  /** The connection's name too. */
  readonly name: string
  readonly tenant: string
  readonly isApp: boolean
  /** Whether it tells what stood in a field before, and who entered it. */
  readonly keepsHistory: boolean
  readonly provider: "app" | "hubspot" | "odoo"
  /** Its own name of what holds such a thing. */
  readonly objects: Readonly<Record<Kind, string>>
  /** What of a thing this system has at all, and can be edited there. */
  readonly groups: Readonly<Record<Kind, ReadonlyArray<GroupName>>>
  /** The company that a deal names there once and for all, by its key, where that is none of its groups; "": none. */
  readonly customer?: (deal: string) => string
  /** With whom an activity is, where that is one person for good. Absent: people can have it be with another. To ask draws nothing. */
  readonly hangsOn?: (activity: string) => ReadonlyArray<string>
  /** Whether an activity stands there with somebody who is archived, and is no more gone than that record is. */
  readonly outlasts?: (activity: string) => boolean
  /** The people whom an activity is with there, by their keys, of those that are there. */
  readonly participants: (activity: string) => ReadonlyArray<string>
  readonly get: (kind: Kind, id: string) => Seen | null
  readonly list: (kind: Kind) => ReadonlyArray<Seen>
  /** As it always was: no change that anybody is told of. */
  readonly seed: (kind: Kind, values: Values, about: About) => string
  readonly create: (kind: Kind, values: Values, about: About) => Promise<string> | string
  /** `imported`: as a row of a file that somebody imports, where the system tells that from an edit. */
  readonly edit: (kind: Kind, id: string, values: Values, imported?: boolean) => Promise<void> | void
  /** Whether the system lets nobody save that; `id` null: of a new record. Absent: it takes everything. */
  readonly refuses?: (kind: Kind, id: string | null, values: Values) => boolean
  /** As an edit, by no person; absent: an automation's edit looks like a person's there. */
  readonly automate?: (kind: Kind, id: string, values: Values) => Promise<void> | void
  readonly remove: (kind: Kind, id: string) => Promise<void> | void
  /** Takes back what was removed; null: what is removed there is gone for good. */
  readonly restore: (kind: Kind) => ((id: string) => Promise<void> | void) | null
  /** Makes one record of two of a kind, as its people do it; null: they can't. The id of what remains. */
  readonly merge: ((kind: Kind, winner: string, loser: string) => Promise<string> | string) | null
  /** Writes that came over the interface so far. */
  readonly writes: () => number
}

/** What a new thing is told of once: the web address of a company, the id of the person whom an activity is with. */
export interface About {
  /** As a row of a file that somebody imports. */
  readonly imported?: boolean
  readonly domain?: string
  readonly person?: string
}

/** How a system keeps the groups of a kind: names of its fields, and what stands in them. */
export interface Shape<Raw> {
  readonly fields: ReadonlyArray<string>
  readonly write: (text: string) => Readonly<Record<string, Raw>>
  readonly read: (raw: Readonly<Record<string, unknown>>) => string
}
export type Shapes<Raw> = Readonly<Record<Kind, Partial<Readonly<Record<GroupName, Shape<Raw>>>>>>

export const rawOf = <Raw>(shapes: Shapes<Raw>, kind: Kind, values: Values): Readonly<Record<string, Raw>> =>
  Object.assign(
    {},
    ...Object.entries(values).map(([group, text]) => shapes[kind][group as GroupName]?.write(text) ?? {}),
  ) as Readonly<Record<string, Raw>>

export const valuesOf = <Raw>(shapes: Shapes<Raw>, kind: Kind, raw: Readonly<Record<string, unknown>>): Values =>
  Object.fromEntries(Object.entries(shapes[kind]).map(([group, shape]) => [group, shape.read(raw)]))

export const groupsIn = <Raw>(shapes: Shapes<Raw>): Side["groups"] =>
  Object.fromEntries(Object.entries(shapes).map(([kind, of]) => [kind, Object.keys(of)])) as unknown as Side["groups"]

const text = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" ? `${value}` : ""

/** One text per field; `empty` is how the system has nothing. */
export const plain = <Empty>(empty: Empty, ...fields: ReadonlyArray<string>): Shape<string | Empty> => ({
  fields,
  write: (of) =>
    Object.fromEntries(parted(of, fields.length).map((part, at) => [fields[at]!, part === "" ? empty : part])),
  read: (raw) => joined(...fields.map((field) => text(raw[field]))),
})

/** One field that ends with the key of the thing. */
export const naming = (field: string): Shape<string> => ({
  fields: [field],
  write: (of) => ({ [field]: unnamed(of) }),
  read: (raw) => named(text(raw[field])),
})
