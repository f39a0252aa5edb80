/** What is taken away of identity, references, deletion, merges and refusals: R11 to R19. */
import type { Mutation } from "./mutation.ts"

const RULES = "packages/rules/src/reconcile"
const TESTS = "packages/rules/test"

export const IDENTITY: ReadonlyArray<Mutation> = [
  {
    rule: "R11",
    says: "a role mailbox is one person",
    file: "packages/rules/src/identity/keys.ts",
    from: 'address !== "" && !isRoleMailbox(address)',
    to: 'address !== ""',
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R11] e-mail before phone with family name; a role mailbox and a free-mail domain identify nobody",
    },
  },
  {
    rule: "R11",
    says: "nobody is matched by e-mail",
    file: "packages/rules/src/identity/keys.ts",
    from: 'address !== "" && !isRoleMailbox(address)',
    to: "address === null",
    seenBy: { world: "six who are known twice", invariant: "waiting" },
  },
  {
    rule: "R12",
    says: "two entities that come to share a key are no question",
    file: `${RULES}/identify.ts`,
    from: "  if (sharing.size === 0) return",
    to: "  if (sharing.size >= 0) return",
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R12] a record whose keys change to another entity's is a question",
    },
  },
  {
    rule: "R12",
    says: "a contradicting name is no question",
    file: `${RULES}/identify.ts`,
    from: '    if (contradicts(type, key, groups, groupValues(doc)))\n      return { _tag: "Ask"',
    to: '    if (type === null)\n      return { _tag: "Ask"',
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R12] a contradicting name is a question; the answer links, or makes another",
    },
  },
  {
    rule: "R12",
    says: "a question is not looked at again when a key changes",
    file: `${RULES}/identify.ts`,
    from: "placeAgain(context, waiting)",
    to: "void waiting",
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R12] a parked match is looked at again when a key changes",
    },
  },
  {
    rule: "R13",
    says: "our own id in a record says nothing",
    file: `${RULES}/place.ts`,
    from: "return ownId?.startsWith(mark) === true ? ownId.slice(mark.length) : null",
    to: 'return ownId === "" ? mark : null',
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R13] our own id names the entity, and one that nobody knows is adopted",
    },
  },
  {
    rule: "R14",
    says: "a record is created where the connection's admission forbids it",
    file: `${RULES}/due.ts`,
    from: 'if (policy === "never" || policy === "linkOnly" || state.opened.class !== "peer") return null',
    to: 'if (state.opened.class !== "peer") return null',
    seenBy: {
      file: `${TESTS}/counterexamples.test.ts`,
      title: "[CE16] nothing is created where a create is not allowed, and nothing of an entity with an open question",
    },
  },
  {
    rule: "R15",
    says: "what refers to a record that is not seen yet does not wait for it",
    file: `${RULES}/group.ts`,
    from: "    waitForRecords(edit, connection, group, put.waiting)\n",
    to: "",
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R15] a reference to a record not seen yet waits, of a push only the reference",
    },
  },
  {
    rule: "R15",
    says: "a reference that stands there and is known to nobody is written over",
    file: `${RULES}/due.ts`,
    from: "withUnknown(context, doc, connection, lens, held, got.view) : null",
    to: "got.view : null",
    seenBy: {
      file: `${TESTS}/references.test.ts`,
      title: "[R15] what stands in a set and is linked to nothing is not taken away by a write",
    },
  },
  {
    rule: "R15",
    says: "what is due in the place of another stays due once the two are one",
    file: `${RULES}/merge.ts`,
    from: "  replaceAgain(context, type, [from.id, into.id])\n",
    to: "",
    seenBy: {
      file: `${TESTS}/replaced-references.test.ts`,
      title: "[R15] stays due while what stands there is another one, whatever else they become one with",
    },
  },
  {
    rule: "R15",
    says: "what is due only to refer to a record stays due once that is gone",
    file: `${RULES}/gone.ts`,
    from: "if (primary && editionOf(tx) >= 3) replaceAgain",
    to: "if (primary && editionOf(tx) < 0) replaceAgain",
    seenBy: {
      file: `${TESTS}/replaced-references.test.ts`,
      title: "[R15] is due no more once what it refers to is gone, and is again when that is back",
    },
  },
  {
    rule: "R16",
    says: "no tombstone keeps what was deleted from being created again",
    file: `${RULES}/due.ts`,
    from: "if (link.tombstone !== null || doc.questions.length > 0",
    to: "if (doc.questions.length > 0",
    seenBy: { world: "deleted in one of two", invariant: "revived" },
  },
  {
    rule: "R17",
    says: "a mass deletion pauses nothing",
    file: `${RULES}/gone.ts`,
    from: 'const isNew = isMass && !state.paused.includes("mass deletion")',
    to: 'const isNew = isMass && state.paused.includes("mass deletion")',
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R17] more than a tenth and more than five gone within a day pauses the connection and asks",
    },
  },
  {
    rule: "R18",
    says: "a provider's merge merges nothing of ours",
    file: `${RULES}/gone.ts`,
    from: 'from.id !== into.id) mergeEntities(context, from, into, "provider")',
    to: 'from.id !== into.id && into.id === "") mergeEntities(context, from, into, "provider")',
    seenBy: { world: "two become one", invariant: "waiting" },
  },
  {
    rule: "R18",
    says: "of a merge, what the new record shows like the one before is news",
    file: `${RULES}/gone.ts`,
    from: "const groups = isMerged ? alike(mapping, observation, link.groups) : shadowsOf(before ?? {})",
    to: "const groups = isMerged ? {} : shadowsOf(before ?? {})",
    seenBy: {
      file: `${TESTS}/merges.test.ts`,
      title: "[R18] keeps an edit that was not written yet: what the new record shows as it was before is no news",
    },
  },
  {
    rule: "R18",
    says: "a merge into a record that is not seen yet is forgotten",
    file: `${RULES}/gone.ts`,
    from: "    } else if (goesOn) awaitWinner(context, connection, loser, winner)\n",
    to: "    }\n",
    seenBy: {
      file: `${TESTS}/merges.test.ts`,
      title: "[R18] into a record that is not seen yet merges ours when it is",
    },
  },
  {
    rule: "R18",
    says: "a merge into a record that was deleted, and is back unseen, is forgotten",
    file: `${RULES}/gone.ts`,
    from: "standsFor(stays, lost) || mayReturn(tx, stays)",
    to: "standsFor(stays, lost)",
    seenBy: {
      file: `${TESTS}/merges.test.ts`,
      title:
        "[R18] into a record that was deleted, and is back unseen, merges ours when it is seen, and nothing before",
    },
  },
  {
    rule: "R19",
    says: "a refusal stands for whatever comes after the refused value",
    file: `${RULES}/due.ts`,
    from: "      if (lens.same(held.refused.view, wanted) && !isThere) continue",
    to: "      if (held.refused.view !== undefined) continue",
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R19] a refusal stands for that value only; one that names a field leaves the others due",
    },
  },
  {
    rule: "R19",
    says: "a refused value is due again at once",
    file: `${RULES}/due.ts`,
    from: "      if (lens.same(held.refused.view, wanted) && !isThere) continue\n",
    to: "",
    seenBy: {
      file: `${TESTS}/rules.test.ts`,
      title: "[R19] a refusal stands for that value only; one that names a field leaves the others due",
    },
  },
  {
    rule: "R19",
    says: "a write whose effect is unknown is done with",
    file: `${RULES}/writes.ts`,
    from: '  if (data.effect === "unknown") {',
    to: "  if (data.effect === null) {",
    seenBy: { file: `${TESTS}/rules.test.ts`, title: "[R19] an unknown effect leaves the write unresolved" },
  },
]
