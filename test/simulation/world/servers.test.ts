/** Which records an answer shows to the engine: those of the model that was asked for, and of what the call asked for alone. */
import { assert, describe, it } from "vitest"
import { History } from "../oracle/history.ts"
import type { Read } from "../oracle/reads.ts"
import { makeChance } from "../random.ts"
import { Timeline } from "../timeline.ts"
import { modelOf } from "./asked.ts"
import { makeHubspotSide } from "./hubspot-side.ts"
import { makeOdooSide } from "./odoo-side.ts"
import { serverOf } from "./servers.ts"

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

describe("a reading of Odoo's, which takes two calls", () => {
  const IN_ODOO = { name: "odoo", isApp: false }
  const LISTED = [
    ["id", ">", 0],
    ["name", "!=", false],
  ]
  const CHANGED = [
    ["write_date", ">=", "1970-01-01 00:00:00"],
    ["id", ">", 0],
  ]
  /** In Odoo a title is edited, and a write stands over it. Whether the oracle counts that as one in the gap depends on what was read. */
  const reading = async () => {
    const side = makeOdooSide({
      name: "odoo",
      tenant: "acme",
      version: 17,
      timeline: new Timeline(0),
      chance: makeChance("servers"),
      skewMs: 0,
      archives: true,
      webhook: {},
      deliver: () => Promise.resolve(),
      onWritten: () => {},
    })
    const history = new History(() => 0)
    const sentAt = new WeakMap<object, Read>()
    const server = serverOf(side, history, (one) => sentAt.get(one))
    const id = side.seed("person", { name: "Ada|P1", title: "First" }, {})
    const by = { side: "odoo", isApp: false, id: `person:${id}` }
    history.enter(by, "P1", { title: "First" }, true)
    history.enter({ ...by, side: "app", isApp: true }, "P1", { title: "First" }, true)
    history.enter({ ...by, side: "app", isApp: true }, "P1", { title: "Ours" }, false)
    await side.edit("person", id, { title: "Later" })
    history.enter(by, "P1", { title: "Later" }, false)
    /** It is sent at once, and served when what is returned is called; its answer has come when what that gives is. */
    const sending = (model: string, domain: ReadonlyArray<unknown>, fields: ReadonlyArray<string>) => {
      const args = ["crm17", 2, "admin", model, "search_read", [], { domain, fields, context: { active_test: false } }]
      const body = JSON.stringify({
        jsonrpc: "2.0",
        method: "call",
        params: { service: "object", method: "execute_kw", args },
      })
      const url = "https://odoo.invalid/jsonrpc"
      const sent = {
        method: "POST",
        url,
        headers: { "content-type": "application/json" },
        operation: "asked",
        body,
      } as const
      sentAt.set(sent, history.answered())
      return async () => {
        const arrivals: Array<() => void> = []
        assert.strictEqual((await server(sent, (told) => void arrivals.push(told)))?.status, 200)
        return () => arrivals.forEach((told) => told())
      }
    }
    const asked = (domain: ReadonlyArray<unknown>) =>
      sending("res.partner", domain, ["name", "is_company", "function", "active"])
    const rows = (domain: ReadonlyArray<unknown> = [["id", "in", [Number(id)]]]) => asked(domain)()
    const asking = () =>
      sending(
        "ir.model.data",
        [
          ["module", "=", "__concordat__"],
          ["model", "=", "res.partner"],
          ["res_id", "in", [Number(id)]],
        ],
        ["name"],
      )
    const ids = () => asking()()
    const said = () => {
      history.written(IN_ODOO, by.id, "P1", { title: "Ours" })
      return [history.gaps, ...history.violations.map(({ invariant }) => invariant)]
    }
    const archived = () => side.remove("person", id)
    const edited = async () => {
      await side.edit("person", id, { title: "Latest" })
      history.enter(by, "P1", { title: "Latest" }, false)
    }
    return { rows, asked, asking, ids, said, archived, edited }
  }

  it("shows the rows when both answers are there", async () => {
    const { ids, rows, said } = await reading()
    ;(await rows())()
    ;(await ids())()
    assert.deepStrictEqual(said(), [0, "lost"])
  })
  it("shows nothing while the second is on its way, nor by one that another reading had asked for before", async () => {
    const { ids, rows, said } = await reading()
    const came = await rows()
    const others = await ids()
    came()
    others()
    await ids()
    assert.deepStrictEqual(said(), [1])
  })
  it("shows nothing by one that another reading had sent before, though the rows had come when it was answered", async () => {
    const { asking, rows, said } = await reading()
    const came = await rows()
    const others = asking()
    came()
    ;(await others())()
    assert.deepStrictEqual(said(), [1])
  })
  it("shows a list at once", async () => {
    const { rows, said } = await reading()
    ;(await rows(LISTED))()
    assert.deepStrictEqual(said(), [0, "lost"])
  })
  it("shows what has changed when both answers are there", async () => {
    const shown = async (isWhole: boolean) => {
      const { ids, rows, said } = await reading()
      ;(await rows(CHANGED))()
      if (isWhole) (await ids())()
      return said()
    }
    assert.deepStrictEqual([await shown(false), await shown(true)], [[1], [0, "lost"]])
  })
  it("shows nothing by a list that was asked for before another reading brought news", async () => {
    const shown = async (when: "before" | "after") => {
      const { asked, edited, ids, rows, said } = await reading()
      const before = asked(CHANGED)
      ;(await rows())()
      ;(await ids())()
      await edited()
      ;(await (when === "before" ? before : asked(CHANGED))())()
      ;(await ids())()
      return said()
    }
    assert.deepStrictEqual([await shown("before"), await shown("after")], [[1], [0, "lost"]])
  })
  it("shows nothing of what is archived", async () => {
    const { archived, rows, said } = await reading()
    await archived()
    ;(await rows(LISTED))()
    assert.deepStrictEqual(said(), [1])
  })
})

describe("a call to HubSpot", () => {
  const hubspot = () =>
    makeHubspotSide({
      name: "hubspot",
      tenant: "acme",
      timeline: new Timeline(0),
      chance: makeChance("servers"),
      skewMs: 0,
      secret: "secret",
      settings: { tokens: ["token"] },
      onWritten: () => {},
    })
  /** A title that somebody enters in a record and then archives it, and what the answer to a call has the oracle ask for. */
  const asked = async (method: "GET" | "POST", path: string, body: Readonly<Record<string, unknown>> | null) => {
    const side = hubspot()
    const history = new History(() => 0)
    const id = side.seed("person", { name: "Ada|P1", title: "First" }, {})
    const by = { side: "hubspot", isApp: false, id: `person:${id}` }
    history.enter(by, "P1", { title: "First" }, true)
    history.read("hubspot", by.id, "fields")
    await side.edit("person", id, { title: "Later" })
    history.enter(by, "P1", { title: "Later" }, false)
    history.vanished("hubspot", by.id, "P1")
    await side.remove("person", id)
    const url = `https://api.hubapi.com${path.replace("ID", id)}`
    const headers = { authorization: "Bearer token", "content-type": "application/json" }
    const given = body === null ? {} : { body: JSON.stringify({ ...body, inputs: [{ id }] }) }
    const answer = await serverOf(side, history)({ method, url, headers, operation: "asked", ...given }, (told) =>
      told(),
    )
    assert.strictEqual(answer?.status, 200)
    history.settle("P1", "title", "First")
    return history.violations.map(({ invariant }) => invariant)
  }

  it("shows of what company the records of a list are, where it asks for that", async () => {
    const side = hubspot()
    const history = new History(() => 0)
    for (const key of ["C1", "C2"]) side.seed("company", { name: `Firm ${key}` }, { domain: `${key}.example` })
    const id = side.seed("person", { name: "Ada|P1", company: "C1" }, {})
    const by = { side: "hubspot", isApp: false, id: `person:${id}` }
    history.enter(by, "P1", { company: "C1" }, true)
    await side.edit("person", id, { company: "C2" })
    history.enter(by, "P1", { company: "C2" }, false)
    const isUnreadAfter = async (query: string) => {
      const url = `https://api.hubapi.com/crm/objects/2026-09/contacts?properties=jobtitle${query}`
      const headers = { authorization: "Bearer token" }
      await serverOf(side, history)({ method: "GET", url, headers, operation: "listed" }, (told) => told())
      return history.isUnread("hubspot", by.id, "company")
    }
    assert.deepStrictEqual(
      [
        await isUnreadAfter(""),
        await isUnreadAfter("&associations=deals"),
        await isUnreadAfter("&associations=deals,companies"),
      ],
      [true, true, false],
    )
  })

  it("shows what it names of a record, and of the rest no more than that it is there", async () => {
    const list = "/crm/objects/2026-09/contacts?archived=true"
    const read = "/crm/objects/2026-09/contacts/batch/read?archived=true"
    assert.deepStrictEqual(
      [
        await asked("GET", `${list}&properties=hs_object_id`, null),
        await asked("GET", `${list}&properties=hs_object_id,jobtitle`, null),
        await asked("POST", read, { properties: ["hs_merged_object_ids"] }),
        await asked("POST", read, { properties: ["jobtitle"] }),
      ],
      [[], ["lost"], [], ["lost"]],
    )
  })
})
