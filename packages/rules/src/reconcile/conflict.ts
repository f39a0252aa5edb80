/** Who wins when both sides moved: a function of the rule, the two values and where they came from. */
import type { EntityType, GroupValue } from "@concordat/model/canonical/fields"
import { isEmpty } from "@concordat/model/canonical/types"
import type { Provenance } from "@concordat/model/events/entity"
import type { Policy, Rule } from "./context.ts"

export type Verdict = "ours" | "theirs" | "park"

export interface Side {
  readonly provenance: Provenance
  readonly isApp: boolean
}

/** Between equals: the tenant's authority, having a provider's time, that time, the connection's name. */
const stronger = (policy: Policy, a: Provenance, b: Provenance): boolean => {
  const place = (connection: string) => {
    const at = policy.authority.indexOf(connection)
    return at === -1 ? policy.authority.length : at
  }
  if (place(a.connection) !== place(b.connection)) return place(a.connection) < place(b.connection)
  if (a.provider !== b.provider) return a.provider
  if (a.provider && a.until !== b.until) return a.until > b.until
  return a.connection < b.connection
}

/** Whether `theirs` is the stronger side under a rule that ranks sides. Never depends on which came first. */
const outranks = (policy: Policy, rule: Rule, ours: Side, theirs: Side): boolean => {
  const rank = (side: Side) => {
    if (rule._tag === "Strict") return side.provenance.connection === rule.connection ? 2 : side.isApp ? 0 : 1
    return side.isApp === (rule._tag === "App") ? 1 : 0
  }
  if (rank(ours) !== rank(theirs)) return rank(theirs) > rank(ours)
  return stronger(policy, theirs.provenance, ours.provenance)
}

/** In an agreement the stronger provenance stays, so that the order of arrival does not decide a later conflict. */
export const isStronger = (policy: Policy, rule: Rule, ours: Side, theirs: Side): boolean => {
  if (ours.provenance.connection === theirs.provenance.connection)
    return theirs.provenance.until > ours.provenance.until
  if (rule._tag === "Newest") return newest(ours.provenance, theirs.provenance) === "theirs"
  return outranks(policy, rule, ours, theirs)
}

/**
 * When it was edited, at the earliest and at the latest. A stamp from before the last reading is of a clock that is behind, or of an
 * edit that was long on its way: it says how early, and nobody knows how late.
 */
const boundsOf = ({ after, until }: Provenance): { readonly earliest: number; readonly latest: number } =>
  until < after ? { earliest: until, latest: Number.POSITIVE_INFINITY } : { earliest: after, latest: until }

const newest = (ours: Provenance, theirs: Provenance): Verdict => {
  const [mine, other] = [boundsOf(ours), boundsOf(theirs)]
  if (other.earliest >= mine.latest) return "theirs"
  if (mine.earliest >= other.latest) return "ours"
  return "park"
}

const empty = (value: GroupValue): boolean => Object.values(value).every(isEmpty)

/** Deals: stage from the CRM; money from the CRM as a whole where currencies differ; nothing is erased; the rest is asked. */
const conservative = (
  policy: Policy,
  group: string,
  ours: Side & { readonly value: GroupValue },
  theirs: Side & { readonly value: GroupValue },
): Verdict => {
  if (empty(theirs.value)) return "ours"
  if (empty(ours.value)) return "theirs"
  const byCrm = (): Verdict => (outranks(policy, { _tag: "Crm" }, ours, theirs) ? "theirs" : "ours")
  if (group === "stage") return byCrm()
  if (group === "money") return ours.value["currency"] === theirs.value["currency"] ? "park" : byCrm()
  return "park"
}

/** `value`: the canonical value as it stands, and as it would be with the other side's view. */
export const settle = (
  policy: Policy,
  rule: Rule,
  _type: EntityType,
  group: string,
  ours: Side & { readonly value: GroupValue },
  theirs: Side & { readonly value: GroupValue },
): Verdict => {
  switch (rule._tag) {
    case "Manual":
      return "park"
    case "Newest":
      return newest(ours.provenance, theirs.provenance)
    case "Conservative":
      return conservative(policy, group, ours, theirs)
    case "Crm":
    case "App":
    case "Strict":
      return outranks(policy, rule, ours, theirs) ? "theirs" : "ours"
  }
}

/** A deal that is won or lost is opened again only by the CRM that closed it. */
export const reopensForeign = (group: string, value: GroupValue, next: GroupValue, closedBy: Side, by: Side): boolean =>
  group === "stage" &&
  (value["status"] === "won" || value["status"] === "lost") &&
  next["status"] === "open" &&
  !closedBy.isApp &&
  closedBy.provenance.connection !== by.provenance.connection
