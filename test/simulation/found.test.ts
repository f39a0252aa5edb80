/** What seeds, and worlds that were written down, have failed with, as the smallest world that shows it. Each holds now. */
import { assert, describe, it } from "vitest"
import { makeCrew } from "./crew.ts"
import type { Script } from "./script.ts"
import { calm, create, edit, known, merge, MINUTE, remove, restore, SECOND } from "./taken-away/worlds/calm.ts"

const LONG = 240_000
const ARCHIVING: Script["reshaping"] = { mergeMintsId: true, mergeNamesChain: true, odooArchives: true }

const FOUND: Readonly<Record<string, Script>> = {
  "two that are made one, whose titles automations keep changing": calm({
    sides: ["app", "hubspot", "odoo"],
    things: { person: [["hubspot", "odoo"], ["app"]] },
    rewriting: ["hubspot", "odoo"],
    actions: [merge(6 * MINUTE, "hubspot", "person", 1, 0)],
  }),
  "a title that an automation changes after its person became part of another": calm({
    sides: ["app", "hubspot"],
    things: { person: known(6, "app", "hubspot") },
    rewriting: ["hubspot"],
    actions: [1, 3, 5].flatMap((number) => [
      edit(5 * MINUTE, "app", "person", number, "phone"),
      merge(5 * MINUTE + 2 * SECOND, "hubspot", "person", number - 1, number),
    ]),
  }),
  "an edit of the product's on its way, whose record was deleted before the CRM's came": calm({
    sides: ["app", "odoo"],
    things: { person: known(1, "app", "odoo") },
    actions: [
      { kind: "spent", at: 5 * MINUTE, side: "app", forMs: 8 * MINUTE, tells: false },
      edit(6 * MINUTE, "app", "person", 0, "phone"),
      remove(6 * MINUTE + SECOND, "app", "person", 0),
      edit(7 * MINUTE, "odoo", "person", 0, "phone"),
    ],
  }),
  "a write that found no calls left, and is wanted no more": calm({
    sides: ["app", "odoo"],
    things: { person: known(2, "app", "odoo") },
    pollMs: { hubspot: MINUTE, odoo: 15 * SECOND },
    batch: {},
    actions: [
      edit(5 * MINUTE, "app", "person", 0, "title"),
      { kind: "spent", at: 5 * MINUTE + 200, side: "odoo", forMs: 20 * MINUTE, tells: true },
      edit(6 * MINUTE, "odoo", "person", 0, "title"),
    ],
  }),
  "a rule that becomes strict, and what had been taken until then": calm({
    sides: ["app", "odoo"],
    things: { person: known(2, "app", "odoo") },
    pollMs: { hubspot: MINUTE, odoo: 15 * SECOND },
    actions: [
      edit(5 * MINUTE, "app", "person", 0, "title"),
      { kind: "spent", at: 9 * MINUTE, side: "odoo", forMs: 30 * MINUTE, tells: true },
      edit(10 * MINUTE, "app", "person", 1, "title"),
      { kind: "fields", at: 15 * MINUTE, fields: [{ of: "person", group: "title", rule: "strict:odoo" }] },
      edit(25 * MINUTE, "app", "person", 0, "title"),
      edit(25 * MINUTE, "app", "person", 1, "title"),
    ],
  }),
  "a person who was taken back, whom a task had lost meanwhile": calm({
    sides: ["app", "hubspot"],
    things: { person: known(1, "app", "hubspot") },
    webhooks: { drop: 1, duplicate: 0, reorder: 0, delayMs: [100, 100], forge: 0 },
    actions: [
      create(5 * MINUTE, "app", "activity"),
      remove(5 * MINUTE + 4 * SECOND, "hubspot", "person", 0),
      restore(6 * MINUTE, "hubspot", "person", 0),
    ],
  }),
  "a company that is deleted in HubSpot, and with it what a person's record says there": calm({
    sides: ["app", "hubspot"],
    things: { person: known(1, "app", "hubspot"), company: known(3, "app", "hubspot") },
    webhooks: { drop: 1, duplicate: 0, reorder: 0, delayMs: [100, 100], forge: 0 },
    actions: [remove(5 * MINUTE, "hubspot", "company", 1)],
  }),
  "a company that a person is given, of which nobody is told, where another is deleted": calm({
    sides: ["app", "hubspot"],
    things: { person: known(1, "app", "hubspot"), company: known(3, "app", "hubspot") },
    webhooks: { drop: 1, duplicate: 0, reorder: 0, delayMs: [100, 100], forge: 0 },
    actions: [remove(5 * MINUTE, "hubspot", "company", 2), edit(20 * MINUTE, "hubspot", "person", 0, "company")],
  }),
  "a company that is deleted in Odoo, which a deal's record names there, while no calls are left": calm({
    sides: ["app", "odoo"],
    things: { company: known(1, "app", "odoo"), deal: known(1, "app") },
    actions: [
      { kind: "spent", at: 5 * MINUTE, side: "odoo", forMs: 20 * MINUTE, tells: true },
      remove(6 * MINUTE, "odoo", "company", 0),
    ],
  }),
  "companies that the product deletes and takes back, whose people are of another by then, or of none": calm({
    sides: ["app", "odoo"],
    things: { person: known(4, "app", "odoo"), company: known(3, "app", "odoo") },
    actions: [
      ...[0, 1, 2].map((number) => remove(5 * MINUTE, "app", "company", number)),
      ...[0, 1, 2, 3].map((number) => edit(10 * MINUTE, "odoo", "person", number, "company", { empty: number > 1 })),
      ...[0, 1, 2].map((number) => restore(15 * MINUTE, "app", "company", number)),
    ],
  }),
  "somebody deleted in the product, of whom people are asked": calm({
    sides: ["app", "odoo"],
    things: { person: known(3, "app", "odoo") },
    rules: { fields: [{ of: "person", group: "title", rule: "newest" }], authority: [] },
    actions: [0, 1, 2].map((number) => remove((5 + number) * MINUTE, "app", "person", number)),
  }),
  "a task with somebody who is archived, which stays in Odoo 19": calm({
    sides: ["app", "odoo"],
    things: { person: known(1, "app", "odoo"), activity: known(1, "odoo") },
    odoo: 19,
    reshaping: ARCHIVING,
    actions: [remove(5 * MINUTE, "odoo", "person", 0), edit(7 * MINUTE, "odoo", "activity", 0, "subject")],
  }),
  "a task with somebody who is archived and taken back, which is gone for good in Odoo 17": calm({
    sides: ["app", "odoo"],
    things: { person: known(1, "app", "odoo"), activity: known(1, "odoo") },
    odoo: 17,
    reshaping: ARCHIVING,
    actions: [remove(5 * MINUTE, "odoo", "person", 0), restore(9 * MINUTE, "odoo", "person", 0)],
  }),
  "somebody deleted, taken back and made one with another, of which only the end is seen": calm({
    sides: ["app", "hubspot"],
    things: { person: known(2, "app", "hubspot") },
    webhooks: { drop: 0, duplicate: 0, reorder: 0, delayMs: [2 * SECOND, 2 * SECOND], forge: 0 },
    actions: [
      remove(5 * MINUTE, "hubspot", "person", 1),
      restore(7 * MINUTE, "hubspot", "person", 1),
      merge(7 * MINUTE + SECOND / 5, "hubspot", "person", 1, 0),
    ],
  }),
  "one company for another, which in HubSpot takes two calls": calm({
    sides: ["app", "hubspot"],
    things: { person: known(1, "app", "hubspot"), company: known(3, "app", "hubspot") },
    actions: [5, 10, 15, 20].map((minutes) => edit(minutes * MINUTE, "app", "person", 0, "company")),
  }),
}

describe("what seeds have found", () => {
  it("holds", { timeout: LONG }, async () => {
    const crew = makeCrew(2)
    const results = await Promise.all(
      Object.entries(FOUND).map(async ([name, script]) => ({ name, ...(await crew.run(script)) })),
    )
    await crew.end()
    assert.deepStrictEqual(
      results.filter(({ violations }) => violations.length > 0).map(({ name, violations }) => ({ name, violations })),
      [],
    )
  })
})
