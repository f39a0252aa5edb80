/** Records that come, go, come back and become one. */
import type { Script } from "../../script.ts"
import { calm, create, edit, known, merge, MINUTE, remove, restore, SECOND } from "./calm.ts"

export const RECORDS = {
  "deleted in one of two": calm({
    sides: ["app", "odoo"],
    things: { person: known(3, "app", "odoo") },
    actions: [remove(5 * MINUTE, "odoo", "person", 0), edit(15 * MINUTE, "app", "person", 0, "title")],
  }),
  "gone and back alike": calm({
    sides: ["app", "hubspot"],
    things: { person: known(3, "app", "hubspot") },
    actions: [remove(5 * MINUTE, "hubspot", "person", 0), restore(15 * MINUTE, "hubspot", "person", 0)],
  }),
  "gone, edited elsewhere, and back": calm({
    sides: ["app", "hubspot"],
    things: { person: known(3, "app", "hubspot") },
    actions: [
      edit(2 * MINUTE, "hubspot", "person", 0, "title"),
      remove(5 * MINUTE, "hubspot", "person", 0),
      edit(10 * MINUTE, "app", "person", 0, "title"),
      restore(15 * MINUTE, "hubspot", "person", 0),
    ],
  }),
  "two become one": calm({
    sides: ["app", "hubspot"],
    things: { person: known(3, "app", "hubspot") },
    actions: [merge(5 * MINUTE, "hubspot", "person", 0, 1), edit(15 * MINUTE, "app", "person", 0, "title")],
  }),
  "two become a third, with an edit on its way": calm({
    sides: ["app", "hubspot"],
    things: { person: known(3, "app", "hubspot") },
    network: { latency: [500, 2_000], lost: 0, unanswered: 0, tooMany: 0, broken: 0, brokenAfter: 0 },
    reshaping: { mergeMintsId: true, mergeNamesChain: false, odooArchives: false },
    actions: [
      edit(5 * MINUTE - SECOND, "app", "person", 0, "title"),
      merge(5 * MINUTE, "hubspot", "person", 0, 1),
      edit(5 * MINUTE + SECOND, "app", "person", 0, "phone"),
    ],
  }),
  "creates without an answer": calm({
    sides: ["app", "odoo"],
    things: { person: known(1, "app", "odoo") },
    network: { latency: [200, 2_000], lost: 0, unanswered: 0.12, tooMany: 0, broken: 0, brokenAfter: 0 },
    actions: Array.from({ length: 8 }, (_, n) => create((n + 1) * MINUTE, "app", "person")),
  }),
  "a property that all must have": calm({
    sides: ["app", "hubspot"],
    things: { person: known(4, "app", "hubspot") },
    actions: [
      { kind: "trouble", at: 5 * MINUTE, what: "rule", forMs: 20 * MINUTE },
      edit(6 * MINUTE, "app", "person", 0, "phone", { empty: true }),
      edit(8 * MINUTE, "app", "person", 1, "phone", { empty: true }),
      edit(12 * MINUTE, "app", "person", 0, "phone"),
      edit(14 * MINUTE, "app", "person", 1, "title"),
    ],
  }),
  "two at once, of what was made of two": calm({
    sides: ["app", "hubspot"],
    things: { person: [["app"], ["app"]] },
    actions: [
      merge(6 * MINUTE, "hubspot", "person", 0, 1),
      edit(20 * MINUTE, "hubspot", "person", 0, "title"),
      edit(20 * MINUTE, "app", "person", 0, "title"),
    ],
  }),
} as const satisfies Readonly<Record<string, Script>>
