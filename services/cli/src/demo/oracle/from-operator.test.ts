/** What the operator's API lists, as the oracle takes it. */
import { describe, expect, it } from "vitest"
import { fromOperator } from "./from-operator.ts"

describe("the operator's lists", () => {
  it("become evidence: links with duplicates and tombstones, questions, and what is listed by group", () => {
    const at = {
      connection: "odoo",
      primary: { object: "res.partner", id: "5" },
      duplicates: [{ object: "res.partner", id: "6" }],
      tombstone: null,
      due: false,
      parked: ["title"],
      quarantined: [],
      refused: ["email"],
      problems: [],
    }
    const provenance = {
      connection: "odoo",
      record: { object: "res.partner", id: "5" },
      event: "e",
      after: 0,
      until: 1,
      provider: true,
    }
    const made = fromOperator({
      links: [
        {
          type: "contact",
          id: "P1",
          archived: null,
          mergedInto: null,
          at: [
            at,
            {
              ...at,
              connection: "app",
              primary: null,
              duplicates: [],
              tombstone: { record: { object: "contact", id: "c1" }, reason: "archived" },
              parked: [],
              refused: [],
            },
          ],
        },
        { type: "contact", id: "P0", archived: null, mergedInto: "P1", at: [] },
      ],
      conflicts: [
        {
          connection: "odoo",
          type: "contact",
          id: "P1",
          group: "phone",
          rule: "manual",
          at: 1,
          ours: { value: null, from: null },
          theirs: { view: null, from: provenance },
        },
      ],
      matches: [
        {
          connection: "odoo",
          object: "res.partner",
          id: "9",
          type: "contact",
          reason: "contradicting name",
          at: 1,
          candidates: [{ id: "P1", records: [] }],
        },
      ],
      issues: [
        {
          connection: "hubspot",
          type: "contact",
          id: "P1",
          group: "",
          kind: "refused",
          code: "uniqueness",
          message: "held by another",
          at: 1,
        },
      ],
    })
    expect(made.entities).toEqual([
      {
        entity: "P1",
        type: "contact",
        records: [
          { connection: "odoo", object: "res.partner", id: "5", primary: true },
          { connection: "odoo", object: "res.partner", id: "6", primary: false },
          { connection: "app", object: "contact", id: "c1", primary: false },
        ],
      },
    ])
    expect(made.listed).toEqual({
      questions: [{ connection: "odoo", object: "res.partner", id: "9", candidates: ["P1"] }],
      conflicts: [
        { connection: "odoo", entity: "P1", group: "phone" },
        { connection: "odoo", entity: "P1", group: "title" },
      ],
      issues: [
        { connection: "hubspot", entity: "P1", group: null },
        { connection: "odoo", entity: "P1", group: "email" },
      ],
      waiting: [],
      tombstones: [{ connection: "app", entity: "P1" }],
    })
  })
})
