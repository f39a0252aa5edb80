/** The sandbox on a clock and a die that the test holds. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { assert, describe, it } from "vitest"
import { connect } from "../connector.ts"
import { inProcess } from "../testing/in-process.ts"
import { makeOdooSandbox } from "./sandbox.ts"

const start = Date.UTC(2030, 0, 1)

const made = (version: 17 | 19) => {
  let now = start
  const sandbox = makeOdooSandbox({ version, now: () => now, random: () => 0.5 })
  const config = {
    tenant: "t",
    connection: "c",
    settings: { url: "http://odoo.example.org", database: `crm${version}`, login: "admin" },
    credentials: { apiKey: Redacted.make("admin") },
    opaqueId: (id: string) => id,
  }
  const connector = Effect.runPromise(Effect.scoped(connect(config, inProcess(sandbox))))
  return { ...sandbox, connector, pass: (ms: number) => (now += ms) }
}

describe.each([17, 19] as const)("the sandbox of Odoo %i", (version) => {
  it("says the time that the test says", async () => {
    const { backdoor, connector, pass } = made(version)
    const { changesFrom, changes } = await connector
    const cursor = await Effect.runPromise(changesFrom!("res.partner"))
    assert.deepStrictEqual(cursor, { since: start - 300_000, after: 0 })
    pass(60_000)
    const id = await backdoor.put({ model: "res.partner", vals: { name: "Later" } })
    assert.strictEqual(backdoor.get("res.partner", id)?.["write_date"], "2030-01-01 00:01:00")
    const page = await Effect.runPromise(changes!("res.partner", cursor, { fields: ["name"], limit: 100 }))
    assert.strictEqual(page.records.at(-1)?.stamp, start + 60_000)
    assert.deepStrictEqual(page.next, { since: start - 240_000, after: 0 })
  })

  it("keeps the times that it is filled with", () => {
    const { backdoor } = made(version)
    const date = "2029-12-24 18:30:00"
    backdoor.seed("mail.message", [
      { id: 900, model: "res.partner", res_id: 1, date, write_date: "2029-12-25 08:00:00" },
    ])
    backdoor.seed("calendar.event", [{ id: 900, name: "Call", start: date, stop: "2029-12-24 19:00:00" }])
    assert.deepInclude(backdoor.get("mail.message", 900), { date, write_date: "2029-12-25 08:00:00" })
    assert.deepInclude(backdoor.get("calendar.event", 900), { start: date, stop: "2029-12-24 19:00:00" })
  })

  it("shows the rows of a long transaction when it commits, with its start as their stamp", async () => {
    const { backdoor, pass } = made(version)
    const tx = backdoor.begin()
    await backdoor.put({ model: "res.partner", vals: { name: "A" }, tx })
    await backdoor.put({ model: "res.partner", vals: { name: "B" }, tx })
    pass(60_000)
    await backdoor.put({ model: "res.partner", vals: { name: "C" } })
    const stamps = () =>
      backdoor.list("res.partner", [["name", "in", ["A", "B", "C"]]]).map((row) => [row["name"], row["write_date"]])
    assert.deepStrictEqual(stamps(), [["C", "2030-01-01 00:01:00"]])
    await backdoor.commit(tx)
    assert.deepStrictEqual(stamps(), [
      ["A", "2030-01-01 00:00:00"],
      ["B", "2030-01-01 00:00:00"],
      ["C", "2030-01-01 00:01:00"],
    ])
  })

  it("[OD69] deletes what is planned with a record that is archived, up to 18", async () => {
    const { backdoor } = made(version)
    const partner = await backdoor.put({ model: "res.partner", vals: { name: "Gone" } })
    const vals = { res_model_id: 1, res_id: partner, activity_type_id: 4 }
    const planned = await backdoor.put({ model: "mail.activity", vals })
    const kept = await backdoor.put({ model: "mail.activity", vals: { ...vals, active: false } })
    const before = backdoor.get("mail.activity", planned)
    assert.isDefined(before)
    await backdoor.put({ model: "res.partner", id: partner, vals: { active: false } })
    assert.deepStrictEqual(backdoor.get("mail.activity", planned), version === 17 ? undefined : before)
    assert.isDefined(backdoor.get("mail.activity", kept))
  })

  it("lets the first of two transactions on a row commit, and the other fail", async () => {
    const { backdoor } = made(version)
    const tx = backdoor.begin()
    await backdoor.put({ model: "res.partner", id: 1, vals: { city: "Slow" }, tx })
    await backdoor.put({ model: "res.partner", id: 1, vals: { city: "Quick" } })
    const failed = await backdoor.commit(tx).then(
      () => undefined,
      (error: unknown) => error,
    )
    assert.include(String(failed), "could not serialize access")
    assert.strictEqual(backdoor.get("res.partner", 1)?.["city"], "Quick")
  })

  it("fills a number that is 0 when two are made one, as any that is empty", async () => {
    const { backdoor } = made(version)
    const lead = (expected_revenue: number) =>
      backdoor.put({ model: "crm.lead", vals: { name: "Lead", type: "opportunity", expected_revenue } })
    const [winner, loser] = [await lead(0), await lead(14)]
    await backdoor.merge("crm.lead", winner, [loser])
    assert.strictEqual(backdoor.get("crm.lead", winner)?.["expected_revenue"], 14)
  })

  it("[OD70] leaves a lead that nobody expects to win as it is when two are made one", async () => {
    const { backdoor } = made(version)
    const lead = (probability: number) =>
      backdoor.put({ model: "crm.lead", vals: { name: "Lead", type: "opportunity", probability } })
    const [winner, loser] = [await lead(0), await lead(80)]
    await backdoor.merge("crm.lead", winner, [loser])
    assert.strictEqual(backdoor.get("crm.lead", winner)?.["probability"], 0)
  })

  it("logs what was written through its interface, and not what a person did", async () => {
    const { backdoor, connector } = made(version)
    await backdoor.put({ model: "res.partner", id: 1, vals: { city: "By hand" } })
    const row = {
      key: "k",
      kind: "create" as const,
      ownId: "own",
      type: "contact",
      values: { name: "Ours" },
      before: {},
    }
    await Effect.runPromise((await connector).write!("res.partner", [row]))
    assert.deepStrictEqual(
      backdoor.log().map(({ model, method, externalIds }) => [model, method, externalIds]),
      [["res.partner", "load", ["__concordat__.contact_own"]]],
    )
    assert.deepStrictEqual(backdoor.writes(), { total: 1, byModel: { "res.partner": 1 }, byMethod: { load: 1 } })
  })

  it("tells a write that changed its record from one that only stamped it", async () => {
    const { backdoor, connector, pass } = made(version)
    const id = await backdoor.put({ model: "res.partner", vals: { name: "A" } })
    const row = { key: "k", kind: "update" as const, id: String(id), ownId: "own", type: "contact", before: {} }
    for (const name of ["B", "B"]) {
      pass(60_000)
      await Effect.runPromise((await connector).write!("res.partner", [{ ...row, values: { name } }]))
    }
    assert.deepStrictEqual(
      backdoor.log().map(({ changed, ids }) => [ids, changed]),
      [
        [[id], [id]],
        [[id], []],
      ],
    )
    assert.strictEqual(backdoor.get("res.partner", id)?.["write_date"], "2030-01-01 00:02:00")
  })
})
