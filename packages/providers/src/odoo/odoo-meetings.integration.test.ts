/** Meetings of an Odoo database, what a write tells people, and where an address lies: by a sandbox of 17 and of 19. */
import type { Connector, WriteRow } from "@concordat/engine/ports/Provider"
import type { Json, JsonObject } from "@concordat/model/json"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Database, fieldsOf, found, row, run, startDatabase, walk } from "./testing/database.ts"

const SELLER = { user: 20, partner: 90 } as const

describe.each([17, 19] as const)("Odoo %i: meetings, mails and addresses", (version) => {
  let database: Database
  let connector: Connector
  let guest: number

  beforeAll(async () => {
    database = await startDatabase(version)
    connector = await database.connector()
    await database.door("seed", {
      model: "res.partner",
      rows: [{ id: SELLER.partner, name: "Sally Seller", email: "sally@yourcompany.example" }],
    })
    await database.door("seed", {
      model: "res.users",
      rows: [{ id: SELLER.user, name: "Sally Seller", login: "sally", partner_id: SELLER.partner, company_id: 1 }],
    })
    guest = await put("res.partner", { name: "Gast", email: "gast@example.org" })
  })
  afterAll(() => database.stop())

  const put = async (model: string, vals: JsonObject, id?: number): Promise<number> =>
    Number((await database.door("put", { model, vals, ...(id === undefined ? {} : { id }) }))["id"])
  const get = async (model: string, id: Json | undefined) =>
    (await database.door("get", { model, id: Number(id) }))["row"] as JsonObject
  const rows = async (model: string) => (await database.door("list", { model }))["rows"] as ReadonlyArray<JsonObject>
  const write = async (
    object: string,
    given: WriteRow,
  ): Promise<{ readonly id: number; readonly held?: JsonObject }> => {
    const outcome = (await run(connector.write!(object, [given])))[0]!.outcome
    if (outcome._tag !== "Written") throw new Error(JSON.stringify(outcome))
    return { id: Number(outcome.id), ...(outcome.held === undefined ? {} : { held: outcome.held }) }
  }
  const valuesOf = async (object: string, id: number, ...fields: ReadonlyArray<string>) =>
    found(await run(connector.read!(object, [String(id)], fieldsOf(...fields))))[0]?.values
  const guests = (...ids: ReadonlyArray<number>) => ids.map((id) => ({ object: "res.partner", id: String(id) }))

  it("[OD56] a new meeting is given its end, which would otherwise be an hour from now and may lie before its beginning", async () => {
    const start = "2031-05-06 07:00:00"
    const { id } = await write(
      "calendar.event",
      row({ type: "activity", values: { name: "Kick-off", start, duration: 0.75 } }),
    )
    assert.deepInclude(await get("calendar.event", id), { stop: "2031-05-06 07:45:00", duration: 0.75 })
    const open = await write("calendar.event", row({ type: "activity", values: { name: "Open end", start } }))
    assert.strictEqual((await get("calendar.event", open.id))["stop"], "2031-05-06 08:00:00")
    await write("calendar.event", row({ id: String(id), values: { start: "2031-05-07 10:00:00" } }))
    assert.deepInclude(await get("calendar.event", id), { stop: "2031-05-07 10:45:00", duration: 0.75 })
    await write("calendar.event", row({ id: String(id), values: { duration: 2 } }))
    assert.strictEqual((await get("calendar.event", id))["stop"], "2031-05-07 12:00:00")
  })

  it("[OD57] colleagues are attendees too: a meeting stands in its owner's calendar, and only guests are its contacts", async () => {
    const values = { name: "Offer", start: "2031-05-06 07:00:00", user_id: SELLER.user, "@guests": guests(guest) }
    const { id } = await write("calendar.event", row({ type: "activity", values }))
    assert.sameMembers((await get("calendar.event", id))["partner_ids"] as Array<number>, [guest, SELLER.partner])
    assert.deepStrictEqual(await valuesOf("calendar.event", id, "@guests"), { "@guests": guests(guest) })
    const second = await put("res.partner", { name: "Zweiter" })
    await write("calendar.event", row({ id: String(id), values: { "@guests": guests(second) } }))
    assert.sameMembers((await get("calendar.event", id))["partner_ids"] as Array<number>, [second, SELLER.partner])
    const alone = await write("calendar.event", row({ type: "activity", values: { name: "Alone" } }))
    assert.deepStrictEqual(await valuesOf("calendar.event", alone.id, "@guests", "user_id"), {
      "@guests": [],
      user_id: false,
    })
  })

  it("[OD58] what we write sends nobody an e-mail, and leaves a description as it is; a person's write does", async () => {
    const start = "2031-05-06 07:00:00"
    const before = (await rows("mail.mail")).length
    const lead = await write("crm.lead", row({ type: "deal", values: { name: "Quiet", user_id: SELLER.user } }))
    const on = [{ object: "crm.lead", id: String(lead.id) }]
    const activity = { summary: "Ring", $kind: "call", user_id: SELLER.user, "@record": on }
    await write("mail.activity", row({ type: "activity", values: activity }))
    const meeting = {
      name: "Quiet",
      start,
      user_id: SELLER.user,
      description: "<p>agenda</p>",
      "@guests": guests(guest),
    }
    const { id } = await write("calendar.event", row({ type: "activity", values: meeting }))
    assert.lengthOf(await rows("mail.mail"), before)
    assert.strictEqual((await get("calendar.event", id))["description"], "<p>agenda</p>")
    await put("crm.lead", { user_id: 2 }, lead.id)
    const loud = await put("calendar.event", {
      ...meeting,
      "@guests": undefined!,
      partner_ids: [[6, 0, [guest]]],
      stop: "2031-05-06 09:00:00",
    })
    assert.isAtLeast((await rows("mail.mail")).length, before + 2)
    assert.strictEqual(
      String((await get("calendar.event", loud))["description"]).includes("Organized by"),
      version === 19,
    )
  })

  it("[OD59] a task is made of the type that serves every model, not of one for leads that comes before it", async () => {
    const values = { summary: "Send it", $kind: "task", "@record": guests(guest) }
    const { id } = await write("mail.activity", row({ type: "activity", values }))
    assert.strictEqual((await get("mail.activity", id))["activity_type_id"], 4)
  })

  it("[OD60] a meeting by a person has an activity beside it, which is not taken for another one", async () => {
    const event = await put("calendar.event", { name: "Visit", partner_ids: [[6, 0, [guest]]] })
    const vals = { res_model_id: 1, res_id: guest, activity_type_id: 3, calendar_event_id: event }
    const beside = await put("mail.activity", { ...vals, summary: "Visit" })
    const own = await put("mail.activity", { ...vals, summary: "No date yet", calendar_event_id: false })
    const { records } = await walk((next) => connector.backfill!("mail.activity", next, fieldsOf("summary")), null)
    const ids = records.map(({ id }) => Number(id))
    assert.include(ids, own)
    assert.notInclude(ids, beside)
  })

  it("[OD64] a private meeting, which others see as busy, is none of ours", async () => {
    const shown = await put("calendar.event", { name: "Open", partner_ids: [[6, 0, [guest]]] })
    const hidden = await put("calendar.event", { name: "Doctor", partner_ids: [[6, 0, []]], privacy: "private" })
    const { records } = await walk((next) => connector.backfill!("calendar.event", next, fieldsOf("name")), null)
    const since = await walk((next) => connector.changes!("calendar.event", next, fieldsOf("name")), {
      since: 0,
      after: 0,
    })
    for (const ids of [records, since.records].map((found) => found.map(({ id }) => Number(id)))) {
      assert.include(ids, shown)
      assert.notInclude(ids, hidden)
    }
  })

  it("[OD61] the state of an address is found in its country, by name or code, and told by its name", async () => {
    await database.door("seed", {
      model: "res.country.state",
      rows: [
        { id: 501, name: "Limburg", code: "VLI", country_id: 57 },
        { id: 502, name: "Limburg", code: "LI", country_id: 75 },
      ],
    })
    const fresh = await database.connector()
    const placed = async (values: JsonObject) => {
      const [answer] = await run(fresh.write!("res.partner", [row({ values: { name: "Somewhere", ...values } })]))
      const { outcome } = answer!
      if (outcome._tag !== "Written") throw new Error(JSON.stringify(outcome))
      const [record] = found(await run(fresh.read!("res.partner", [outcome.id], fieldsOf("$state"))))
      return [(await get("res.partner", outcome.id))["state_id"], record?.values["$state"], outcome.held]
    }
    assert.deepStrictEqual(await placed({ $state: "Limburg", country_id: 75 }), [502, "Limburg", undefined])
    assert.deepStrictEqual(await placed({ $state: "ca", country_id: 233 }), [
      13,
      "California",
      { $state: "California" },
    ])
    assert.deepStrictEqual(await placed({ $state: "California", country_id: false }), [13, "California", undefined])
    assert.deepStrictEqual(await placed({ $state: "Limburg", country_id: false }), [false, false, { $state: false }])
    assert.deepStrictEqual(await placed({ $state: "Nowhere", country_id: 57 }), [false, false, { $state: false }])
    const [record] = found(await run(fresh.read!("res.partner", [String(guest)], fieldsOf("$state"))))
    const moved = row({ id: String(guest), values: { $state: "CA", country_id: 233, city: "Reno" } })
    const [answer] = await run(fresh.write!("res.partner", [moved]))
    assert.deepInclude(answer?.outcome, { _tag: "Written", held: { $state: "California" } })
    assert.strictEqual(record?.values["$state"], false)
    assert.strictEqual((await get("res.partner", guest))["state_id"], 13)
  })
})
