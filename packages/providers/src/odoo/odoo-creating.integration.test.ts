/** Creates of two steps that end between them, where what is missing of the record is no refusal; and of what hangs on nothing. */
import type { Connector } from "@concordat/engine/ports/Provider"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Database, row, run, startDatabase } from "./testing/database.ts"

describe.each([17, 19] as const)("Odoo %i: creates", (version) => {
  let database: Database
  let connector: Connector

  beforeAll(async () => {
    database = await startDatabase(version)
    connector = await database.connector()
  })
  afterAll(() => database.stop())

  it("[OD68] an activity on a record that is gone is refused for that reference", async () => {
    const values = { summary: "Ring", $kind: "call", "@record": [{ object: "res.partner", id: "424242" }] }
    const [answer] = await run(connector.write!("mail.activity", [row({ type: "activity", values })]))
    assert.deepInclude(answer!.outcome, { _tag: "Refused", code: "reference", effect: "none" })
  })

  it("[OD71] a VAT id that can be none refuses a person's company, and none that comes from another system", async () => {
    const partner = { model: "res.partner", vals: { name: "By hand", is_company: true, vat: "12-34" } }
    const byHand = await database.door("put", partner).catch((error: unknown) => String(error))
    assert.isString(byHand)
    const values = { name: "From elsewhere", is_company: true, vat: "12-34" }
    const [made] = await run(connector.write!("res.partner", [row({ ownId: "0193-vat", type: "company", values })]))
    assert.ok(made!.outcome._tag === "Written")
    const { id } = made!.outcome
    const update = row({ id, kind: "update", ownId: "0193-vat", type: "company", values: { vat: "56-78" } })
    const [written] = await run(connector.write!("res.partner", [update]))
    assert.deepInclude(written!.outcome, { _tag: "Written" })
  })

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
