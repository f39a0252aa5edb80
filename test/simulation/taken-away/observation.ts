/** What is taken away of the meaning of an observation: R1 to R10. */
import type { Mutation } from "./mutation.ts"

const RULES = "packages/rules/src/reconcile"
const TESTS = "packages/rules/test"

export const OBSERVATION: ReadonlyArray<Mutation> = [
  {
    rule: "R1",
    says: "what a write of ours explains proves a value of the other side's own",
    file: `${RULES}/group.ts`,
    from: "  if (explained) {\n",
    to: '  if (explained && connection === "") {\n',
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R1] a create whose answer was lost is found again: its own values there are no sight of the CRM's",
    },
  },
  {
    rule: "R2",
    says: "the echo of a write of ours is taken for an edit",
    file: `${RULES}/group.ts`,
    from: "const sent = echoed(edit.link(connection).intents, known, lens, view)",
    to: "const sent = undefined as View | undefined",
    seenBy: {
      file: `${TESTS}/counterexamples.test.ts`,
      title:
        "[CE2] [R2] the lossy form of what we sent is our echo and never becomes canonical, with or without an answer",
    },
  },
  {
    rule: "R2",
    says: "a write that a read has shown stays open",
    file: `${RULES}/group.ts`,
    from: "  if (shown.length === 0) return",
    to: "  if (shown.length >= 0) return",
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R2] a write that a read has shown is done with: the same value again is a person's",
    },
  },
  {
    rule: "R3",
    says: "an empty side wins at the first link",
    file: `${RULES}/group.ts`,
    from: "  if (lens.empty(view)) {",
    to: '  if (lens.empty(view) && group === "") {',
    seenBy: { world: "six who are known twice", invariant: "lost" },
  },
  {
    rule: "R4",
    says: "an edit of the other side counts where a rule is strict",
    file: `${RULES}/group.ts`,
    from: 'if (shadow !== null && rule._tag === "Strict" && rule.connection !== connection) {',
    to: 'if (shadow !== null && rule._tag === "Strict" && rule.connection === "") {',
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R4] strict refuses an edit of the other side and pushes the value back",
    },
  },
  {
    rule: "R5",
    says: "the shadow is not moved",
    file: `${RULES}/group.ts`,
    from: "const held = shown(known, lens, view, provenance)",
    to: "const held = shown(known, lens, known.shadow ?? view, provenance)",
    seenBy: { world: "one after the other", invariant: "silence" },
  },
  {
    rule: "R5",
    says: "a later edit is a conflict",
    file: `${RULES}/group.ts`,
    from: "if (ours === null || heldBefore || fromHere || isSet(edit.type, lens)) {",
    to: "if (ours === null || isSet(edit.type, lens)) {",
    seenBy: { world: "one after the other", invariant: "regression" },
  },
  {
    rule: "R6",
    says: "the weaker side wins a conflict",
    file: `${RULES}/conflict.ts`,
    from: "return rank(theirs) > rank(ours)",
    to: "return rank(theirs) < rank(ours)",
    seenBy: { world: "two at once", invariant: "lost" },
  },
  {
    rule: "R6",
    says: "what the rules were at the beginning they are for ever",
    file: `${RULES}/connections.ts`,
    from: "putTenant(tx, { ...tenantDoc(tx), policy })",
    to: "",
    seenBy: { world: "two at once under other rules", invariant: "lost" },
  },
  {
    rule: "R6",
    says: "of two edits whose times overlap the one that came last is the newest",
    file: `${RULES}/conflict.ts`,
    from: 'if (ours.after >= theirs.until) return "ours"\n  return "park"',
    to: 'if (ours.after >= theirs.until) return "ours"\n  return "theirs"',
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R6] newest goes by provider time, and where two intervals overlap it is asked",
    },
  },
  {
    rule: "R7",
    says: "of two edits of a deal's money the last one stands, and nobody is asked",
    file: `${RULES}/conflict.ts`,
    from: 'ours.value["currency"] === theirs.value["currency"] ? "park" : byCrm()',
    to: 'ours.value["currency"] === theirs.value["currency"] ? "theirs" : byCrm()',
    seenBy: { world: "two at once on a deal's money", invariant: "lost" },
  },
  {
    rule: "R7",
    says: "of two edits of anything else of a deal the last one stands, and nobody is asked",
    file: `${RULES}/conflict.ts`,
    from: '"park" : byCrm()\n  return "park"',
    to: '"park" : byCrm()\n  return "theirs"',
    seenBy: { world: "two at once on a deal's date", invariant: "lost" },
  },
  {
    rule: "R7",
    says: "what one CRM closed any side opens again",
    file: `${RULES}/conflict.ts`,
    from: '(value["status"] === "won" || value["status"] === "lost") &&',
    to: 'value["status"] === "" &&',
    seenBy: { file: `${TESTS}/deals.test.ts`, title: "[R7] what one CRM closed no other side opens again" },
  },
  {
    rule: "R8",
    says: "what a person settles stays parked",
    file: `${RULES}/group.ts`,
    from: "  if (held?.parked === undefined) return\n",
    to: "  if (held?.parked !== null) return\n",
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R8] a parked conflict is settled by a person, and by a change of the rule",
    },
  },
  {
    rule: "R8",
    says: "what was parked under one rule stays so under another",
    file: `${RULES}/connections.ts`,
    from: "    showParked(edit, connection, group)\n    finish(edit)",
    to: "    finish(edit)",
    seenBy: { world: "parked, and then decided by another rule", invariant: "waiting" },
  },
  {
    rule: "R9",
    says: "what an answer holds instead of what was sent is no rendering of it",
    file: `${RULES}/writes.ts`,
    from: "    ...(lens.same(shadow, sent) ? {} : { rendering: { sent, held: shadow } }),\n",
    to: "",
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R9] what the answer holds instead of what was sent is its rendering: held, and nobody's edit",
    },
  },
  {
    rule: "R10",
    says: "nothing is quarantined",
    file: `${RULES}/oscillation.ts`,
    from: "if (hops <= edit.context.policy.quarantineAfter || held.quarantined === true)",
    to: "if (hops >= 0)",
    seenBy: { world: "automations against each other", invariant: "quiet" },
  },
  {
    rule: "R10",
    says: "what a person changes is a hop too",
    file: `${RULES}/oscillation.ts`,
    from: 'seen.by !== "person" && tx.cause.at - wrote.at <= POLLS * period',
    to: "tx.cause.at - wrote.at <= POLLS * period * 1_000",
    seenBy: { world: "a person against the product", invariant: "waiting" },
  },
]
