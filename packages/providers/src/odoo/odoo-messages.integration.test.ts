/** Activities and messages of an Odoo database, which turn into each other: by a sandbox of 17 and of 19, over HTTP. */
import type { Connector } from "@concordat/engine/ports/Provider"
import type { Json, JsonObject } from "@concordat/model/json"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Database, fieldsOf, run, startDatabase, walk } from "./testing/database.ts"

const NAMES = fieldsOf("name")

describe.each([17, 19] as const)("Odoo %i: activities and messages", (version) => {
  let database: Database
  let connector: Connector

  beforeAll(async () => {
    database = await startDatabase(version)
    connector = await database.connector()
  })
  afterAll(() => database.stop())

  const put = async (model: string, vals: JsonObject, id?: number, tx?: string): Promise<number> =>
    Number(
      (
        await database.door("put", {
          model,
          vals,
          ...(id === undefined ? {} : { id }),
          ...(tx === undefined ? {} : { tx }),
        })
      )["id"],
    )
  const later = (ms: number) => database.door("advance", { ms })
  const from = (object: string) => run(connector.changesFrom!(object))
  const changed = (object: string, cursor: Json, options = NAMES) =>
    walk((next) => connector.changes!(object, next, options), cursor)
  const idsOf = (records: ReadonlyArray<{ readonly id: string }>) => records.map(({ id }) => Number(id))

  it("[OD11] a message or an activity does not stamp its record, and is a change of its own", async () => {
    const partner = await put("res.partner", { name: "Talked about" })
    await later(10 * 60_000)
    const cursors = {
      partner: await from("res.partner"),
      message: await from("mail.message"),
      activity: await from("mail.activity"),
    }
    await database.rpc("res.partner", "message_post", [[partner]], { body: "Rang twice", message_type: "comment" })
    const activity = await put("mail.activity", { res_model_id: 1, res_id: partner, summary: "Call back" })
    assert.notInclude(idsOf((await changed("res.partner", cursors.partner)).records), partner)
    const messages = (await changed("mail.message", cursors.message, fieldsOf("body", "$kind", "@record"))).records
    assert.deepStrictEqual(
      messages.map(({ values }) => values),
      [{ body: "<p>Rang twice</p>", $kind: "note", "@record": [{ object: "res.partner", id: String(partner) }] }],
    )
    const activities = (await changed("mail.activity", cursors.activity, fieldsOf("summary", "$done", "$kind"))).records
    assert.deepStrictEqual(
      activities.map(({ id, values }) => [id, values]),
      [[String(activity), { summary: "Call back", $done: false, $kind: "task" }]],
    )
  })

  /** A person's done activity, and what the connector then tells of messages and of the activity. */
  const done = async (by: Connector, type: number) => {
    const partner = await put("res.partner", { name: "Called" })
    const vals = { res_model_id: 1, res_id: partner, summary: "Ring", activity_type_id: type }
    const activity = await put("mail.activity", vals)
    await later(10 * 60_000)
    const cursor = await run(by.changesFrom!("mail.message"))
    const args = { feedback: "reached" }
    await database.door("press", { model: "mail.activity", method: "action_feedback", ids: [activity], args })
    const fields = fieldsOf("body", "$kind", "$done", "@record")
    const { records } = await walk((next) => by.changes!("mail.message", next, fields), cursor)
    const [reading] = await run(by.read!("mail.activity", [String(activity)], NAMES))
    const listed = await walk((next) => by.backfill!("mail.message", next, fields), null)
    const message = listed.records.find(({ values }) => JSON.stringify(values["@record"]).includes(`"${partner}"`))
    return { records, reading, message: message!, activity: String(activity), partner }
  }

  it("[OD35] a done activity is archived and says which message it became, which is no news of its own; 17 has to be told once", async () => {
    await run(connector.prepare!)
    await run(connector.prepare!)
    const { records, reading, message, activity, partner } = await done(connector, 2)
    assert.deepStrictEqual(records, [])
    assert.deepStrictEqual(reading, {
      _tag: "Converted",
      object: "mail.activity",
      id: activity,
      into: [{ object: "mail.message", id: message.id }],
    })
    const { body, ...rest } = message.values
    assert.deepStrictEqual(rest, {
      $kind: "call",
      $done: true,
      "@record": [{ object: "res.partner", id: String(partner) }],
    })
    assert.include(String(body), "reached")
  })

  it("[OD35] of a type that was made since, 17 deletes a done activity, and its message is news", async () => {
    await database.door("seed", { model: "mail.activity.type", rows: [{ id: 77, name: "Visit", category: "default" }] })
    const { records, reading, message, activity } = await done(connector, 77)
    assert.deepStrictEqual(
      records.map(({ id }) => id),
      version === 17 ? [message.id] : [],
    )
    if (version === 17)
      assert.deepStrictEqual(reading, { _tag: "Gone", object: "mail.activity", id: activity, reason: "deleted" })
    else assert.strictEqual(reading?._tag, "Converted")
  })

  it("[OD54] rows are left out after the limit: a short page of messages is not the last one", async () => {
    const [seen, hidden] = [await put("res.partner", { name: "Public" }), await put("res.partner", { name: "Secret" })]
    const say = (on: number) =>
      put("mail.message", { model: "res.partner", res_id: on, body: "x", message_type: "comment" })
    for (let pair = 0; pair < 3; pair++) {
      await say(hidden!)
      await say(seen!)
    }
    await database.door("settings", { hidden: { "res.partner": [hidden!] } })
    const options = { fields: ["body", "@record"], limit: 2 }
    const { records, pages } = await walk((next) => connector.backfill!("mail.message", next, options), null)
    const { hints } = await walk((next) => connector.census!("mail.message", next), null)
    await database.door("settings", { hidden: {} })
    assert.isTrue(pages.some((page) => page.records.length === 1))
    const about = (on: number) =>
      records.filter(({ values }) => JSON.stringify(values["@record"]).includes(`"${on}"`)).length
    assert.deepStrictEqual([about(seen!), about(hidden!)], [3, 0])
    assert.strictEqual(hints.length, records.length)
  })

  it("[OD47] what the chatter says of itself is no note", async () => {
    const cursor = await from("mail.message")
    const lead = await put("crm.lead", { name: "Moved" })
    await put("crm.lead", { stage_id: 2 }, lead)
    const { result } = await database.rpc("mail.message", "search_count", [
      [
        ["model", "=", "crm.lead"],
        ["res_id", "=", lead],
      ],
    ])
    assert.strictEqual(result, 2)
    const { records } = await changed("mail.message", cursor, fieldsOf("@record"))
    assert.notInclude(JSON.stringify(records), `{"object":"crm.lead","id":"${lead}"}`)
  })

  it("[OD35] where it is asked not to, nothing is changed in the database", async () => {
    const before = (await database.door("log"))["writes"] as ReadonlyArray<Json>
    await run((await database.connector({ keepDoneActivities: "no" })).prepare!)
    assert.lengthOf((await database.door("log"))["writes"] as ReadonlyArray<Json>, before.length)
  })

  it("[OD48] the messages of a deleted lead are gone with it", async () => {
    const lead = await put("crm.lead", { name: "With history" })
    await database.rpc("crm.lead", "message_post", [[lead]], { body: "said", message_type: "comment" })
    const { result } = await database.rpc("mail.message", "search", [
      [
        ["model", "=", "crm.lead"],
        ["res_id", "=", lead],
      ],
    ])
    await database.door("unlink", { model: "crm.lead", ids: [lead] })
    const ids = (result as ReadonlyArray<number>).map(String)
    const readings = await run(connector.read!("mail.message", ids, NAMES))
    assert.isNotEmpty(readings)
    assert.isTrue(readings.every((each) => each._tag === "Gone"))
  })
})
