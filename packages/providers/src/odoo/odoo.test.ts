/** The pure parts of the Odoo connector: settings, values, errors, webhooks. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { assert, describe, it } from "vitest"
import type { Column } from "./catalog.ts"
import { readLoad } from "./creating.ts"
import { decodeJson2, decodeRpc, refusedRow } from "./errors.ts"
import { datetimeOf, stampOf } from "./records.ts"
import { baseUrl, readSettings } from "./settings.ts"
import { row } from "./testing/database.ts"
import { cellOf, wantedOf } from "./values.ts"
import { parse, verify } from "./webhook.ts"

const column = (type: string, more: Partial<Column> = {}): Column => ({
  type,
  string: type,
  readonly: false,
  required: false,
  store: true,
  relation: null,
  selection: [],
  ...more,
})

const columns = new Map([
  ["name", column("char")],
  ["parent_id", column("many2one", { relation: "res.partner" })],
  ["category_id", column("many2many", { relation: "res.partner.category" })],
  ["is_company", column("boolean")],
  ["write_date", column("datetime", { readonly: true })],
])

const config = (settings: Record<string, string>) => ({
  tenant: "t",
  connection: "c",
  settings: { url: "https://odoo.example.org", database: "db", login: "me", ...settings },
  credentials: { apiKey: Redacted.make("key") },
  opaqueId: (id: string) => id,
})

describe("settings", () => {
  it("an address is http or https, without user, query and slash at its end", () => {
    assert.strictEqual(baseUrl("https://odoo.example.org/"), "https://odoo.example.org")
    assert.strictEqual(baseUrl("http://localhost:8069/odoo/"), "http://localhost:8069/odoo")
    for (const bad of ["ftp://example.org", "https://a:b@example.org", "https://example.org/?x=1", "example.org", ""])
      assert.isUndefined(baseUrl(bad), bad)
  })
  it("what is missing or no number is refused by name", () => {
    for (const bad of [
      { url: "" },
      { database: "" },
      { login: "" },
      { overlapSeconds: "-1" },
      { protocol: "soap" },
      { companies: "a" },
    ])
      assert.isTrue(Result.isFailure(readSettings(config(bad))), JSON.stringify(bad))
    assert.isTrue(Result.isSuccess(readSettings(config({ companies: "1, 2", overlapSeconds: "600" }))))
  })
})

describe("values", () => {
  it("[OD18] null and empty associations are written as false", () => {
    const { vals } = wantedOf("res.partner", { name: null, "@parent_id": [], "@category_id": [] }, columns)
    assert.deepStrictEqual(vals, { name: false, parent_id: false, category_id: [[6, 0, []]] })
  })
  it("relations come as associations or as ids in text", () => {
    const given = { "@parent_id": [{ object: "res.partner", id: "7" }], category_id: ["1", 2] }
    assert.deepStrictEqual(wantedOf("res.partner", given, columns).vals, {
      parent_id: 7,
      category_id: [[6, 0, [1, 2]]],
    })
    assert.deepStrictEqual(wantedOf("res.partner", { parent_id: "7" }, columns).vals, { parent_id: 7 })
  })
  it("[OD28] unknown and read-only fields are refused by name", () => {
    const { refused } = wantedOf("res.partner", { nope: 1, write_date: "x" }, columns)
    assert.deepStrictEqual(
      refused.map(({ key }) => key),
      ["nope", "write_date"],
    )
  })
  it("[OD21] cells of an import are text, with relations by database id", () => {
    assert.deepStrictEqual(cellOf("parent_id", 7, columns), ["parent_id/.id", "7"])
    assert.deepStrictEqual(cellOf("category_id", [[6, 0, [1, 2]]], columns), ["category_id/.id", "1,2"])
    assert.deepStrictEqual(cellOf("is_company", false, columns), ["is_company", "0"])
    assert.deepStrictEqual(cellOf("name", false, columns), ["name", ""])
  })
  it("[OD1] a stamp is a whole second of UTC, there and back", () => {
    assert.strictEqual(stampOf("2026-11-20 09:51:48"), Date.UTC(2026, 10, 20, 9, 51, 48))
    assert.strictEqual(datetimeOf(Date.UTC(2026, 10, 20, 9, 51, 48, 999)), "2026-11-20 09:51:48")
    assert.isUndefined(stampOf(false))
  })
})

describe("errors", () => {
  const answer = (status: number, body: unknown) => ({ status, headers: {}, text: JSON.stringify(body) })
  const error = (name: string, message: string) => ({
    error: { code: 200, data: { name, message, debug: "Traceback" } },
  })

  it("[OD25] the class decides, whatever the code", () => {
    const decoded = decodeRpc(answer(200, error("odoo.exceptions.MissingError", "gone")), "x", true)
    assert.deepInclude(decoded, { _tag: "Failed" })
    assert.strictEqual(refusedRow("odoo.exceptions.MissingError", "gone").code, "missing")
    assert.strictEqual(refusedRow("odoo.exceptions.AccessError", "no").code, "permission")
    assert.strictEqual(refusedRow("psycopg2.errors.UniqueViolation", "duplicate key value").code, "uniqueness")
    assert.deepInclude(refusedRow("psycopg2.errors.SerializationFailure", "x"), { code: "busy", retry: true })
  })
  it("a reference to a record that is gone is refused as one, whichever version words it", () => {
    const code = (text: string) => refusedRow("odoo.exceptions.ValidationError", text).code
    const cannot = "The operation cannot be completed: another model requires the record being deleted."
    const of17 = `${cannot} If possible, archive it instead.\n\nModel: Contact (res.partner)\nConstraint: res_partner_parent_id_fkey\n`
    const of19 =
      "Another model is using the record you are trying to delete.\n\nThe troublemaker is: 'Contact' (res.partner)\n"
    const translated = "Der Vorgang kann nicht abgeschlossen werden\n\nConstraint: res_partner_parent_id_fkey\n"
    const mandatory = `The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n- Delete: another model requires the record being deleted. If possible, archive it instead.\n`
    assert.deepStrictEqual([of17, of19, translated, mandatory].map(code), [
      "reference",
      "reference",
      "reference",
      "validation",
    ])
  })
  it("[OD19] neither result nor error is a result of nothing", () => {
    assert.deepStrictEqual(decodeRpc(answer(200, { jsonrpc: "2.0", id: 1 }), "x", true), {
      _tag: "Result",
      result: null,
    })
    assert.deepStrictEqual(decodeJson2(answer(200, false), "x", true), { _tag: "Result", result: false })
  })
  it("[OD68] an import of an activity on a record that is gone is refused for that reference, in any language", () => {
    const code = (message: string) => {
      const answers = readLoad([row({ values: {} })], { ids: false, messages: [{ type: "error", message }] })
      return answers?.map(({ outcome }) => (outcome._tag === "Refused" ? outcome.code : outcome._tag))
    }
    assert.deepStrictEqual(
      [
        "Record does not exist or has been deleted.\n(Record: res.partner(9,), User: 2)",
        "Datensatz existiert nicht oder wurde gelöscht.\n(Datensatz: crm.lead(12,), Benutzer: 2)",
        "No such thing (see res.partner)",
      ].map(code),
      [["reference"], ["reference"], ["validation"]],
    )
  })
  it("[OD22] an import names its bad rows, and the others had no effect", () => {
    const rows = [row({ values: {} }), row({ values: {} }), row({ values: {} })]
    const messages = [{ type: "error", message: "bad", rows: { from: 1, to: 1 } }]
    const codes = readLoad(rows, { ids: false, messages })?.map(({ outcome }) =>
      outcome._tag === "Refused" ? outcome.code : outcome._tag,
    )
    assert.deepStrictEqual(codes, ["busy", "validation", "busy"])
    assert.isUndefined(readLoad(rows, { ids: [1], messages: [] }))
    assert.isUndefined(readLoad(rows, true))
  })
})

describe("[OD31] webhooks", () => {
  const secret = Redacted.make("sixteen or longer")
  const post = (url: string, body: string, method = "POST") => ({
    method,
    url,
    headers: {},
    body: new TextEncoder().encode(body),
  })
  const address = "https://example.org/hook?secret=sixteen+or+longer"

  it("are taken with the secret in their address, and with no other", () => {
    assert.isTrue(verify(secret)(post(address, "{}")))
    assert.isFalse(verify(secret)(post(`${address}x`, "{}")))
    assert.isFalse(verify(secret)(post("https://example.org/hook", "{}")))
    assert.isFalse(verify(secret)(post(address, "{}", "GET")))
    assert.isFalse(verify(undefined)(post("https://example.org/hook?secret=", "{}")))
    assert.isFalse(verify(Redacted.make("short"))(post("https://example.org/hook?secret=short", "{}")))
  })
  it("name a record, and nothing that they say of it is believed", async () => {
    const hints = await Effect.runPromise(parse(post(address, '{"_model":"crm.lead","_id":12,"id":12,"name":"never"}')))
    assert.deepStrictEqual(hints, [{ object: "crm.lead", id: "12", kind: "changed" }])
    assert.deepStrictEqual(await Effect.runPromise(parse(post(address, '{"_model":"sale.order","_id":1}'))), [])
    // Words that every object has are models of nobody.
    for (const model of ["constructor", "toString", "__proto__"])
      assert.deepStrictEqual(await Effect.runPromise(parse(post(address, `{"_model":"${model}","_id":1}`))), [], model)
  })
  it("without a record, or without JSON, are unreadable", async () => {
    for (const body of ["{}", "[]", "no", '{"_model":"crm.lead","_id":"12"}', "null"]) {
      const error = await Effect.runPromise(Effect.flip(parse(post(address, body))))
      assert.strictEqual(error.reason._tag, "Unreadable", body)
    }
  })
})
