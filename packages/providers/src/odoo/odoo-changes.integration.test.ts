/** Finding what changed in an Odoo database that tells it badly: by a sandbox of 17 and of 19, over HTTP. */
import type { Connector } from "@concordat/engine/ports/Provider"
import type { Json, JsonObject } from "@concordat/model/json"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Database, fieldsOf, found, run, startDatabase, walk } from "./testing/database.ts"

const NAMES = fieldsOf("name")

describe.each([17, 19] as const)("Odoo %i: changes", (version) => {
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
  const get = async (model: string, id: number) => (await database.door("get", { model, id }))["row"] as JsonObject
  const later = (ms: number) => database.door("advance", { ms })
  const from = (object: string) => run(connector.changesFrom!(object))
  const changed = (object: string, cursor: Json, options = NAMES) =>
    walk((next) => connector.changes!(object, next, options), cursor)
  const idsOf = (records: ReadonlyArray<{ readonly id: string }>) => records.map(({ id }) => Number(id))
  const search = async (domain: Json) =>
    ((await database.rpc("res.partner", "search", [domain], { order: "id asc" }))["result"] as ReadonlyArray<number>) ??
    []

  /** Six rows in six microseconds of one second. */
  const ties = async (): Promise<{ readonly ids: ReadonlyArray<number>; readonly second: string }> => {
    const [base] = [Date.UTC(2031, 0, 1, 10, 0, 0) * 1000]
    const first = 5000
    const rows = [5, 1, 4, 2, 6, 3].map((micro, index) => ({
      id: first + index,
      name: `Tie ${micro}`,
      write_date: base! + micro * 100,
    }))
    await database.door("seed", { model: "res.partner", rows })
    return { ids: rows.map(({ id }) => id), second: "2031-01-01 10:00:00" }
  }

  it("[OD1] a write date is a microsecond inside and a whole second outside", async () => {
    const { ids, second } = await ties()
    const { result } = await database.rpc("res.partner", "read", [ids, ["write_date"]])
    assert.deepStrictEqual(
      (result as ReadonlyArray<JsonObject>).map((row) => row["write_date"]),
      ids.map(() => second),
    )
    const [record] = found(await run(connector.read!("res.partner", [String(ids[0])], NAMES)))
    assert.strictEqual(record?.stamp, Date.UTC(2031, 0, 1, 10, 0, 0))
  })

  it("[OD3] the same bound means other rows in 17 and in 19", async () => {
    const { ids, second } = await ties()
    const hits = async (operator: string, value: string) =>
      (
        await search([
          ["id", "in", ids],
          ["write_date", operator, value],
        ])
      ).length
    const whole = await Promise.all(["=", ">", ">=", "<", "<="].map((operator) => hits(operator, second)))
    assert.deepStrictEqual(whole, version === 17 ? [0, 6, 6, 0, 0] : [6, 0, 6, 0, 6])
    const third = `${second}.000300`
    const exact = await Promise.all(["=", ">", ">="].map((operator) => hits(operator, third)))
    assert.deepStrictEqual(exact, version === 17 ? [1, 3, 4] : [6, 0, 6])
  })

  it("[OD4] a zone in a domain is ignored by 17 and refused by 19", async () => {
    const answer = await database.rpc("res.partner", "search", [[["write_date", ">=", "2031-01-01T10:00:00Z"]]])
    if (version === 17) assert.isArray(answer["result"])
    else assert.include(JSON.stringify(answer["error"]), "expecting only datetimes with no timezone")
  })

  it("[OD5] paging by (write_date, id) repeats or loses rows; the walk by id is complete among ties", async () => {
    const { ids, second } = await ties()
    const seen: Array<number> = []
    let keyset: Json = [["id", "in", ids]]
    for (let page = 0; page < 5; page++) {
      const { result } = await database.rpc("res.partner", "search_read", [keyset], {
        fields: ["write_date"],
        order: "write_date asc, id asc",
        limit: 2,
      })
      const rows = result as ReadonlyArray<JsonObject>
      if (rows.length === 0) break
      seen.push(...rows.map((row) => Number(row["id"])))
      const last = rows.at(-1)!
      keyset = [
        ["id", "in", ids],
        "|",
        ["write_date", ">", last["write_date"]!],
        "&",
        ["write_date", "=", last["write_date"]!],
        ["id", ">", last["id"]!],
      ]
    }
    assert.isBelow(new Set(seen).size, ids.length)

    const cursor = { since: Date.parse(`${second.replace(" ", "T")}Z`), after: 0 }
    const { records } = await walk(
      (next) => connector.changes!("res.partner", next, { fields: ["name"], limit: 2 }),
      cursor,
    )
    assert.deepStrictEqual(idsOf(records), ids)
  })

  it("[OD2] a long transaction that commits late is found behind the cursor", async () => {
    const cursor = await from("res.partner")
    const tx = String((await database.door("begin"))["tx"])
    const slow = await put("res.partner", { name: "Slow import" }, undefined, tx)
    await later(90_000)
    const quick = await put("res.partner", { name: "Quick edit" })
    const first = await changed("res.partner", cursor)
    assert.include(idsOf(first.records), quick)
    assert.notInclude(idsOf(first.records), slow)
    await later(20_000)
    await database.door("commit", { tx })
    assert.isBelow(
      Number(Date.parse(String((await get("res.partner", slow))["write_date"]))),
      Date.parse(String((await get("res.partner", quick))["write_date"])),
    )
    assert.include(idsOf((await changed("res.partner", first.cursor)).records), slow)
  })

  it("the cursor moves on by the server's clock and never back", async () => {
    await later(10 * 60_000)
    const id = await put("res.partner", { name: "Old news" })
    const { cursor } = await changed("res.partner", await from("res.partner"))
    await later(10 * 60_000)
    const next = await changed("res.partner", cursor)
    assert.include(idsOf(next.records), id)
    assert.notInclude(idsOf((await changed("res.partner", next.cursor)).records), id)
    assert.isAbove(Number((next.cursor as JsonObject)["since"]), Number((cursor as JsonObject)["since"]))
  })

  it("[OD6] a write of the same value stamps the record, and so it is seen again", async () => {
    const id = await put("res.partner", { name: "Same" })
    await later(10 * 60_000)
    const cursor = await from("res.partner")
    assert.notInclude(idsOf((await changed("res.partner", cursor)).records), id)
    await put("res.partner", { name: "Same" }, id)
    assert.include(idsOf((await changed("res.partner", cursor)).records), id)
  })

  it("[OD7] a write date that is sent is ignored without a word", async () => {
    const id = await put("res.partner", { name: "Forged" })
    const before = (await get("res.partner", id))["write_date"]
    const { result } = await database.rpc("res.partner", "write", [[id], { write_date: "2001-01-01 00:00:00" }])
    assert.strictEqual(result, true)
    assert.isAtLeast(Date.parse(String((await get("res.partner", id))["write_date"])), Date.parse(String(before)))
  })

  it("[OD8] an edit of a company stamps its people", async () => {
    const company = await put("res.partner", { name: "Parent", is_company: true })
    const child = await put("res.partner", { name: "Child", parent_id: company })
    await later(10 * 60_000)
    const cursor = await from("res.partner")
    await put("res.partner", { name: "Parent & Co", street: "Long Lane 1" }, company)
    const { records } = await changed("res.partner", cursor, fieldsOf("name", "street"))
    assert.includeMembers(idsOf(records), [company, child])
    assert.strictEqual(records.find(({ id }) => id === String(child))?.values["street"], "Long Lane 1")
  })

  it("[OD9] an e-mail moves between a lead and its partner, both ways", async () => {
    const partner = await put("res.partner", { name: "Two ways", email: "a@example.org" })
    const lead = await put("crm.lead", { name: "Deal", partner_id: partner })
    await put("crm.lead", { email_from: "b@example.org" }, lead)
    assert.strictEqual((await get("res.partner", partner))["email"], "b@example.org")
    await later(10 * 60_000)
    const cursor = await from("crm.lead")
    await put("res.partner", { email: "c@example.org" }, partner)
    const { records } = await changed("crm.lead", cursor, fieldsOf("email_from"))
    assert.deepStrictEqual(records.find(({ id }) => id === String(lead))?.values, { email_from: "c@example.org" })
  })

  it("[OD10] neither a renamed nor a deleted tag stamps the records that carry it", async () => {
    const tag = await put("res.partner.category", { name: "Old tag" })
    const partner = await put("res.partner", { name: "Tagged", category_id: [[6, 0, [tag]]] })
    await later(10 * 60_000)
    const cursor = await from("res.partner")
    await put("res.partner.category", { name: "New tag" }, tag)
    assert.notInclude(idsOf((await changed("res.partner", cursor)).records), partner)
    await database.door("unlink", { model: "res.partner.category", ids: [tag] })
    assert.notInclude(idsOf((await changed("res.partner", cursor)).records), partner)
    const [record] = found(await run(connector.read!("res.partner", [String(partner)], fieldsOf("category_id"))))
    assert.deepStrictEqual(record?.values["category_id"], [])
  })

  it("[OD12] a deleted record leaves no trace: fewer rows, and only the census misses it", async () => {
    const [kept, gone] = [await put("res.partner", { name: "Kept" }), await put("res.partner", { name: "Gone" })]
    const cursor = await from("res.partner")
    await database.door("unlink", { model: "res.partner", ids: [gone!] })
    assert.deepStrictEqual(
      ((await database.rpc("res.partner", "read", [[kept!, gone!], ["name"]]))["result"] as ReadonlyArray<JsonObject>)
        .length,
      1,
    )
    const { records, hints } = await changed("res.partner", cursor)
    assert.notInclude([...idsOf(records), ...idsOf(hints)], gone)
    const census = idsOf((await walk((next) => connector.census!("res.partner", next), null)).hints)
    assert.include(census, kept)
    assert.notInclude(census, gone)
    const readings = await run(connector.read!("res.partner", [String(kept), String(gone), "not-an-id"], NAMES))
    assert.deepStrictEqual(
      readings.flatMap((each) => (each._tag === "Gone" ? [[each.id, each.reason]] : [])),
      [
        ["not-an-id", "deleted"],
        [String(gone), "deleted"],
      ],
    )
  })

  it("[OD13] `exists` can be called on 17 and is private on 19, where the connector does without", async () => {
    const answer = await database.rpc("res.partner", "exists", [[1, 999_999]])
    if (version === 17) assert.deepStrictEqual(answer["result"], [1])
    else assert.include(JSON.stringify(answer["error"]), "odoo.exceptions.AccessError")
  })

  it("[OD14] an archived record is told as gone, and reads as archived", async () => {
    const id = await put("res.partner", { name: "Archived" })
    await later(10 * 60_000)
    const cursor = await from("res.partner")
    await put("res.partner", { active: false }, id)
    assert.notInclude(await search([["id", "=", id]]), id)
    const { records, hints } = await changed("res.partner", cursor)
    assert.notInclude(idsOf(records), id)
    assert.deepInclude([...hints], { object: "res.partner", id: String(id), kind: "gone" })
    assert.deepStrictEqual(await run(connector.read!("res.partner", [String(id)], NAMES)), [
      { _tag: "Gone", object: "res.partner", id: String(id), reason: "archived" },
    ])
    const { records: all } = await walk((next) => connector.backfill!("res.partner", next, NAMES), null)
    assert.notInclude(idsOf(all), id)
    await put("res.partner", { active: true }, id)
    assert.include(idsOf((await changed("res.partner", cursor)).records), id)
  })

  it("[OD15] a lost lead is archived with probability 0, and is a lead all the same", async () => {
    const lead = await put("crm.lead", { name: "Lost one" })
    const only = await put("crm.lead", { name: "Only archived", active: false, probability: 30 })
    await database.door("press", {
      model: "crm.lead",
      method: "action_set_lost",
      ids: [lead],
      args: { lost_reason_id: 1 },
    })
    const { records } = await walk(
      (next) => connector.backfill!("crm.lead", next, fieldsOf("$status", "lost_reason_id")),
      null,
    )
    assert.deepStrictEqual(records.find(({ id }) => id === String(lead))?.values, {
      $status: "lost",
      lost_reason_id: 1,
    })
    assert.notInclude(idsOf(records), only)
    const census = idsOf((await walk((next) => connector.census!("crm.lead", next), null)).hints)
    assert.include(census, lead)
    assert.notInclude(census, only)
    if (version === 17) {
      const won = await put("crm.lead", { name: "Won, then lost", stage_id: 4 })
      await database.door("press", { model: "crm.lead", method: "action_set_lost", ids: [won] })
      const [record] = found(await run(connector.read!("crm.lead", [String(won)], fieldsOf("$status", "stage_id"))))
      assert.deepStrictEqual(record?.values, { $status: "lost", stage_id: 4 })
    }
  })

  it("[OD16] a merge deletes the loser without a pointer, and its external id means the winner from then on", async () => {
    const [winner, loser] = [
      await put("res.partner", { name: "Winner" }),
      await put("res.partner", { name: "Loser", phone: "+49 30 1" }),
    ]
    const lead = await put("crm.lead", { name: "Of the loser", partner_id: loser! })
    await database.door("merge", { model: "res.partner", winner: winner!, losers: [loser!] })
    const readings = await run(
      connector.read!("res.partner", [String(loser), String(winner)], fieldsOf("name", "phone")),
    )
    assert.deepInclude(readings, { _tag: "Gone", object: "res.partner", id: String(loser), reason: "deleted" })
    assert.deepStrictEqual(found(readings)[0]?.values, { name: "Winner", phone: "+49 30 1" })
    assert.strictEqual((await get("crm.lead", lead))["partner_id"], winner)
  })
})
