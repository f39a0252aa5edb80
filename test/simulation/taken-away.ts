/** The rules that are taken away, each by one change of the engine's text: what a rule says, and what is said instead. */
import type { Plant } from "./crew.ts"

export interface Mutation extends Plant {
  /** The rule of `docs/rules.md` that is gone. */
  readonly rule: string
  readonly says: string
}

const RULES = "packages/rules/src/reconcile"
const CONNECTION = "packages/engine/src/connection"

export const MUTATIONS: ReadonlyArray<Mutation> = [
  {
    rule: "R2",
    says: "the echo of a write of ours is taken for an edit",
    file: `${RULES}/group.ts`,
    from: "const sent = echoed(edit.link(connection).intents, known, lens, view)",
    to: "const sent = undefined as View | undefined",
  },
  {
    rule: "R2",
    says: "a write that a read has shown stays open",
    file: `${RULES}/group.ts`,
    from: "  if (shown.length === 0) return",
    to: "  if (shown.length >= 0) return",
  },
  {
    rule: "R3",
    says: "an empty side wins at the first link",
    file: `${RULES}/group.ts`,
    from: "  if (lens.empty(view)) {",
    to: '  if (lens.empty(view) && group === "") {',
  },
  {
    rule: "R5",
    says: "the shadow is not moved",
    file: `${RULES}/group.ts`,
    from: "    shadow: view,",
    to: "    shadow: known.shadow ?? view,",
  },
  {
    rule: "R5",
    says: "a later edit is a conflict",
    file: `${RULES}/group.ts`,
    from: "if (ours === null || heldBefore || fromHere || isSet(edit.type, lens)) {",
    to: "if (ours === null || isSet(edit.type, lens)) {",
  },
  {
    rule: "R6",
    says: "the weaker side wins a conflict",
    file: `${RULES}/conflict.ts`,
    from: "return rank(theirs) > rank(ours)",
    to: "return rank(theirs) < rank(ours)",
  },
  {
    rule: "R7",
    says: "of two edits of a deal's money the last one stands, and nobody is asked",
    file: `${RULES}/conflict.ts`,
    from: 'ours.value["currency"] === theirs.value["currency"] ? "park" : byCrm()',
    to: 'ours.value["currency"] === theirs.value["currency"] ? "theirs" : byCrm()',
  },
  {
    rule: "CE6",
    says: "a parked group is due",
    file: `${RULES}/due.ts`,
    from: "wanted === null || held.parked !== undefined || held.quarantined === true",
    to: "wanted === null || held.quarantined === true",
  },
  {
    rule: "R10",
    says: "nothing is quarantined",
    file: `${RULES}/oscillation.ts`,
    from: "if (hops <= edit.context.policy.quarantineAfter || held.quarantined === true)",
    to: "if (hops >= 0)",
  },
  {
    rule: "R12",
    says: "two entities that come to share a key are no question",
    file: `${RULES}/identify.ts`,
    from: "  if (sharing.size === 0) return",
    to: "  if (sharing.size >= 0) return",
  },
  {
    rule: "R15",
    says: "what refers to a record that is not seen yet does not wait for it",
    file: `${RULES}/group.ts`,
    from: "    waitForRecords(edit, connection, group, put.waiting)\n",
    to: "",
  },
  {
    rule: "R16",
    says: "no tombstone keeps what was deleted from being created again",
    file: `${RULES}/due.ts`,
    from: "if (link.tombstone !== null || doc.questions.length > 0",
    to: "if (doc.questions.length > 0",
  },
  {
    rule: "R18",
    says: "a provider's merge merges nothing of ours",
    file: `${RULES}/gone.ts`,
    from: 'from.id !== into.id) mergeEntities(context, from, into, "provider")',
    to: 'from.id !== into.id && into.id === "") mergeEntities(context, from, into, "provider")',
  },
  {
    rule: "R18",
    says: "of a merge, what the new record shows like the one before is news",
    file: `${RULES}/gone.ts`,
    from: "const groups = reason === MERGED ? alike(mapping, observation, link.groups) : {}",
    to: "const groups = {}",
  },
  {
    rule: "R19",
    says: "a refusal stands for whatever comes after the refused value",
    file: `${RULES}/due.ts`,
    from: "      if (lens.same(held.refused.view, wanted)) continue",
    to: "      if (held.refused.view !== undefined) continue",
  },
  {
    rule: "CE1",
    says: "a read that began before the newest fact counts",
    file: `${CONNECTION}/judge.ts`,
    from: "at.startedAt <= seen.factAt || (at.busyUntil !== null && at.startedAt <= at.busyUntil)",
    to: "at.startedAt <= seen.factAt && at.startedAt < 0",
  },
  {
    rule: "CE3",
    says: "a write of a value that was written before is taken for that one",
    file: `${CONNECTION}/candidate.ts`,
    from: "canonicalJson(write.values), write.due].join",
    to: "canonicalJson(write.values)].join",
  },
  {
    rule: "CE7",
    says: "a record that is gone keeps its hash: come back alike, it is no news",
    file: `${CONNECTION}/seen.ts`,
    from: "return { ...rest, hashes: {}, factAt, readAt: Math.max(seen.readAt, startedAt), gone: true }",
    to: "return { ...rest, factAt, readAt: Math.max(seen.readAt, startedAt), gone: false }",
  },
  {
    rule: "CE9",
    says: "a record does not wait for the creates that it may be",
    file: `${RULES}/place.ts`,
    from: "const creating = waited ? [] : creatingOf(tx, connection, type)",
    to: "const creating: ReadonlyArray<string> = []",
  },
  {
    rule: "CE10",
    says: "an agreement does not keep the stronger provenance",
    file: `${RULES}/group.ts`,
    from: "  if (isStronger(edit.context.policy, rule, sideOf(edit, current.provenance), sideOf(edit, provenance))) {",
    to: "  if (current.revision < 0 && isStronger(edit.context.policy, rule, sideOf(edit, current.provenance), sideOf(edit, provenance))) {",
  },
]
