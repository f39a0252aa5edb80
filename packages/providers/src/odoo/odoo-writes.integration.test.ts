/** Writing to an Odoo database without preconditions or idempotency keys: by a sandbox of 17 and of 19, over HTTP. */
import type { Connector, WriteAnswer, WriteOutcome, WriteRow } from "@concordat/engine/ports/Provider"
import type { Json, JsonObject } from "@concordat/model/json"
import { setTimeout } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Database, failure, fieldsOf, found, row, run, startDatabase } from "./testing/database.ts"

describe.each([17, 19] as const)("Odoo %i: writes", (version) => {
  let database: Database
  let connector: Connector

  beforeAll(async () => {
    database = await startDatabase(version)
    connector = await database.connector()
  })
  afterAll(() => database.stop())

  const put = async (model: string, vals: JsonObject, id?: number): Promise<number> =>
    Number((await database.door("put", { model, vals, ...(id === undefined ? {} : { id }) }))["id"])
  const get = async (model: string, id: Json | undefined) =>
    (await database.door("get", { model, id: Number(id) }))["row"] as JsonObject
  const write = (object: string, ...rows: ReadonlyArray<WriteRow>): Promise<ReadonlyArray<WriteAnswer>> =>
    run(connector.write!(object, rows))
  const one = async (object: string, given: WriteRow): Promise<WriteOutcome> => (await write(object, given))[0]!.outcome
  const written = (outcome: WriteOutcome): Extract<WriteOutcome, { _tag: "Written" }> => {
    if (outcome._tag !== "Written") throw new Error(JSON.stringify(outcome))
    return outcome
  }
  const refused = (outcome: WriteOutcome): Extract<WriteOutcome, { _tag: "Refused" }> => {
    if (outcome._tag !== "Refused") throw new Error(JSON.stringify(outcome))
    return outcome
  }
  const log = async () => (await database.door("log"))["writes"] as ReadonlyArray<JsonObject>
  const fail = (trouble: JsonObject) => database.door("failNext", trouble)

  it("[OD21] a create carries our id, can be repeated, and then leaves what a person made of the record", async () => {
    const create = row({ ownId: "0193-abc", values: { name: "Ada", email: "ada@example.org" } })
    const { id } = written(await one("res.partner", create))
    assert.strictEqual((await log()).at(-1)!["method"], "load")
    assert.deepStrictEqual((await log()).at(-1)!["externalIds"], ["__concordat__.contact_0193-abc"])
    await put("res.partner", { name: "Ada Lovelace" }, Number(id))
    const made = ["name", "email"]
    assert.deepStrictEqual(await one("res.partner", create), { _tag: "Written", id, adopted: true, made })
    assert.strictEqual((await get("res.partner", id))["name"], "Ada Lovelace")
    const [hit] = await run(connector.lookup!("res.partner", [{ ownId: "0193-abc", fields: {} }], fieldsOf("name")))
    assert.strictEqual(hit?.record.id, id)
    assert.strictEqual(hit?.record.ownId, "0193-abc")
  })

  it("[OD21] the importer's four concurrent loads of one external id make one record", async () => {
    const load = () => database.rpc("res.partner", "load", [["id", "name"], [["__concordat__.contact_four", "Four"]]])
    const answers = await Promise.all([load(), load(), load(), load()])
    const ids = answers.flatMap(
      (answer) => ((answer["result"] as JsonObject)["ids"] as ReadonlyArray<number> | false) || [],
    )
    assert.strictEqual(new Set(ids).size, 1)
    assert.lengthOf(
      (await database.door("list", { model: "res.partner", domain: [["name", "=", "Four"]] }))[
        "rows"
      ] as ReadonlyArray<Json>,
      1,
    )
  })

  it("[OD55] what a write calls its values differs by model and module, and is no matter", async () => {
    const partner = await put("res.partner", { name: "Overridden" })
    const activity = await put("mail.activity", { res_model_id: 1, res_id: partner, summary: "Before" })
    const named = await database.rpc("mail.activity", "write", [[activity]], { vals: { summary: "By name" } })
    assert.strictEqual("error" in named, version === 17)
    await database.door("settings", { writeArgument: { "res.partner": "values" } })
    for (const summary of ["After", "Once more"]) {
      written(await one("mail.activity", row({ id: String(activity), values: { summary } })))
      written(await one("res.partner", row({ id: String(partner), values: { function: summary } })))
      assert.strictEqual((await get("mail.activity", activity))["summary"], summary)
      assert.strictEqual((await get("res.partner", partner))["function"], summary)
    }
    await database.door("settings", { writeArgument: {} })
    written(await one("res.partner", row({ id: String(partner), values: { function: "Back" } })))
    assert.strictEqual((await get("res.partner", partner))["function"], "Back")
  })

  it("[OD39] a create whose answer was lost is found by our id when it is sent again", async () => {
    const create = row({ values: { name: "Lost answer" } })
    await fail({ kind: "drop", afterEffect: true, model: "res.partner", method: "load" })
    const error = await failure(connector.write!("res.partner", [create]))
    assert.deepInclude(error.reason, { _tag: "Unavailable", effect: "unknown" })
    assert.isTrue(written(await one("res.partner", create)).adopted)
    assert.lengthOf(
      (await database.door("list", { model: "res.partner", domain: [["name", "=", "Lost answer"]] }))[
        "rows"
      ] as ReadonlyArray<Json>,
      1,
    )
  })

  it("[OD62] an import that is interrupted after ten errors blames no row behind them", async () => {
    const rows = Array.from({ length: 15 }, (_, at) =>
      row({ values: { name: `Row ${at}`, type: at < 10 ? "wrong" : "contact" } }),
    )
    const codes = (await write("res.partner", ...rows)).map(({ outcome }) => refused(outcome))
    assert.deepStrictEqual(
      codes.map(({ code, retry }) => [code, retry]),
      codes.map((_, at) => (at < 10 ? ["validation", false] : ["busy", true])),
    )
    await fail({ kind: "serialization", model: "res.partner", method: "load" })
    const locked = (await write("res.partner", ...rows.slice(2))).map(({ outcome }) => refused(outcome))
    assert.isTrue(locked.every(({ code, retry, effect }) => code === "busy" && retry && effect === "none"))
  })

  it("[OD63] a create that meets itself, still under way after its answer was lost, is adopted when it is there", async () => {
    const rows = Array.from({ length: 12 }, (_, at) => row({ values: { name: `Twice ${at}` } }))
    await fail({ kind: "serialization", afterEffect: true, model: "res.partner", method: "load" })
    const answers = await write("res.partner", ...rows)
    assert.isTrue(answers.every(({ outcome }) => written(outcome).adopted === true))
    const there = (await database.door("list", { model: "res.partner", domain: [["name", "like", "Twice "]] }))["rows"]
    assert.lengthOf(there as ReadonlyArray<Json>, 12)
  })

  it("[OD22] one bad row refuses the whole import, with status 200: the others had no effect and can be sent again", async () => {
    const [good, bad] = [
      row({ values: { name: "Good", type: "contact" } }),
      row({ values: { name: "Bad", type: "no such type" } }),
    ]
    const answers = await write("res.partner", good, bad)
    const outcomes = new Map(answers.map(({ key, outcome }) => [key, refused(outcome)]))
    assert.deepInclude(outcomes.get(bad.key), { code: "validation", effect: "none", retry: false })
    assert.include(outcomes.get(bad.key)!.message, "no such type")
    assert.deepInclude(outcomes.get(good.key), { code: "busy", effect: "none", retry: true })
    assert.strictEqual(written(await one("res.partner", good)).adopted, undefined)
  })

  it("[OD23] a serialization failure inside the importer's answer is a lock, and no fault of the row", async () => {
    await fail({ kind: "serialization", model: "res.partner", method: "load" })
    assert.deepInclude(refused(await one("res.partner", row({ values: { name: "Busy" } }))), {
      code: "busy",
      effect: "none",
      retry: true,
    })
  })

  it("[OD24] a serialization failure of a write can be tried again, and had no effect", async () => {
    const id = await put("res.partner", { name: "Contended" })
    await fail({ kind: "serialization", model: "res.partner", method: "write" })
    assert.deepInclude(refused(await one("res.partner", row({ id: String(id), values: { name: "New" } }))), {
      code: "busy",
      effect: "none",
      retry: true,
    })
    assert.strictEqual((await get("res.partner", id))["name"], "Contended")
  })

  it("[OD6] rows with the same values share one call, and a write of nothing is not made", async () => {
    const ids = [
      await put("res.partner", { name: "A" }),
      await put("res.partner", { name: "B" }),
      await put("res.partner", { name: "C" }),
    ]
    const before = (await log()).length
    const [a, b, c] = ids.map(String)
    const answers = await write(
      "res.partner",
      row({ id: a!, values: { city: "Bonn" } }),
      row({ id: b!, values: { city: "Ulm" } }),
      row({ id: c!, values: { city: "Bonn" } }),
      row({ id: a!, values: {} }),
    )
    assert.lengthOf(answers, 4)
    assert.isTrue(answers.every(({ outcome }) => outcome._tag === "Written"))
    assert.deepStrictEqual(
      (await log()).slice(before).map((each) => each["ids"]),
      [[ids[0]!, ids[2]!], [ids[1]!]],
    )
  })

  it("[OD12] a write to a record that is gone is answered for that record alone", async () => {
    const id = String(await put("res.partner", { name: "There" }))
    const [there, gone] = [row({ id, values: { city: "Köln" } }), row({ id: "999999", values: { city: "Köln" } })]
    const outcomes = new Map((await write("res.partner", there, gone)).map(({ key, outcome }) => [key, outcome]))
    assert.strictEqual(outcomes.get(there.key)?._tag, "Written")
    assert.deepInclude(refused(outcomes.get(gone.key)!), { code: "missing", effect: "none", retry: false })
    assert.strictEqual((await get("res.partner", id))["city"], "Köln")
  })

  it("[OD20] a datetime is read in the user's own zone by the importer, unless it is told UTC", async () => {
    const vals = { name: "Talk", start: "2026-11-20 10:00:00", stop: "2026-11-20 11:00:00" }
    const { result } = await database.rpc("calendar.event", "load", [
      ["id", "name", "start", "stop"],
      [["x.y", vals.name, vals.start, vals.stop]],
    ])
    const [shifted] = (result as JsonObject)["ids"] as ReadonlyArray<number>
    assert.strictEqual((await get("calendar.event", shifted))["start"], "2026-11-20 09:00:00")
    const { id } = written(await one("calendar.event", row({ type: "activity", values: vals })))
    assert.strictEqual((await get("calendar.event", id))["start"], vals.start)
  })

  it("[OD20] a datetime with T and Z is refused as a value", async () => {
    const id = await put("calendar.event", { name: "When", start: "2026-11-20 10:00:00", stop: "2026-11-20 11:00:00" })
    const outcome = refused(
      await one("calendar.event", row({ id: String(id), values: { start: "2026-11-20T10:00:00Z" } })),
    )
    assert.strictEqual(outcome.code, "validation")
  })

  it("[OD18] empty is false: null is written as false, and relations are emptied", async () => {
    const parent = await put("res.partner", { name: "Firm", is_company: true })
    const id = String(await put("res.partner", { name: "Leaver", parent_id: parent, phone: "+49 30 1" }))
    written(await one("res.partner", row({ id, values: { "@parent_id": [], phone: null } })))
    const [record] = found(
      await run(connector.read!("res.partner", [id], fieldsOf("phone", "parent_id", "@parent_id"))),
    )
    assert.deepStrictEqual(record?.values, { phone: false, parent_id: false, "@parent_id": [] })
    written(
      await one("res.partner", row({ id, values: { "@parent_id": [{ object: "res.partner", id: String(parent) }] } })),
    )
    assert.strictEqual((await get("res.partner", id))["parent_id"], parent)
  })

  it("[OD33] HTML is not held as it was sent", async () => {
    const id = String(await put("res.partner", { name: "Noted" }))
    written(await one("res.partner", row({ id, values: { comment: "plain <script>alert(1)</script>text" } })))
    const [record] = found(await run(connector.read!("res.partner", [id], fieldsOf("comment"))))
    assert.strictEqual(record?.values["comment"], "<p>plain text</p>")
  })

  it("[OD37] a new lead belongs to nobody unless somebody is named", async () => {
    const asked = (await database.rpc("crm.lead", "create", [{ name: "By default" }]))["result"]
    assert.strictEqual((await get("crm.lead", asked as number))["user_id"], 2)
    const { id } = written(await one("crm.lead", row({ type: "deal", values: { name: "Nobody's" } })))
    assert.strictEqual((await get("crm.lead", id))["user_id"], false)
    const { id: named } = written(await one("crm.lead", row({ type: "deal", values: { name: "Named", user_id: "2" } })))
    assert.strictEqual((await get("crm.lead", named))["user_id"], 2)
  })

  it("[OD15] won, lost and open again are done by Odoo's own methods", async () => {
    const { id } = written(
      await one("crm.lead", row({ type: "deal", values: { name: "Deal", $status: "open", expected_revenue: 1200.5 } })),
    )
    const status = async () =>
      found(await run(connector.read!("crm.lead", [id], fieldsOf("$status"))))[0]?.values["$status"]
    const set = (values: JsonObject) => one("crm.lead", row({ id, type: "deal", values }))
    written(await set({ $status: "won" }))
    assert.strictEqual(await status(), "won")
    assert.strictEqual((await get("crm.lead", id))["stage_id"], 4)
    written(await set({ $status: "lost", lost_reason_id: 2 }))
    assert.strictEqual(await status(), "lost")
    assert.deepInclude(await get("crm.lead", id), { active: false, probability: 0, lost_reason_id: 2 })
    written(await set({ $status: "open", stage_id: 2, lost_reason_id: null }))
    assert.strictEqual(await status(), "open")
    assert.deepInclude(await get("crm.lead", id), { active: true, stage_id: 2, lost_reason_id: false })
  })

  it("[OD15] 17 lets a won lead be lost where it stands; 19 refuses, and the connector moves it out of the stage first", async () => {
    const won = await put("crm.lead", { name: "Won", stage_id: 4 })
    const answer = await database.rpc("crm.lead", "action_set_lost", [[won]])
    if (version === 17) assert.deepInclude(await get("crm.lead", won), { active: false, stage_id: 4 })
    else {
      assert.include(JSON.stringify(answer["error"]), "A lead in a Won stage cannot be lost")
      assert.strictEqual((await get("crm.lead", won))["active"], true)
    }
    const other = String(await put("crm.lead", { name: "Won too", stage_id: 4 }))
    assert.strictEqual(
      written(await one("crm.lead", row({ id: other, type: "deal", values: { $status: "lost" } }))).refused,
      undefined,
    )
    assert.deepInclude(await get("crm.lead", other), { active: false, probability: 0 })
  })

  it("a new deal can be won from the start", async () => {
    const { id, refused: left } = written(
      await one("crm.lead", row({ type: "deal", values: { name: "Instant", $status: "won" } })),
    )
    assert.isUndefined(left)
    assert.deepInclude(await get("crm.lead", id), { stage_id: 4, probability: 100 })
  })

  it("[OD36] a conversion by method empties the customer; the connector writes the type", async () => {
    const partner = await put("res.partner", { name: "Customer" })
    const [one_, two] = [
      await put("crm.lead", { name: "L1", type: "lead", partner_id: partner }),
      await put("crm.lead", { name: "L2", type: "lead", partner_id: partner }),
    ]
    await database.rpc("crm.lead", "convert_opportunity", [[one_], false])
    assert.strictEqual((await get("crm.lead", one_))["partner_id"], false)
    written(await one("crm.lead", row({ id: String(two), type: "deal", values: { type: "opportunity" } })))
    assert.deepInclude(await get("crm.lead", two), { partner_id: partner, type: "opportunity" })
  })

  it("[OD35] an activity is hung on its record, and done by us is answered with the message it became", async () => {
    const partner = await put("res.partner", { name: "To be called" })
    const on = [{ object: "res.partner", id: String(partner) }]
    const values = { summary: "Call", date_deadline: "2026-12-01", "@record": on, $kind: "call", user_id: "2" }
    const { id } = written(await one("mail.activity", row({ type: "activity", values })))
    assert.deepInclude(await get("mail.activity", id), {
      res_model: "res.partner",
      res_id: partner,
      activity_type_id: 2,
    })
    const done = written(
      await one("mail.activity", row({ id, type: "activity", values: { $done: true, $feedback: "reached" } })),
    )
    assert.lengthOf(done.converted ?? [], 1)
    const message = await get("mail.message", done.converted![0]!.id)
    assert.deepInclude(message, { model: "res.partner", res_id: partner, mail_activity_type_id: 2 })
    const { result } = await database.rpc("mail.activity", "search", [[["id", "=", Number(id)]]])
    assert.deepStrictEqual(result, [])
    const byColumns = {
      summary: "By columns",
      date_deadline: "2026-12-01",
      res_model: "res.partner",
      res_id: String(partner),
    }
    assert.isUndefined(written(await one("mail.activity", row({ type: "activity", values: byColumns }))).refused)
    assert.strictEqual(
      refused(await one("mail.activity", row({ type: "activity", values: { summary: "On nothing" } }))).code,
      "validation",
    )
  })

  it("[OD43] a note is made as one, once; text posted to the chatter would be escaped", async () => {
    const partner = await put("res.partner", { name: "Noted on" })
    const posted = (await database.rpc("res.partner", "message_post", [[partner]], { body: "<b>bold</b>" }))["result"]
    assert.include(
      String((await get("mail.message", Array.isArray(posted) ? (posted[0] as number) : (posted as number)))["body"]),
      "&lt;b&gt;",
    )
    const note = row({
      type: "activity",
      values: { body: "<p><b>bold</b></p>", "@record": [{ object: "res.partner", id: String(partner) }] },
    })
    const { id } = written(await one("mail.message", note))
    assert.deepInclude(await get("mail.message", id), {
      body: "<p><b>bold</b></p>",
      message_type: "comment",
      subtype_id: 2,
      res_id: partner,
    })
    assert.deepStrictEqual(await one("mail.message", note), { _tag: "Written", id, adopted: true, made: ["body"] })
  })

  it("[OD49] a contact of a user cannot be deleted, but archived; nothing is deleted by the connector", async () => {
    const answer = await database.rpc("res.partner", "unlink", [[3]])
    assert.include(JSON.stringify(answer["error"]), "odoo.exceptions.RedirectWarning")
    const id = await put("res.partner", { name: "Leaving" })
    written(await one("res.partner", row({ id: String(id), kind: "archive", values: {} })))
    assert.strictEqual((await get("res.partner", id))["active"], false)
  })

  it("[OD28] a field that a database lacks is named in the answer, and the rest is written", async () => {
    const id = String(await put("res.partner", { name: "Partly" }))
    const { refused: left } = written(
      await one(
        "res.partner",
        row({ id, values: { city: "Trier", x_missing: "1", write_date: "2001-01-01 00:00:00" } }),
      ),
    )
    assert.deepStrictEqual(
      left?.map(({ key }) => key),
      ["x_missing", "write_date"],
    )
    assert.strictEqual((await get("res.partner", id))["city"], "Trier")
  })

  it("[OD44] a custom field can be made over the interface, and is written and read like any other", async () => {
    const field = { name: "x_score", model_id: 1, field_description: "Score", ttype: "integer" }
    assert.isNumber((await database.rpc("ir.model.fields", "create", [field]))["result"])
    const fresh = await database.connector()
    const id = String(await put("res.partner", { name: "Scored" }))
    await run(fresh.write!("res.partner", [row({ id, values: { x_score: 7 } })]))
    const [record] = found(await run(fresh.read!("res.partner", [id], fieldsOf("x_score"))))
    assert.deepStrictEqual(record?.values, { x_score: 7 })
  })

  it("a batch whose connection fails midway keeps its answers, and says what is in doubt", async () => {
    const ids = [
      await put("res.partner", { name: "M1" }),
      await put("res.partner", { name: "M2" }),
      await put("res.partner", { name: "M3" }),
    ].map(String)
    const rows = ids.map((id, index) => row({ id, values: { city: `City ${index}` } }))
    await fail({ kind: "slow", ms: 1, model: "res.partner", method: "write" })
    await fail({ kind: "drop", afterEffect: true, model: "res.partner", method: "write" })
    const outcomes = (await write("res.partner", ...rows)).map(({ outcome }) => outcome)
    assert.strictEqual(outcomes[0]?._tag, "Written")
    assert.deepInclude(refused(outcomes[1]!), { code: "busy", effect: "unknown", retry: true })
    assert.deepInclude(refused(outcomes[2]!), { code: "busy", effect: "none", retry: true })
  })

  it("[OD16] after a merge the loser's external id is the winner's, and a repeated create adopts it untouched", async () => {
    const create = row({ ownId: "merged-1", values: { name: "Double" } })
    const winner = await put("res.partner", { name: "The one" })
    // Made in another second, so that the name is not of one time with it: what it holds is nothing that a create of ours set.
    await setTimeout(1_001 - (Date.now() % 1_000))
    const { id } = written(await one("res.partner", create))
    await database.door("merge", { model: "res.partner", winner, losers: [Number(id)] })
    assert.deepStrictEqual(await one("res.partner", create), { _tag: "Written", id: String(winner), adopted: true })
    assert.strictEqual((await get("res.partner", winner))["name"], "The one")
  })
})
