/** What operators decide: rules, mappings, what is parked, and which things are one. */
import type { Script } from "../../script.ts"
import { calm, edit, known, MINUTE, SECOND } from "./calm.ts"

export const RULED = {
  "two at once under other rules": calm({
    sides: ["app", "hubspot"],
    things: { person: known(1, "app", "hubspot") },
    actions: [
      { kind: "rules", at: MINUTE, rules: { person: "app" } },
      edit(20 * MINUTE, "app", "person", 0, "title"),
      edit(20 * MINUTE, "hubspot", "person", 0, "title"),
      edit(25 * MINUTE + SECOND, "hubspot", "person", 0, "phone"),
      edit(25 * MINUTE, "app", "person", 0, "phone"),
    ],
  }),
  "a field that is only read": calm({
    sides: ["app", "hubspot"],
    things: { person: known(2, "app", "hubspot") },
    actions: [
      { kind: "mapping", at: MINUTE, side: "hubspot", of: "person", group: "title", from: "both", way: "in" },
      edit(20 * MINUTE, "app", "person", 0, "title"),
      edit(20 * MINUTE, "hubspot", "person", 1, "title"),
    ],
  }),
  "parked, and then decided by another rule": calm({
    sides: ["app", "hubspot"],
    things: { person: known(1, "app", "hubspot"), company: known(1, "app", "hubspot"), deal: [["app"]] },
    actions: [
      edit(10 * MINUTE, "app", "deal", 0, "closeDate"),
      edit(10 * MINUTE, "hubspot", "deal", 0, "closeDate"),
      { kind: "rules", at: 20 * MINUTE, rules: { deal: "crm" } },
    ],
  }),
  "parked, and then decided by a person": calm({
    sides: ["app", "hubspot"],
    things: {
      person: known(1, "app", "hubspot"),
      company: known(1, "app", "hubspot"),
      deal: [["app"], ["hubspot"], ["app"], ["hubspot"]],
    },
    actions: [
      ...[0, 1, 2, 3].flatMap((number) => [
        edit((10 + number) * MINUTE, "app", "deal", number, number < 2 ? "closeDate" : "money"),
        edit((10 + number) * MINUTE, "hubspot", "deal", number, number < 2 ? "closeDate" : "money"),
      ]),
      { kind: "decide", at: 40 * MINUTE },
    ],
  }),
  "at once, where the newest wins": calm({
    sides: ["app", "hubspot"],
    things: { person: known(2, "app", "hubspot") },
    rules: { fields: [{ of: "person", group: "title", rule: "newest" }], authority: [] },
    actions: [
      edit(10 * MINUTE, "hubspot", "person", 0, "title"),
      edit(10 * MINUTE, "app", "person", 0, "title"),
      edit(20 * MINUTE, "app", "person", 1, "title"),
      edit(20 * MINUTE, "hubspot", "person", 1, "title"),
    ],
  }),
  "a strict side, and who edits elsewhere": calm({
    sides: ["app", "hubspot"],
    things: { person: known(2, "app", "hubspot") },
    rules: { fields: [{ of: "person", group: "title", rule: "strict:hubspot" }], authority: [] },
    actions: [
      edit(10 * MINUTE, "hubspot", "person", 0, "title"),
      edit(20 * MINUTE, "app", "person", 0, "title"),
      edit(30 * MINUTE, "app", "person", 1, "phone"),
    ],
  }),
  "two CRMs, of which one is the stronger": calm({
    sides: ["app", "hubspot", "odoo"],
    things: { person: known(2, "app", "hubspot", "odoo") },
    rules: { fields: [], authority: ["odoo", "hubspot"] },
    actions: [
      edit(10 * MINUTE, "odoo", "person", 0, "title"),
      edit(10 * MINUTE, "hubspot", "person", 0, "title"),
      edit(20 * MINUTE, "hubspot", "person", 1, "title"),
      edit(20 * MINUTE, "odoo", "person", 1, "title"),
    ],
  }),
  "two that are said to be one, and are not": calm({
    sides: ["app", "hubspot"],
    things: { person: known(4, "app", "hubspot") },
    actions: [
      { kind: "join", at: 10 * MINUTE, number: 0, other: 1 },
      edit(30 * MINUTE, "app", "person", 0, "title"),
      edit(31 * MINUTE, "hubspot", "person", 0, "phone"),
      edit(32 * MINUTE, "app", "person", 1, "title"),
      edit(33 * MINUTE, "hubspot", "person", 1, "phone"),
      { kind: "part", at: 60 * MINUTE, number: 0, other: 1 },
      edit(80 * MINUTE, "app", "person", 1, "address"),
      edit(81 * MINUTE, "hubspot", "person", 1, "address"),
      edit(82 * MINUTE, "app", "person", 0, "address"),
    ],
  }),
} as const satisfies Readonly<Record<string, Script>>
