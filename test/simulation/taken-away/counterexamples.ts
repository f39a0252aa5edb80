/** What is taken away of the rules that answer the traces CE1 to CE18. */
import type { Mutation } from "./mutation.ts"

const RULES = "packages/rules/src/reconcile"
const CONNECTION = "packages/engine/src/connection"
const TESTS = "packages/rules/test"

export const COUNTEREXAMPLES: ReadonlyArray<Mutation> = [
  {
    rule: "CE1",
    says: "a read that began before the newest fact counts",
    file: `${CONNECTION}/judge.ts`,
    from: "at.startedAt <= seen.factAt || (at.busyUntil !== null && at.startedAt <= at.busyUntil)",
    to: "at.startedAt <= seen.factAt && at.startedAt < 0",
    seenBy: {
      file: "test/engine/reading.test.ts",
      title: "a stale read is no news: a slow poll does not bring back the value before",
    },
  },
  {
    rule: "CE1",
    says: "a read that overlaps a write of ours counts",
    file: `${CONNECTION}/judge.ts`,
    from: " || (at.busyUntil !== null && at.startedAt <= at.busyUntil)",
    to: "",
    seenBy: {
      file: `${CONNECTION}/decisions.test.ts`,
      title: "a read that began before the newest fact, or before a write had ended, is stale",
    },
  },
  {
    rule: "CE2",
    says: "the lossy form of what we sent is no echo",
    file: `${RULES}/group.ts`,
    from: "(lens.same(sent, view) || lens.same(lens.lossy(sent), view))",
    to: "lens.same(sent, view)",
    seenBy: {
      file: `${TESTS}/counterexamples.test.ts`,
      title:
        "[CE2] [R2] the lossy form of what we sent is our echo and never becomes canonical, with or without an answer",
    },
  },
  {
    rule: "CE3",
    says: "a write of a value that was written before is taken for that one",
    file: `${CONNECTION}/candidate.ts`,
    from: "canonicalJson(write.values), write.due].join",
    to: "canonicalJson(write.values)].join",
    seenBy: {
      file: "packages/engine/src/connection/decisions.test.ts",
      title: "the key names the value and the due sequence: A, B, A are three writes",
    },
  },
  {
    rule: "CE3",
    says: "what is due has one sequence for ever",
    file: `${RULES}/due.ts`,
    from: "const seq = link.due.seq + 1",
    to: "const seq = 1",
    seenBy: {
      file: `${TESTS}/counterexamples.test.ts`,
      title: "[CE3] A, B, A again within a deduplication window: each has a sequence, so the last A travels",
    },
  },
  {
    rule: "CE4",
    says: "all that an answer holds is answer, also what was not sent",
    file: `${CONNECTION}/settle.ts`,
    from: "Object.keys(held).filter((name) => !names.includes(name)),",
    to: "[],",
    seenBy: {
      file: `${CONNECTION}/decisions.test.ts`,
      title: "what was sent is the answer, all else in it an observation",
    },
  },
  {
    rule: "CE5",
    says: "whatever is seen after our write is a rendering of it",
    file: `${RULES}/group.ts`,
    from: "return isLast && lens.same(lens.lossy(wrote.view), view) ? wrote.view : undefined",
    to: "return isLast ? wrote.view : undefined",
    seenBy: { world: "one after the other", invariant: "divergent" },
  },
  {
    rule: "CE6",
    says: "a parked group is due",
    file: `${RULES}/due.ts`,
    from: "wanted === null || held.parked !== undefined || held.quarantined === true",
    to: "wanted === null || held.quarantined === true",
    seenBy: { world: "two at once on a deal's money", invariant: "lost" },
  },
  {
    rule: "CE7",
    says: "a record that is gone keeps its hash: come back alike, it is no news",
    file: `${CONNECTION}/seen.ts`,
    from: "return { ...rest, hashes: {}, factAt, readAt: Math.max(seen.readAt, startedAt), gone: true }",
    to: "return { ...rest, factAt, readAt: Math.max(seen.readAt, startedAt), gone: false }",
    seenBy: { world: "gone and back alike", invariant: "waiting" },
  },
  {
    rule: "CE7",
    says: "a write leaves the hash of what was read before it: the old value come back is no news",
    file: `${CONNECTION}/seen.ts`,
    from: "const hashes: Record<string, string> = { ...without(seen.hashes, touched) }\n  for (const facet of whole) hashes[facet] = known[facet]!",
    to: "const hashes = { ...known, ...seen.hashes, ...without({}, touched), ...(whole.size < 0 ? known : {}) }",
    seenBy: {
      file: "packages/engine/src/connection/decisions.test.ts",
      title: "is the whole facet where the answer held it, and nothing of it otherwise",
    },
  },
  {
    rule: "CE8",
    says: "a record that is restored has lost its shadows",
    file: `${RULES}/gone.ts`,
    from: "primary ? { ...link, primary: record, tombstone: null } : { ...link, duplicates: [...link.duplicates, record] },\n  )\n  if (link.tombstone",
    to: "primary ? { ...link, groups: {}, primary: record, tombstone: null } : link,\n  )\n  if (link.tombstone",
    seenBy: { world: "gone, edited elsewhere, and back", invariant: "regression" },
  },
  {
    rule: "CE9",
    says: "a record does not wait for the creates that it may be",
    file: `${RULES}/place.ts`,
    from: "const creating = waited ? [] : creatingOf(tx, connection, type)",
    to: "const creating: ReadonlyArray<string> = []",
    seenBy: {
      file: `${TESTS}/counterexamples.test.ts`,
      title: "[CE9] a record of ours seen before the answer to its create waits, and is not created everywhere",
    },
  },
  {
    rule: "CE10",
    says: "an agreement does not keep the stronger provenance",
    file: `${RULES}/group.ts`,
    from: "  if (isStronger(edit.context.policy, rule, sideOf(edit, current.provenance), sideOf(edit, provenance))) {",
    to: "  if (current.revision < 0 && isStronger(edit.context.policy, rule, sideOf(edit, current.provenance), sideOf(edit, provenance))) {",
    seenBy: {
      file: `${TESTS}/counterexamples.test.ts`,
      title: "[CE10] app = A, crm = A, erp = B gives one value in every order",
    },
  },
  {
    rule: "CE11",
    says: "the hops of a group are not counted on",
    file: `${RULES}/oscillation.ts`,
    from: "const hops = (held.hops ?? 0) + 1",
    to: "const hops = 1",
    seenBy: {
      file: `${TESTS}/counterexamples.test.ts`,
      title: "[CE11] [R10] a provider that answers each write with another value is quarantined after three hops",
    },
  },
  {
    rule: "CE12",
    says: "what was seen under another mapping counts under the new one",
    file: `${RULES}/context.ts`,
    from: "held !== undefined && held.signature === lens.signature ? held :",
    to: "held !== undefined ? { ...held, signature: lens.signature } :",
    seenBy: {
      file: `${TESTS}/counterexamples.test.ts`,
      title: "[CE12] after a mapping change the first observation is a first link, not an edit to empty",
    },
  },
  {
    rule: "CE13",
    says: "amount and currency are decided apart",
    file: "packages/model/src/canonical/types.ts",
    from: 'currency: { kind: "currency", group: "money" }',
    to: 'currency: { kind: "currency", group: "stage" }',
    seenBy: {
      file: `${TESTS}/counterexamples.test.ts`,
      title: "[CE13] amount and currency are decided together: 10,000 USD never become 10,000 EUR",
    },
  },
  {
    rule: "CE14",
    says: "an edit of the one e-mail that a system has is one of all of them",
    file: "packages/model/src/canonical/types.ts",
    from: 'otherEmails: { kind: "set", of: "email", group: "otherEmails" }',
    to: 'otherEmails: { kind: "set", of: "email", group: "email" }',
    seenBy: {
      file: `${TESTS}/counterexamples.test.ts`,
      title: "[CE14] an edit of the one e-mail a system has does not erase the others",
    },
  },
  {
    rule: "CE15",
    says: "a set is as the side that changed it shows it",
    file: "packages/rules/src/mapping/references.ts",
    from: "      (entity) => !removed.has(entity) && ",
    to: "      (entity) => present.includes(entity) && !removed.has(entity) && ",
    seenBy: {
      file: "packages/rules/src/mapping/test/mapping.test.ts",
      title: "of a set take the difference, so that what one side lacks is not erased",
    },
  },
  {
    rule: "CE16",
    says: "of an entity that a question is about something is created",
    file: `${RULES}/due.ts`,
    from: "if (link.tombstone !== null || doc.questions.length > 0 || link.duplicates.length > 0) return null",
    to: "if (link.tombstone !== null || link.duplicates.length > 0) return null",
    seenBy: {
      file: `${TESTS}/counterexamples.test.ts`,
      title: "[CE16] nothing is created where a create is not allowed, and nothing of an entity with an open question",
    },
  },
  {
    rule: "CE16",
    says: "something is created before everything there was read",
    file: `${CONNECTION}/round.ts`,
    from: '  return kind !== "create" || doc.backfill.state === "done"',
    to: "  return true",
    seenBy: {
      file: "test/engine/first-sync.test.ts",
      title: "creates nothing before it has read everything: the person may be on the last page",
    },
  },
  {
    rule: "CE17",
    says: "a former owner of a connection that wakes up goes on",
    file: `${CONNECTION}/Ledger.ts`,
    from: "    if (others.includes(stream))\n      return yield*",
    to: '    if (others.includes(""))\n      return yield*',
    seenBy: {
      file: "test/engine/crash.test.ts",
      title: "[CE17] a former owner of a connection that wakes up stops, and adds nothing",
    },
  },
  {
    rule: "CE18",
    says: "a wake-up is not answered",
    file: `${CONNECTION}/listening.ts`,
    from: "    return Effect.forEach(deliveries, ({ ack }) => ack, ALL_AT_ONCE)",
    to: "    return Effect.void",
    seenBy: {
      file: "test/engine/push.test.ts",
      title: "[CE18] wake-ups of a connection that may not write are answered at once, and hold nobody back",
    },
  },
]
