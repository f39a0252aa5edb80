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
  "two companies that are said to be one, and are not": calm({
    sides: ["app", "hubspot"],
    things: { company: known(3, "app", "hubspot"), person: known(3, "app", "hubspot") },
    actions: [
      edit(5 * MINUTE, "app", "person", 0, "company"),
      edit(6 * MINUTE, "hubspot", "person", 1, "company"),
      { kind: "join", at: 30 * MINUTE, of: "company", number: 0, other: 1 },
      edit(50 * MINUTE, "app", "company", 0, "phone"),
      edit(51 * MINUTE, "hubspot", "company", 1, "phone"),
      ...[0, 1, 2].flatMap((number) => [
        edit((52 + 4 * number) * MINUTE, "app", "person", number, "company"),
        edit((54 + 4 * number) * MINUTE, "hubspot", "person", number, "company"),
      ]),
      { kind: "part", at: 90 * MINUTE, of: "company", number: 0, other: 1 },
      edit(120 * MINUTE, "app", "company", 1, "phone"),
      edit(121 * MINUTE, "hubspot", "person", 0, "company"),
    ],
  }),
  "two at once, of what was part of another": calm({
    sides: ["app", "hubspot"],
    things: { person: [["app"], ["app"]] },
    actions: [
      { kind: "join", at: 10 * MINUTE, of: "person", number: 0, other: 1 },
      edit(30 * MINUTE, "app", "person", 1, "title"),
      edit(30 * MINUTE, "hubspot", "person", 1, "title"),
      { kind: "part", at: 60 * MINUTE, of: "person", number: 0, other: 1 },
    ],
  }),
  "two deals that are said to be one, and are not": calm({
    sides: ["app", "hubspot", "odoo"],
    things: {
      company: known(1, "app", "hubspot", "odoo"),
      person: known(1, "app", "hubspot", "odoo"),
      deal: [["app"], ["hubspot"], ["odoo"]],
    },
    actions: [
      { kind: "join", at: 30 * MINUTE, of: "deal", number: 0, other: 1 },
      edit(50 * MINUTE, "app", "deal", 0, "money"),
      edit(51 * MINUTE, "hubspot", "deal", 1, "money"),
      edit(52 * MINUTE, "odoo", "deal", 1, "closeDate"),
      { kind: "part", at: 90 * MINUTE, of: "deal", number: 0, other: 1 },
      edit(120 * MINUTE, "app", "deal", 1, "closeDate"),
      edit(121 * MINUTE, "odoo", "deal", 0, "title"),
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
      { kind: "join", at: 10 * MINUTE, of: "person", number: 0, other: 1 },
      edit(30 * MINUTE, "app", "person", 0, "title"),
      edit(31 * MINUTE, "hubspot", "person", 0, "phone"),
      edit(32 * MINUTE, "app", "person", 1, "title"),
      edit(33 * MINUTE, "hubspot", "person", 1, "phone"),
      { kind: "part", at: 60 * MINUTE, of: "person", number: 0, other: 1 },
      edit(80 * MINUTE, "app", "person", 1, "address"),
      edit(81 * MINUTE, "hubspot", "person", 1, "address"),
      edit(82 * MINUTE, "app", "person", 0, "address"),
    ],
  }),
} as const satisfies Readonly<Record<string, Script>>
