/** The two interfaces of Odoo, what goes wrong on them, and what its automation rules post: 17 and 19, over HTTP. */
import type { Connector } from "@concordat/engine/ports/Provider"
import type { HttpCall, ProviderHttp } from "@concordat/engine/ports/ProviderHttp"
import type { Json, JsonObject } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { createServer } from "node:http"
import { once } from "node:events"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { connect } from "./connector.ts"
import {
  API_KEY,
  type Database,
  failure,
  fieldsOf,
  found,
  plainHttp,
  row,
  run,
  startDatabase,
  walk,
} from "./testing/database.ts"

const NAMES = fieldsOf("name")

describe.each([17, 19] as const)("Odoo %i: interfaces", (version) => {
  let database: Database
  let connector: Connector

  beforeAll(async () => {
    database = await startDatabase(version)
    connector = await database.connector()
  })
  afterAll(() => database.stop())

  const put = async (model: string, vals: JsonObject, id?: number): Promise<number> =>
    Number((await database.door("put", { model, vals, ...(id === undefined ? {} : { id }) }))["id"])
  const read = (id: number, ...fields: ReadonlyArray<string>) =>
    connector.read!("res.partner", [String(id)], fieldsOf(...fields))

  /** A connector whose calls are seen. */
  const watched = async (secret: string, settings: Readonly<Record<string, string>> = {}) => {
    const calls: Array<HttpCall> = []
    const http: ProviderHttp = {
      send: (call) => {
        calls.push(call)
        return plainHttp.send(call)
      },
    }
    const config = {
      tenant: "t",
      connection: "c",
      settings: { url: database.url, database: `crm${version}`, login: "admin", ...settings },
      credentials: { apiKey: Redacted.make(secret) },
      opaqueId: (id: string) => id,
    }
    return { calls, connector: await run(Effect.scoped(connect(config, http))) }
  }

  it("[OD50] [OD51] the version and the user are asked for once, by what each version has", async () => {
    const { calls, connector: fresh } = await watched(version === 19 ? API_KEY : "admin")
    await run(fresh.read!("res.partner", ["1"], NAMES))
    await run(fresh.read!("res.partner", ["1"], NAMES))
    const count = (operation: string) => calls.filter((call) => call.operation === operation).length
    assert.strictEqual(count("version"), 1)
    assert.strictEqual(count("res.partner.fields_get"), 1)
    assert.strictEqual(count("common.version"), version === 17 ? 1 : 0)
    assert.strictEqual(count("common.authenticate"), version === 17 ? 1 : 0)
  })

  it("[OD52] a password works over JSON-RPC on both; JSON-2 is taken where there is an API key for it", async () => {
    const { calls, connector: fresh } = await watched("admin")
    assert.lengthOf(found(await run(fresh.read!("res.partner", ["1"], NAMES))), 1)
    assert.isTrue(calls.some(({ url }) => url.endsWith("/jsonrpc")))
    const { calls: keyed, connector: json2 } = await watched(API_KEY)
    assert.lengthOf(found(await run(json2.read!("res.partner", ["1"], NAMES))), 1)
    assert.strictEqual(
      keyed.some(({ url }) => url.includes("/json/2/")),
      version === 19,
    )
  })

  it("[OD26] wrong credentials are a lost authorisation, whichever way the server says so", async () => {
    const direct = await fetch(`${database.url}/jsonrpc`, {
      method: "POST",
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        params: { service: "common", method: "authenticate", args: [`crm${version}`, "admin", "wrong", {}] },
      }),
    })
    assert.deepStrictEqual(await direct.json(), { jsonrpc: "2.0", id: 1, result: false })
    const { connector: wrong } = await watched("wrong")
    assert.strictEqual((await failure(wrong.read!("res.partner", ["1"], NAMES))).reason._tag, "AuthLost")
    const { connector: expired } = await watched("f".repeat(40))
    assert.strictEqual((await failure(expired.read!("res.partner", ["1"], NAMES))).reason._tag, "AuthLost")
    await database.door("failNext", { kind: "denied", model: "res.partner" })
    assert.strictEqual((await failure(read(1, "name"))).reason._tag, "AuthLost")
    await database.door("failNext", { kind: "session", model: "res.partner" })
    assert.strictEqual((await failure(read(1, "name"))).reason._tag, "AuthLost")
    assert.lengthOf(found(await run(read(1, "name"))), 1)
  })

  it("[OD27] a database that is not there is refused as such, and does not look like an outage", async () => {
    const { connector: elsewhere } = await watched(version === 19 ? API_KEY : "admin", { database: "nowhere" })
    assert.strictEqual((await failure(elsewhere.read!("res.partner", ["1"], NAMES))).reason._tag, "RequestRefused")
    assert.strictEqual((await failure(elsewhere.metadata)).reason._tag, "RequestRefused")
  })

  it("[OD25] an exception is known by its class: the status and the code say nothing, or something else by version", async () => {
    const { error } = await database.rpc("res.partner", "read", [[1], ["nope"]])
    assert.strictEqual((error as JsonObject)["code"], version === 17 ? 200 : 0)
    assert.strictEqual(((error as JsonObject)["data"] as JsonObject)["name"], "builtins.ValueError")
    const refused = await failure(connector.query!('{"model":"res.partner","fields":["nope"]}', 1))
    assert.deepInclude(refused.reason, { _tag: "RequestRefused", code: "builtins.ValueError" })
    assert.include(refused.message, "Invalid field 'nope'")
    assert.strictEqual((await failure(connector.query!('{"model":"no.such.model"}', 1))).reason._tag, "RequestRefused")
    if (version === 19) {
      const answer = await fetch(`${database.url}/json/2/res.partner/read`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `bearer ${API_KEY}` },
        body: JSON.stringify({ ids: [1], fields: ["nope"] }),
      })
      assert.strictEqual(answer.status, 500)
    }
  })

  it("[OD42] nothing of a traceback, a secret or a record stands in an error", async () => {
    const id = await put("res.partner", { name: "Secretive Person" })
    await database.door("settings", { denied: { "res.partner": ["read"] } })
    const error = await failure(read(id, "name"))
    await database.door("settings", { denied: {} })
    assert.strictEqual(error.reason._tag, "Forbidden")
    assert.notMatch(JSON.stringify(error), /Traceback|Secretive|admin|0123456789abcdef/)
  })

  it("[OD28] fields that a version lacks are left out, and one that went away meanwhile is asked for no more", async () => {
    const values = found(await run(read(1, "name", "mobile", "title")))[0]?.values
    assert.deepStrictEqual(Object.keys(values ?? {}), version === 17 ? ["name", "mobile", "title"] : ["name"])
  })

  it("[OD17] relations come as bare ids: a renamed country changes no contact", async () => {
    const id = await put("res.partner", { name: "Abroad", country_id: 75 })
    const classic = await database.rpc("res.partner", "read", [[id], ["country_id"]])
    assert.deepStrictEqual((classic["result"] as ReadonlyArray<JsonObject>)[0]?.["country_id"], [75, "France"])
    const values = found(await run(read(id, "country_id", "@country_id")))[0]?.values
    assert.deepStrictEqual(values, { country_id: 75, "@country_id": [{ object: "res.country", id: "75" }] })
  })

  it("[OD34] pictures are never asked for", async () => {
    const { result } = await database.rpc("res.partner", "read", [[1]])
    assert.isAbove(JSON.stringify(result).length, 50_000)
    assert.deepStrictEqual(found(await run(read(1, "name", "image_1920")))[0]?.values, { name: "YourCompany" })
  })

  it("[OD29] one hidden record fails a whole read; the others are read, and it is called invisible", async () => {
    const [seen, hidden] = [await put("res.partner", { name: "Seen" }), await put("res.partner", { name: "Hidden" })]
    await database.door("settings", { hidden: { "res.partner": [hidden!] } })
    assert.include(
      JSON.stringify((await database.rpc("res.partner", "read", [[seen!, hidden!], ["name"]]))["error"]),
      "AccessError",
    )
    const readings = await run(connector.read!("res.partner", [String(seen), String(hidden), "888888"], NAMES))
    await database.door("settings", { hidden: {} })
    assert.deepStrictEqual(
      found(readings).map(({ id }) => id),
      [String(seen)],
    )
    assert.deepStrictEqual(
      readings.flatMap((each) => (each._tag === "Gone" ? [[each.id, each.reason]] : [])),
      [
        [String(hidden), "invisible"],
        ["888888", "deleted"],
      ],
    )
  })

  it("[OD19] a method that returns nothing is no error", async () => {
    const lead = await put("crm.lead", { name: "None" })
    const answer = await database.rpc("crm.lead", "action_set_lost", [[lead]])
    assert.strictEqual("result" in answer, version === 19)
    assert.notProperty(answer, "error")
    const other = String(await put("crm.lead", { name: "None again" }))
    const [written] = await run(
      connector.write!("crm.lead", [row({ id: other, type: "deal", values: { $status: "lost" } })]),
    )
    assert.deepStrictEqual(written?.outcome, { _tag: "Written", id: other })
  })

  it("[OD40] what stands in front of Odoo answers with pages: they are outages, and of a write nobody knows", async () => {
    const id = await put("res.partner", { name: "Proxied" })
    await database.door("failNext", { kind: "status", status: 502, model: "res.partner" })
    assert.deepInclude((await failure(read(id, "name"))).reason, { _tag: "Unavailable", effect: "none" })
    await database.door("failNext", { kind: "garbage", model: "res.partner" })
    assert.strictEqual((await failure(read(id, "name"))).reason._tag, "Unreadable")
    await database.door("failNext", {
      kind: "status",
      status: 504,
      afterEffect: true,
      model: "res.partner",
      method: "write",
    })
    const lost = await failure(connector.write!("res.partner", [row({ id: String(id), values: { city: "Rom" } })]))
    assert.deepInclude(lost.reason, { _tag: "Unavailable", effect: "unknown" })
    await database.door("failNext", { kind: "status", status: 429, retryAfter: 7, model: "res.partner" })
    assert.deepInclude((await failure(read(id, "name"))).reason, { _tag: "RateLimited", retryAfterMs: 7000 })
    await database.door("failNext", { kind: "serialization", model: "res.partner" })
    assert.deepInclude((await failure(read(id, "name"))).reason, { _tag: "Unavailable", effect: "none" })
  })

  it("[OD41] a batch of calls is refused like a malformed body", async () => {
    for (const body of ["[]", "{"]) {
      const answer = await fetch(`${database.url}/jsonrpc`, { method: "POST", body })
      assert.strictEqual(answer.status, 400)
      assert.include(answer.headers.get("content-type") ?? "", "text/html")
    }
  })

  it("the metadata names fields, teams with their stages, users, lists and the currency", async () => {
    const metadata = await run(connector.metadata)
    assert.deepInclude(metadata.pipelines[0], { object: "crm.lead", id: "1", label: "Sales" })
    assert.deepStrictEqual(
      metadata.pipelines[0]?.stages.map(({ id, closed }) => [id, closed]),
      [
        ["1", null],
        ["2", null],
        ["3", null],
        ["4", "won"],
      ],
    )
    assert.deepInclude(metadata.owners, {
      id: "2",
      email: "admin@yourcompany.example",
      name: "Administrator",
      active: true,
    })
    assert.strictEqual(metadata.lookups["countries"]?.["57"], "DE")
    assert.deepStrictEqual(metadata.lookups["activityTypes"], {
      "1": "email",
      "2": "call",
      "3": "meeting",
      "4": "task",
      "6": "task",
      "7": "task",
    })
    assert.strictEqual(metadata.currency, "USD")
    assert.strictEqual(metadata.version, `${version}.0`)
    assert.deepInclude(metadata.fields["res.partner"]?.["email"], { type: "char" })
    assert.strictEqual("mobile" in metadata.fields["res.partner"]!, version === 17)
    assert.strictEqual(metadata.fields["res.partner"]?.["write_date"]?.readOnly, true)
    assert.strictEqual(metadata.fields["mail.activity"]?.["@record"]?.type, "association")
  })

  it("a backfill of 2,500 contacts is walked in pages, counted, and can be resumed from any cursor", async () => {
    await database.door("seed", {
      model: "res.partner",
      rows: Array.from({ length: 2500 }, (_, index) => ({ id: 20_000 + index, name: `Person ${index}` })),
    })
    const options = { fields: ["name"], limit: 500 }
    const { records, pages } = await walk((cursor) => connector.backfill!("res.partner", cursor, options), null)
    assert.isAtLeast(records.length, 2500)
    assert.strictEqual(pages[0]?.total, records.length)
    assert.isNull(pages.at(-1)?.next)
    const rest = await walk((cursor) => connector.backfill!("res.partner", cursor, options), pages[1]!.next)
    assert.deepStrictEqual(
      rest.records.map(({ id }) => id),
      records.slice(1000).map(({ id }) => id),
    )
    assert.strictEqual(
      (await failure(connector.changes!("res.partner", "foreign", options))).reason._tag,
      "CursorExpired",
    )
  })

  it("a lookup finds an e-mail however it is written, and takes no wildcard from a name", async () => {
    await put("res.partner", { name: "100 others" })
    const id = await put("res.partner", { name: "100%", email: "Grace Hopper <Grace@Example.org>" })
    const hits = (fields: Readonly<Record<string, string>>) =>
      run(connector.lookup!("res.partner", [{ fields }], NAMES))
    assert.deepStrictEqual(
      (await hits({ email: "grace@example.org" })).map(({ record }) => record.id),
      [String(id)],
    )
    assert.deepStrictEqual(
      (await hits({ name: "100%" })).map(({ record }) => record.id),
      [String(id)],
    )
    assert.deepStrictEqual(await hits({ name: "%" }), [])
    const first = await run(connector.lookup!("res.partner", [{ fields: { name: "100%" } }], { fields: [], limit: 1 }))
    assert.deepStrictEqual(
      first.map(({ record }) => record.id),
      [String(id)],
    )
    const many = [{ fields: { email: "nobody@example.org" } }, { fields: { email: "grace@example.org" } }]
    const found = await run(connector.lookup!("res.partner", many, NAMES))
    assert.deepStrictEqual(
      found.map(({ key, record }) => [key, record.id]),
      [[1, String(id)]],
    )
  })

  it("[OD53] a website gets a scheme that nobody sent, and is looked up in every form", async () => {
    const id = await put("res.partner", { name: "Site", website: "www.example.net" })
    assert.strictEqual(found(await run(read(id, "website")))[0]?.values["website"], "http://www.example.net")
    const keys = [{ fields: { website: "https://example.net/" } }]
    const hits = await run(connector.lookup!("res.partner", keys, NAMES))
    assert.deepStrictEqual(
      hits.map(({ record }) => record.id),
      [String(id)],
    )
  })

  describe("automation rules", () => {
    interface Post {
      readonly body: JsonObject
      readonly readBack: Json | undefined
    }

    /** A receiver that reads each record back at once, as it is posted. */
    const receiving = async (act: () => Promise<void>): Promise<ReadonlyArray<Post>> => {
      const posts: Array<Post> = []
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk))
        request.on("end", () => {
          const body = JSON.parse(Buffer.concat(chunks).toString()) as JsonObject
          void database.rpc("res.partner", "read", [[body["_id"]!], ["name"]]).then(({ result }) => {
            posts.push({ body, readBack: (result as ReadonlyArray<JsonObject>)[0]?.["name"] })
            return response.end()
          })
        })
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const address = server.address()
      if (address === null || typeof address === "string") throw new Error("no port")
      await database.door("settings", { webhook: { url: `http://127.0.0.1:${address.port}/hook` } })
      await act()
      await database.door("settings", { webhook: null })
      server.close()
      return posts
    }

    it("[OD30] 17 posts before the commit: what is read back at once is what was there before", async () => {
      const id = await put("res.partner", { name: "Before" })
      const posts = await receiving(async () => void (await put("res.partner", { name: "After" }, id)))
      assert.deepStrictEqual(
        posts.map(({ readBack }) => readBack),
        version === 17 ? ["Before", "Before"] : ["After", "After"],
      )
      assert.strictEqual(found(await run(read(id, "name")))[0]?.values["name"], "After")
    })

    it("[OD31] a create posts eleven times, without signature, event or type, and with microseconds", async () => {
      const posts = await receiving(async () => void (await put("res.partner", { name: "Eleven" })))
      assert.lengthOf(posts, 11)
      const { body } = posts[0]!
      assert.deepStrictEqual(Object.keys(body).toSorted(), [
        "_action",
        "_id",
        "_model",
        "email",
        "id",
        "name",
        "write_date",
      ])
      assert.match(String(body["write_date"]), /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{6}$/)
      const request = {
        method: "POST",
        url: "https://example.org/hook?secret=a%20secret%20of%2020%20signs",
        headers: {},
        body: new TextEncoder().encode(JSON.stringify(body)),
      }
      assert.isTrue(connector.webhook!.verify(request, 0))
      assert.deepStrictEqual(await run(connector.webhook!.parse(request)), [
        { object: "res.partner", id: String(body["_id"]), kind: "changed" },
      ])
    })

    it("[OD32] 17 posts what is rolled back; only a read tells", async () => {
      const id = await put("res.partner", { name: "True" })
      await database.door("failNext", { kind: "rollback", model: "res.partner", method: "write" })
      const posts = await receiving(
        async () => void (await database.rpc("res.partner", "write", [[id], { name: "Never" }])),
      )
      assert.deepStrictEqual(
        posts.map(({ body }) => body["name"]),
        version === 17 ? ["Never", "Never"] : [],
      )
      assert.strictEqual(found(await run(read(id, "name")))[0]?.values["name"], "True")
    })
  })
})
