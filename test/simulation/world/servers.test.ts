/** Which records an answer of Odoo's shows to the engine: those of the model that was asked for, and of no other. */
import { assert, describe, it } from "vitest"
import { modelOf } from "./servers.ts"

describe("a call to Odoo", () => {
  const rpc = (...args: ReadonlyArray<unknown>) =>
    JSON.stringify({ jsonrpc: "2.0", method: "call", params: { service: "object", method: "execute_kw", args } })

  it("is about the model it names, in either protocol, not about one that it mentions", () => {
    const partners = [["model", "=", "res.partner"]]
    assert.deepStrictEqual(
      [
        modelOf("http://odoo.test/json/2/res.partner/search_read", "{}"),
        modelOf("http://odoo.test/json/2/mail.activity.type/search_read", JSON.stringify({ domain: partners })),
        modelOf("http://odoo.test/jsonrpc", rpc("db", 2, "secret", "res.partner", "search_read", [[]])),
        modelOf("http://odoo.test/jsonrpc", rpc("db", 2, "secret", "ir.model.data", "search_read", [partners])),
        modelOf("http://odoo.test/jsonrpc", rpc("db", "login", "secret", {})),
        modelOf("http://odoo.test/jsonrpc", rpc()),
      ],
      ["res.partner", "mail.activity.type", "res.partner", "ir.model.data", "", ""],
    )
  })
})
