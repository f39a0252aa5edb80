/** What decides a conflict, per type of thing and group of fields, and what a deletion does: as data of the tenant. */
import type { EntityType } from "@concordat/model/canonical/fields"

export const RULE_NAMES = ["crm", "app", "newest", "manual", "conservative"] as const
export type RuleName = (typeof RULE_NAMES)[number]

export type Rule =
  | { readonly _tag: "Crm" | "App" | "Newest" | "Manual" | "Conservative" }
  /** Even edits without a conflict are refused everywhere but in this connection. */
  | { readonly _tag: "Strict"; readonly connection: string }

export type Deletion = "keep" | "propagate"

export interface Policy {
  readonly rule: (type: EntityType, group: string) => Rule
  /** Connections, strongest first; those that are not listed come after them. */
  readonly authority: ReadonlyArray<string>
  readonly deletions: (type: EntityType) => Deletion
  /** Reactive hops in a row that are let pass before a group is quarantined on a connection. */
  readonly quarantineAfter: number
}

/** A policy as data: rules by type, then by group; `*` is every group of the type that has none of its own. */
export interface PolicyDocument {
  readonly rules: Readonly<Record<EntityType, Readonly<Record<string, Rule>>>>
  readonly authority: ReadonlyArray<string>
  readonly deletions: Readonly<Record<EntityType, Deletion>>
  readonly quarantineAfter: number
}

/**
 * Master data comes from the CRM and activities from the app. Of a deal the stage comes from the CRM, its money as a
 * whole where the currencies differ; what else both sides moved is asked, and nothing is ever erased.
 */
export const defaultDocument: PolicyDocument = {
  rules: {
    contact: { "*": { _tag: "Crm" } },
    company: { "*": { _tag: "Crm" } },
    deal: { "*": { _tag: "Conservative" } },
    activity: { "*": { _tag: "App" } },
  },
  authority: [],
  deletions: { contact: "keep", company: "keep", deal: "keep", activity: "keep" },
  quarantineAfter: 3,
}

const MANUAL: Rule = { _tag: "Manual" }

/** Custom groups may be called anything, `constructor` too: only own entries count. */
const own = (rules: Readonly<Record<string, Rule>>, group: string): Rule | undefined =>
  Object.hasOwn(rules, group) ? rules[group] : undefined

export const makePolicy = (document: PolicyDocument): Policy => ({
  rule: (type, group) => own(document.rules[type], group) ?? own(document.rules[type], "*") ?? MANUAL,
  authority: document.authority,
  deletions: (type) => document.deletions[type],
  quarantineAfter: document.quarantineAfter,
})

export const defaultPolicy: Policy = makePolicy(defaultDocument)
