/** Of which records the oracle lets a title be another one. */
import type { EntityLinks } from "@concordat/engine/operations/views"
import { assert, describe, it } from "vitest"
import { counting, quarantinedIn } from "./quarantined.ts"

const entity = (id: string, hubspot: ReadonlyArray<string>, odoo: ReadonlyArray<string>): EntityLinks => {
  const at = (connection: string, object: string, quarantined: ReadonlyArray<string>) => ({
    connection,
    primary: { object, id },
    duplicates: [],
    tombstone: null,
    due: false,
    parked: [],
    quarantined,
    refused: [],
    problems: [],
  })
  return {
    type: "contact",
    id: `of ${id}`,
    archived: null,
    mergedInto: null,
    at: [at("hubspot", "contacts", hubspot), at("odoo", "res.partner", odoo)],
  }
}

const held = (id: string, hubspot: string, odoo: string) => [
  { side: { name: "hubspot" }, object: "contacts", record: { id }, value: hubspot },
  { side: { name: "odoo" }, object: "res.partner", record: { id }, value: odoo },
]

describe("what is left to automations", () => {
  const entities = [entity("1", [], ["title"]), entity("2", ["title"], []), entity("3", ["title"], ["title"])]
  const counted = (...of: Parameters<typeof held>) =>
    counting(held(...of), "title", quarantinedIn(entities, ["hubspot", "odoo"])).map(({ value }) => value)

  it("is what the engine says of that very record, not of another's in that system", () => {
    assert.deepStrictEqual(counted("1", "Kept", "Left"), ["Kept"])
    assert.deepStrictEqual(counted("2", "Left", "Kept"), ["Kept"])
    assert.deepStrictEqual(counted("3", "Left", "Left too"), [])
    assert.deepStrictEqual(counted("4", "One", "Another"), ["One", "Another"])
  })
  it("counts where it is the same everywhere", () => {
    assert.deepStrictEqual(counted("1", "Same", "Same"), ["Same", "Same"])
  })
  it("is nothing but titles, and in no system without an automation", () => {
    assert.deepStrictEqual(
      [
        counting(held("1", "One", "Another"), "phone", quarantinedIn(entities, ["odoo"])).length,
        counting(held("1", "One", "Another"), "title", quarantinedIn(entities, ["hubspot"])).length,
      ],
      [2, 2],
    )
  })
})
