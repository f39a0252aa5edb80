/** Deals, and what refers to something else. */
import type { Script } from "../../script.ts"
import { calm, create, edit, known, MINUTE, SECOND } from "./calm.ts"

export const DEALS = {
  "two at once on a deal's money": calm({
    sides: ["app", "hubspot"],
    things: { person: known(1, "app", "hubspot"), company: known(1, "app", "hubspot"), deal: [["app"], ["hubspot"]] },
    actions: [
      edit(10 * MINUTE, "app", "deal", 0, "money"),
      edit(10 * MINUTE, "hubspot", "deal", 0, "money"),
      edit(20 * MINUTE, "hubspot", "deal", 1, "money"),
      edit(20 * MINUTE, "app", "deal", 1, "money"),
    ],
  }),
  "two at once on a deal's date": calm({
    sides: ["app", "hubspot"],
    things: { person: known(1, "app", "hubspot"), company: known(1, "app", "hubspot"), deal: [["app"], ["hubspot"]] },
    actions: [
      edit(10 * MINUTE, "app", "deal", 0, "closeDate"),
      edit(10 * MINUTE, "hubspot", "deal", 0, "closeDate"),
      edit(20 * MINUTE, "hubspot", "deal", 1, "closeDate"),
      edit(20 * MINUTE, "app", "deal", 1, "closeDate"),
    ],
  }),
  "companies and who works for them": calm({
    sides: ["app", "hubspot", "odoo"],
    things: {
      company: [["hubspot"], ["odoo"], ["app"]],
      person: [["hubspot"], ["odoo"], ["app"], ["hubspot", "odoo"], ["app", "hubspot"]],
    },
    actions: [
      edit(5 * MINUTE, "hubspot", "person", 0, "company"),
      edit(5 * MINUTE, "app", "person", 1, "company"),
      create(8 * MINUTE, "app", "company"),
      edit(8 * MINUTE + 200, "app", "person", 2, "company"),
      create(8 * MINUTE + 300, "app", "person"),
      create(12 * MINUTE, "hubspot", "company"),
      create(12 * MINUTE + SECOND, "hubspot", "person"),
      edit(12 * MINUTE + 2 * SECOND, "hubspot", "person", 1, "company"),
    ],
  }),
} as const satisfies Readonly<Record<string, Script>>
