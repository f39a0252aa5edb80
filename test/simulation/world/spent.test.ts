/** What a caller is told while the day's calls are used up, and from when on it is served again. */
import type { HttpCall } from "@concordat/engine/ports/ProviderHttp"
import { assert, describe, it } from "vitest"
import type { Server } from "../network.ts"
import { Timeline } from "../timeline.ts"
import { Spent } from "./spent.ts"

const CALL: HttpCall = { operation: "read", method: "POST", url: "https://odoo.invalid/jsonrpc" }
const served: Server = () => ({ status: 200, headers: {}, text: "{}" })

describe("a day's calls that are used up", () => {
  const asked = async (timeline: Timeline, server: Server) => {
    const { headers, status } = (await server(CALL, () => {}))!
    return [timeline.now, status, headers["retry-after"] ?? null]
  }

  it("has every call answered by 429 until they are not, with the time where that is told", async () => {
    const timeline = new Timeline(0)
    const spent = new Spent(timeline, () => {})
    const server = spent.before("odoo", served)
    assert.deepStrictEqual(await asked(timeline, server), [0, 200, null])
    spent.begin({ kind: "spent", at: 0, side: "odoo", forMs: 60_000, tells: true })
    assert.deepStrictEqual(await asked(timeline, server), [0, 429, "60"])
    await timeline.until(30_000)
    assert.deepStrictEqual(await asked(timeline, server), [30_000, 429, "30"])
    assert.deepStrictEqual(await asked(timeline, spent.before("hubspot", served)), [30_000, 200, null])
    await timeline.until(60_000)
    assert.deepStrictEqual(await asked(timeline, server), [60_000, 200, null])
    spent.begin({ kind: "spent", at: 0, side: "odoo", forMs: 60_000, tells: false })
    assert.deepStrictEqual(await asked(timeline, server), [60_000, 429, null])
    spent.end()
    assert.deepStrictEqual(await asked(timeline, server), [60_000, 200, null])
  })
  it("is the product's own where it is the product's", () => {
    const spent = new Spent(new Timeline(0), () => {})
    spent.begin({ kind: "spent", at: 0, side: "app", forMs: 60_000, tells: false })
    assert.deepStrictEqual([spent.is("app"), spent.is("odoo")], [true, false])
  })
})
