/** What people enter, one after the other or at once. */
import type { Script } from "../../script.ts"
import { calm, edit, known, MINUTE, SECOND } from "./calm.ts"

/** Nobody tells of a change, and polls are far apart: what is not read before it is written is not known. */
const UNTOLD = {
  webhooks: { drop: 1, duplicate: 0, reorder: 0, delayMs: [100, 100], forge: 0 },
  pollMs: { hubspot: 5 * MINUTE, odoo: 5 * MINUTE },
} as const satisfies Partial<Script>

export const EDITS = {
  "two at once": calm({
    sides: ["app", "hubspot"],
    things: { person: known(2, "app", "hubspot") },
    actions: [
      edit(10 * SECOND, "app", "person", 0, "title"),
      edit(10 * SECOND, "hubspot", "person", 0, "title"),
      edit(MINUTE, "hubspot", "person", 1, "phone"),
      edit(MINUTE, "app", "person", 1, "phone"),
    ],
  }),
  "one after the other": calm({
    sides: ["app", "hubspot"],
    things: { person: known(1, "app", "hubspot") },
    actions: [
      edit(MINUTE, "hubspot", "person", 0, "title"),
      edit(5 * MINUTE, "app", "person", 0, "title"),
      edit(9 * MINUTE, "hubspot", "person", 0, "title"),
      edit(13 * MINUTE, "app", "person", 0, "title", { empty: true }),
    ],
  }),
  "there and back": calm({
    sides: ["app", "hubspot"],
    things: { person: known(1, "app", "hubspot") },
    actions: [
      edit(MINUTE, "app", "person", 0, "title"),
      edit(5 * MINUTE, "app", "person", 0, "title"),
      edit(9 * MINUTE, "hubspot", "person", 0, "title", { back: true }),
      edit(13 * MINUTE, "app", "person", 0, "title"),
      edit(17 * MINUTE, "app", "person", 0, "title", { back: true }),
    ],
  }),
  "six who are known twice": calm({
    sides: ["app", "hubspot"],
    things: { person: known(6, "app", "hubspot") },
  }),
  "an edit that nobody was told of": calm({
    ...UNTOLD,
    sides: ["app", "hubspot"],
    things: { person: known(3, "app", "hubspot") },
    actions: [0, 1, 2].flatMap((number) => [
      edit((6 + number) * MINUTE, "hubspot", "person", number, "title"),
      edit((8 + number) * MINUTE, "app", "person", number, "title"),
    ]),
  }),
  "a person against the product": calm({
    sides: ["app", "hubspot"],
    things: { person: known(1, "app", "hubspot") },
    actions: Array.from({ length: 6 }, (_, n) => [
      edit((2 * n + 1) * MINUTE, "app", "person", 0, "title"),
      edit((2 * n + 1) * MINUTE + 20 * SECOND, "hubspot", "person", 0, "title"),
    ]).flat(),
  }),
  "automations against each other": calm({
    sides: ["app", "hubspot", "odoo"],
    things: { person: known(1, "app", "hubspot", "odoo") },
    rewriting: ["hubspot", "odoo"],
    actions: [edit(MINUTE, "app", "person", 0, "title")],
  }),
  "the product's automation where another side alone says what stands": calm({
    sides: ["app", "hubspot"],
    things: { person: known(1, "app", "hubspot") },
    rules: { fields: [{ of: "person", group: "title", rule: "strict:hubspot" }], authority: [] },
    rewriting: ["app"],
    actions: [edit(MINUTE, "hubspot", "person", 0, "title")],
  }),
  "another field during the write": calm({
    sides: ["app", "hubspot"],
    things: { person: known(4, "app", "hubspot") },
    network: { latency: [400, 900], lost: 0, unanswered: 0, tooMany: 0, broken: 0, brokenAfter: 0 },
    webhooks: { drop: 1, duplicate: 0, reorder: 0, delayMs: [100, 100], forge: 0 },
    actions: [0, 1, 2, 3].flatMap((number) => [
      edit((number + 1) * MINUTE, "app", "person", number, "title"),
      ...Array.from({ length: 12 }, (_, n) =>
        edit((number + 1) * MINUTE + n * 250, "hubspot", "person", number, n % 2 === 0 ? "phone" : "address"),
      ),
    ]),
  }),
  "the day's calls of Odoo and of the product are used up": calm({
    sides: ["app", "odoo"],
    things: { person: known(3, "app", "odoo") },
    pollMs: { hubspot: MINUTE, odoo: 15 * SECOND },
    actions: [
      edit(5 * MINUTE, "app", "person", 0, "title"),
      { kind: "spent", at: 5 * MINUTE + 200, side: "odoo", forMs: 20 * MINUTE, tells: true },
      edit(6 * MINUTE, "odoo", "person", 0, "title"),
      edit(7 * MINUTE, "app", "person", 1, "title"),
      { kind: "spent", at: 40 * MINUTE, side: "odoo", forMs: 5 * MINUTE, tells: false },
      edit(41 * MINUTE, "app", "person", 2, "phone"),
      { kind: "spent", at: 60 * MINUTE, side: "app", forMs: 8 * MINUTE, tells: false },
      edit(61 * MINUTE, "app", "person", 1, "title"),
      edit(62 * MINUTE, "odoo", "person", 1, "title"),
      edit(63 * MINUTE, "odoo", "person", 2, "title"),
    ],
  }),
  "slow reads": calm({
    sides: ["app", "hubspot"],
    things: { person: known(2, "app", "hubspot") },
    pollMs: { hubspot: 30 * SECOND, odoo: 30 * SECOND },
    network: { latency: [500, 8_000], lost: 0, unanswered: 0, tooMany: 0, broken: 0, brokenAfter: 0 },
    actions: Array.from({ length: 24 }, (_, n) =>
      edit(MINUTE + n * 3_700, n % 3 === 2 ? "app" : "hubspot", "person", n % 2, n % 4 < 2 ? "title" : "phone"),
    ),
  }),
  "spaces that Odoo takes away": calm({
    sides: ["app", "odoo"],
    things: { person: known(2, "app", "odoo") },
    network: { latency: [20, 80], lost: 0, unanswered: 0.1, tooMany: 0, broken: 0, brokenAfter: 0 },
    actions: Array.from({ length: 8 }, (_, n) => edit((n + 1) * MINUTE, "app", "person", n % 2, "address")),
  }),
} as const satisfies Readonly<Record<string, Script>>
