/** The real world behind the records: companies, people, deals and activities, and how a system has one written down. */
import type { System } from "./sizes.ts"
import type { PhoneNumber } from "./spelling.ts"
import type { Place, Seller } from "./vocabulary.ts"

/** Names one real thing, whatever systems hold of it: `person:17`. */
export type Label = string

export interface Company {
  readonly label: Label
  readonly stem: string
  readonly legal: string
  readonly domain: string
  readonly phone: PhoneNumber
  readonly vat: string
  readonly place: Place
  readonly street: string
  readonly seller: Seller
  readonly systems: ReadonlyArray<System>
}

export interface Person {
  readonly label: Label
  readonly first: string
  readonly last: string
  readonly email: string
  readonly privateEmail: string
  readonly phone: PhoneNumber
  readonly mobile: PhoneNumber | null
  readonly title: string
  readonly company: Company | null
  readonly place: Place
  readonly street: string
  readonly seller: Seller
  readonly systems: ReadonlyArray<System>
}

export const STEPS = ["new", "qualified", "proposal", "negotiation", "won", "lost"] as const
export type Step = (typeof STEPS)[number]

export const KINDS = ["call", "task", "note", "meeting", "email"] as const
export type Kind = (typeof KINDS)[number]

interface Held {
  readonly system: System
  readonly label: Label
  readonly seller: Seller
  /** ms since 1970. */
  readonly createdAt: number
  readonly changedAt: number
}

export interface HeldCompany extends Held {
  readonly name: string
  readonly domain: string | null
  readonly phone: string | null
  readonly vat: string | null
  readonly place: Place
  readonly street: string
}

export interface HeldPerson extends Held {
  readonly first: string | null
  readonly last: string
  readonly email: string | null
  readonly otherEmails: ReadonlyArray<string>
  readonly phone: string | null
  readonly mobile: string | null
  readonly title: string | null
  readonly company: Label | null
  readonly place: Place
  readonly street: string
}

export interface HeldDeal extends Held {
  readonly title: string
  /** In minor units of the currency. */
  readonly amount: number
  readonly currency: "EUR" | "CHF"
  readonly step: Step
  readonly lostReason: string | null
  /** `YYYY-MM-DD`. */
  readonly closeDate: string
  readonly company: Label
  readonly person: Label | null
}

export interface HeldActivity extends Held {
  readonly kind: Kind
  readonly subject: string
  readonly body: string
  /** ms since 1970, at a whole minute. */
  readonly time: number
  /** Seconds; null where the kind has none. */
  readonly duration: number | null
  readonly direction: "inbound" | "outbound" | null
  readonly done: boolean
  readonly person: Label
  readonly deal: Label | null
}

export interface World {
  readonly companies: ReadonlyArray<HeldCompany>
  readonly people: ReadonlyArray<HeldPerson>
  readonly deals: ReadonlyArray<HeldDeal>
  readonly activities: ReadonlyArray<HeldActivity>
  readonly ambiguous: Readonly<Record<Label, Ambiguity>>
  /** People of whom Odoo knows too little to tell them from this other one. */
  readonly halfKnown: ReadonlyMap<Label, Label>
}

/**
 * Why nobody could tell from the records alone: the same address under contradicting names; two people of one family at
 * one number and a record that may be either; a deal entered twice, which no rule may take for one.
 */
export type Ambiguity = "contradictingName" | "twoCandidates" | "enteredTwice"
