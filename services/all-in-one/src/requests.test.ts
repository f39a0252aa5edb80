import { MOST_BYTES } from "@concordat/api/app/contract"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { createServer } from "node:http"
import { guarded, layerNoRoute } from "./requests.ts"

const said: Array<string> = []

const routes = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    yield* router.add("POST", "/v1/:tenant/dies", Effect.die(new TypeError("nobody foresaw it")))
    yield* router.add(
      "POST",
      "/v1/:tenant/reads",
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        return HttpServerResponse.text(`${(yield* request.arrayBuffer).byteLength}`)
      }),
    )
  }),
)
const server = HttpRouter.serve(Layer.mergeAll(routes, layerNoRoute), {
  disableLogger: true,
  disableListenLog: true,
  middleware: guarded,
}).pipe(
  Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, gracefulShutdownTimeout: "50 millis" })),
  Layer.provide(
    Logger.layer([Logger.make(({ message, cause }) => said.push(`${JSON.stringify(message)} ${Cause.pretty(cause)}`))]),
  ),
)

const asked = (name: string, question: (base: string) => Promise<void>) =>
  it.live(name, () =>
    Effect.gen(function* () {
      const { address } = yield* HttpServer.HttpServer
      const port = "port" in address ? address.port : assert.fail("no port")
      yield* Effect.promise(() => question(`http://127.0.0.1:${port}`))
    }).pipe(Effect.provide(server)),
  )

/** Its length is not said beforehand. */
const streamed = (bytes: number): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (let left = bytes; left > 0; left -= 1_048_576) controller.enqueue(new Uint8Array(Math.min(left, 1_048_576)))
      controller.close()
    },
  })

describe("every request", () => {
  asked("that says to be too large is refused in words", async (base) => {
    const fits = await fetch(`${base}/v1/a/reads`, { method: "POST", body: new Uint8Array(MOST_BYTES) })
    assert.strictEqual(await fits.text(), String(MOST_BYTES))
    const large = await fetch(`${base}/v1/a/reads`, { method: "POST", body: new Uint8Array(MOST_BYTES + 1) })
    assert.strictEqual(large.status, 413)
    assert.include(await large.text(), "5 MiB at most")
  })

  asked("that turns out to be too large is not read to its end", async (base) => {
    const init = { method: "POST", body: streamed(8 * MOST_BYTES), duplex: "half" } as RequestInit
    const status = await fetch(`${base}/v1/a/reads`, init).then(
      (answer) => answer.status,
      () => "cut off",
    )
    assert.oneOf(status, [413, "cut off"])
  })

  asked("is answered, and what nobody foresaw is logged without ids of its path", async (base) => {
    const answer = await fetch(`${base}/v1/secret-of-a/dies?secret=s`, { method: "POST" })
    assert.strictEqual(answer.status, 500)
    assert.lengthOf(said, 1)
    assert.include(said[0], "POST /v1")
    assert.include(said[0], "TypeError")
    assert.notInclude(said[0], "secret")
  })

  asked("to a path that there is not is told so", async (base) => {
    const answer = await fetch(`${base}/v1/acme/product/contact/42`)
    assert.strictEqual(answer.status, 404)
    assert.deepStrictEqual(await answer.json(), {
      _tag: "NoRoute",
      message: "the app's API has no GET at this path; what there is stands at /v1/openapi.json",
    })
    assert.include(await (await fetch(`${base}/operator/nothing`)).text(), "the operator's API has no GET")
    assert.strictEqual(await (await fetch(`${base}/elsewhere`)).text(), "")
  })
})
