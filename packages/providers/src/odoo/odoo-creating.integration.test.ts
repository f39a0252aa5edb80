/** A create of two steps that ends between them: the record is there, and what is missing of it is no refusal. */
import type { Connector } from "@concordat/engine/ports/Provider"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Database, row, run, startDatabase } from "./testing/database.ts"

describe.each([17, 19] as const)("Odoo %i: creates of two steps", (version) => {
  let database: Database
  let connector: Connector

  beforeAll(async () => {
    database = await startDatabase(version)
    connector = await database.connector()
  })
  afterAll(() => database.stop())

  it.each(["drop", "serialization"])(
    "[R19] a deal that is won from the start, and the second call meets: %s",
    async (kind) => {
      await database.door("failNext", { kind, model: "crm.lead", method: "action_set_won" })
      const deal = row({ ownId: `0193-${kind}`, type: "deal", values: { name: "Instant", $status: "won" } })
      const [first] = await run(connector.write!("crm.lead", [deal]))
      assert.deepInclude(first!.outcome, { _tag: "Refused", code: "busy", effect: "unknown", retry: true })
      const [again] = await run(connector.write!("crm.lead", [deal]))
      assert.deepInclude(again!.outcome, { _tag: "Written", adopted: true })
    },
  )
})
