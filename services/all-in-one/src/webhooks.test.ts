/** What stands in the log of webhooks that are refused: enough to see why, and never more than a line a minute. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { layerWebhooks, type Receiver } from "./webhooks.ts"

const receiver: Receiver = {
  webhook: { verify: ({ headers }) => headers["x-secret"] === "right", parse: () => Effect.succeed([]) },
  onAccepted: Effect.void,
}

describe("webhooks that are refused", () => {
  it("are said once a minute for each connection, without their secret", async () => {
    const said: Array<string> = []
    const routes = layerWebhooks({
      publicUrl: null,
      receiver: (_, connection) => (connection === "nowhere" ? "unknown" : receiver),
    }).pipe(
      Layer.provideMerge(HttpServer.layerServices),
      Layer.provideMerge(sqlite({ path: ":memory:", inPlace: true })),
      Layer.provideMerge(Logger.layer([Logger.make(({ message }) => said.push(JSON.stringify(message)))])),
    )
    const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
    const post = async (path: string, secret: string): Promise<number> => {
      const init = { method: "POST", headers: { "x-secret": secret }, body: "{}" }
      return (await handler(new Request(`http://concordat.test/webhooks/${path}`, init))).status
    }
    try {
      assert.strictEqual(await post("acme/odoo?secret=s3cret", "right"), 202)
      assert.lengthOf(said, 0)
      for (let times = 0; times < 5; times += 1) assert.strictEqual(await post("acme/odoo?secret=s3cret", "wrong"), 401)
      assert.strictEqual(await post("acme/hubspot", "wrong"), 401)
      assert.strictEqual(await post("acme/nowhere", "wrong"), 404)
    } finally {
      await dispose()
    }
    assert.lengthOf(said, 2)
    for (const line of said) {
      assert.match(line, /webhooks refused.*"refused":1.*http\.publicUrl/)
      assert.notInclude(line, "s3cret")
    }
  })
})
