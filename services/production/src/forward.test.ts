/** What the product sends to the `api` service, as the connection's owner gets it, and the owner's answer, as the product gets it. */
import { Leases } from "@concordat/engine/ports/Leases"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { forward } from "./forward.ts"
import { listedLeases } from "./testing/listed-leases.ts"

interface Heard {
  readonly line: string
  readonly token: string | undefined
  readonly cookie: string | undefined
  readonly body: string
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = ""
  for await (const chunk of request) text += String(chunk)
  return text
}

/** An owner that notes what it hears, and says it back. */
const heard: Array<Heard> = []
const owner = Effect.acquireRelease(
  Effect.callback<Server>((resume) => {
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { authorization: token, cookie } = request.headers
      heard.push({ line: `${request.method} ${request.url}`, token, cookie, body: await bodyOf(request) })
      response.writeHead(409, { "content-type": "application/json" }).end(JSON.stringify({ revision: 7 }))
    }
    const server = createServer((request, response) => void answer(request, response))
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => (server.closeAllConnections(), server.close())),
)
const portOf = (server: Server): number => (server.address() as AddressInfo).port

const leasesOf = (port: number) =>
  listedLeases([
    { name: "connector/acme.product", owner: `http://127.0.0.1:${port}|life`, epoch: 1, leftMs: 5_000 },
    { name: "connector/acme.former", owner: `http://127.0.0.1:${port}|life`, epoch: 1, leftMs: 0 },
    { name: "connector/acme.dead", owner: "http://127.0.0.1:1|life", epoch: 1, leftMs: 5_000 },
  ])

/** The service, its leases and the owner that they name; answers with where it listens. */
const service = Effect.gen(function* () {
  const leases = leasesOf(portOf(yield* owner))
  const routes = HttpRouter.use((router) =>
    router.add(
      "*",
      "/v1/:tenant/:connection/*",
      Effect.gen(function* () {
        const { connection = "", tenant = "" } = yield* HttpRouter.params
        return yield* forward(tenant, connection)
      }).pipe(
        Effect.orElseSucceed(() => HttpServerResponse.empty({ status: 500 })),
        Effect.provideService(Leases, leases),
      ),
    ),
  )
  const own = NodeHttpServer.layer(createServer, { port: 0, gracefulShutdownTimeout: "50 millis" })
  const served = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true })
  const built = yield* Layer.build(Layer.provideMerge(served, own))
  const { address } = Context.get(built, HttpServer.HttpServer)
  return `http://127.0.0.1:${"port" in address ? address.port : assert.fail("no port")}`
})

const asked = (url: string, init?: RequestInit) =>
  Effect.promise(async () => {
    const answer = await fetch(url, init)
    return { status: answer.status, text: await answer.text(), headers: answer.headers }
  })

describe("forwarding to a connection's owner", () => {
  it.live("hands on method, path with its query, token and body, and its answer back", () =>
    Effect.gen(function* () {
      const url = yield* service
      heard.length = 0
      const body = JSON.stringify({ values: { firstName: "Ada" }, basedOn: null })
      const headers = { authorization: "Bearer product", cookie: "session=1", "content-type": "application/json" }
      const answer = yield* asked(`${url}/v1/acme/product/contact/4%2F2?a=1&b=%20`, { method: "PUT", headers, body })
      assert.deepStrictEqual(heard, [
        { line: "PUT /v1/acme/product/contact/4%2F2?a=1&b=%20", token: "Bearer product", cookie: undefined, body },
      ])
      assert.deepStrictEqual([answer.status, answer.text], [409, '{"revision":7}'])
      assert.strictEqual(answer.headers.get("content-type"), "application/json")

      const polled = yield* asked(`${url}/v1/acme/product/changes?wait=30&after=7`)
      assert.deepInclude(heard[1], { line: "GET /v1/acme/product/changes?wait=30&after=7", body: "" })
      assert.strictEqual(polled.text, '{"revision":7}')
    }).pipe(Effect.scoped),
  )

  it.live("asks for patience where nobody owns the connection, or its owner does not answer", () =>
    Effect.gen(function* () {
      const url = yield* service
      heard.length = 0
      for (const connection of ["former", "unheard-of", "dead"]) {
        const { headers, status } = yield* asked(`${url}/v1/acme/${connection}/changes`)
        assert.deepStrictEqual([connection, status, headers.get("retry-after")], [connection, 503, "1"])
      }
      assert.deepStrictEqual(heard, [])
    }).pipe(Effect.scoped),
  )
})
