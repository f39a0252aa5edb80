/** What is taken away of what holds at any time: R20 to R27, and R50. */
import type { Mutation } from "./mutation.ts"

const RULES = "packages/rules/src/reconcile"
const CONNECTION = "packages/engine/src/connection"
const TESTS = "packages/rules/test"

export const ALWAYS: ReadonlyArray<Mutation> = [
  {
    rule: "R20",
    says: "what another side changed is not due",
    file: `${RULES}/due.ts`,
    from: "    if (!holds(lens, held, wanted, held.shadow)) groups[lens.group] = wanted",
    to: '    if (lens.group === "" && !holds(lens, held, wanted, held.shadow)) groups[lens.group] = wanted',
    seenBy: { file: `${TESTS}/histories.test.ts`, title: "[R20] converges on a calm network" },
  },
  {
    rule: "R20",
    says: "what a mapping only reads is written",
    file: `${RULES}/due.ts`,
    from: 'if (lens.direction === "in" || lens.readOnly !== null || doc.groups',
    to: "if (doc.groups",
    seenBy: { world: "a field that is only read", invariant: "unmapped" },
  },
  {
    rule: "R21",
    says: "what is held is due",
    file: `${RULES}/due.ts`,
    from: "    if (!holds(lens, held, wanted, held.shadow)) groups[lens.group] = wanted",
    to: "    groups[lens.group] = wanted",
    seenBy: {
      file: `${TESTS}/histories.test.ts`,
      title: "[R21] nothing is due and nothing is written after quiescence",
    },
  },
  {
    rule: "R22",
    says: "an entity's id is not decided by the journal alone",
    file: `${RULES}/place.ts`,
    from: "entityId(\n      context.tx.cause.at,\n      `${context.tx.cause.tenant}",
    to: "entityId(\n      context.tx.cause.at,\n      `${(globalThis.decided = (globalThis.decided ?? 0) + 1)}\\n${context.tx.cause.tenant}",
    seenBy: {
      file: `${TESTS}/histories.test.ts`,
      title: "[R22] replay gives the same events and the same documents, byte for byte",
    },
  },
  {
    rule: "R23",
    says: "a reading that shows what is known is appended again",
    file: `${CONNECTION}/judge.ts`,
    from: "if (!seen.gone && known !== null && isKnown(",
    to: "if (seen.gone && known !== null && isKnown(",
    seenBy: {
      file: "test/engine/reading.test.ts",
      title: "an unchanged record is not appended, whoever reads it and however often",
    },
  },
  {
    rule: "R24",
    says: "between equals the one that came last is the stronger",
    file: `${RULES}/conflict.ts`,
    from: "  return a.connection < b.connection\n",
    to: "  return true\n",
    seenBy: {
      file: `${TESTS}/properties.test.ts`,
      title: "[R24] any order and duplication of first sights converges to one value under rules that rank sides",
    },
  },
  {
    rule: "R25",
    says: "a split gives the merged one nothing back of what it brought",
    file: `${RULES}/merge.ts`,
    from: "const theirs: Record<string, GroupState> = { ...merge.brought.groups }",
    to: "const theirs: Record<string, GroupState> = {}",
    seenBy: { file: `${TESTS}/properties.test.ts`, title: "[R25] split after merge gives back what each brought" },
  },
  {
    rule: "R25",
    says: "of a record that was a duplicate nothing is known after the split",
    file: `${RULES}/merge.ts`,
    from: "? { ...there, primary: link.record, groups }",
    to: "? { ...there, primary: link.record }",
    seenBy: { world: "two that are said to be one, and are not", invariant: "divergent" },
  },
  {
    rule: "R26",
    says: "an edit that our write stood over is no conflict",
    file: `${RULES}/overwritten.ts`,
    from: "  if (standing === null || current === undefined ||",
    to: "  if (standing !== undefined || current === undefined ||",
    seenBy: { file: "packages/rules/test/overwritten.test.ts", title: "wins where its side does, and is written back" },
  },
  {
    rule: "R26",
    says: "of two edits of one side that our writes stood over the rule decides",
    file: `${RULES}/overwritten.ts`,
    from: "if (current.provenance.connection !== connection) return conflict",
    to: 'if (current.provenance.connection !== "") return conflict',
    seenBy: {
      file: "packages/rules/test/overwritten.test.ts",
      title: "[R5] is a later edit where what stands came from there: no rule decides, and nobody is asked",
    },
  },
  {
    rule: "R26",
    says: "a plan that is older than the newest fact of its record is written",
    file: `${CONNECTION}/intend.ts`,
    from: "    seen.factAt < plannedAt && !seen.gone &&",
    to: "    seen.factAt < plannedAt + 1e15 && !seen.gone &&",
    seenBy: { file: "test/engine/push.test.ts", title: "a fact that comes between plan and write is decided first" },
  },
  {
    rule: "R26",
    says: "nothing is read before it is written",
    file: `${CONNECTION}/round.ts`,
    from: "  if (!canRead(parts, object)) return batch\n  const known",
    to: "  if (canRead(parts, object)) return batch\n  const known",
    seenBy: { world: "an edit that nobody was told of", invariant: "gap" },
  },
  {
    rule: "R26",
    says: "what is read after a lost answer counts before the history was asked",
    file: `${CONNECTION}/lost-answers.ts`,
    from: "  const lost = shown === undefined ? [] : lostWrites(parts, readings)\n",
    to: "  const lost = shown !== undefined ? [] : lostWrites(parts, readings)\n",
    seenBy: {
      file: "test/engine/hubspot-gap.test.ts",
      title: "[R26] [HS46] a write without an answer was taken before a person took it back",
    },
  },
  {
    rule: "R27",
    says: "the code's own edition decides what was decided by another",
    file: "packages/rules/src/edition.ts",
    from: "tenantDoc(tx).edition ?? FIRST",
    to: "EDITION",
    seenBy: {
      file: `${TESTS}/editions.test.ts`,
      title:
        "[R27] what one edition has decided is decided like that again, and by the next one from where it was opened",
    },
  },
  {
    rule: "R50",
    says: "what follows from a batch is kept after its checkpoint, in a unit of its own",
    file: "packages/engine/src/flows/Reconciler.ts",
    from: "      yield* commitUnit(unit)\n",
    to:
      "      yield* commitUnit({ ...unit, documents: [] })\n" +
      "      yield* store.commit({ appends: [], documents, commands: [], checkpoint: null, ...leased })\n",
    seenBy: {
      file: "test/engine/crash.test.ts",
      title: "in three steps, a reconciler dies before and after append, state and wake-up",
    },
  },
]
