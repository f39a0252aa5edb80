/** The port, taken before anything else is touched: a start that can't have it leaves no trace in the store. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createServer, type Server, type ServerResponse } from "node:http"
import type { Config } from "./config/Config.ts"
import { notListening } from "./NotListening.ts"

/** What is under way when the process is told to stop gets this long. */
const GRACE = "1 second"

/** Stores that are waited for before anything can be served. */
export type AwaitedStores = () => ReadonlyArray<string>

const json = { "content-type": "application/json" }

/** As `layerHealth` answers, of a process that has nothing yet to be healthy or not. */
const sayWaiting = (path: string | undefined, awaited: AwaitedStores, response: ServerResponse): void => {
  if (path === "/healthz") response.writeHead(200, { "content-type": "text/plain" }).end("ok")
  else if (path === "/readyz")
    response.writeHead(503, json).end(JSON.stringify({ ready: false, workers: 0, failing: 0, away: awaited() }))
  else response.writeHead(503, { "retry-after": "1" }).end("not ready\n")
}

/** Between the port and the routes, and after them, nobody else answers: whoever asks is told to come again. */
const answering = (awaited: AwaitedStores) => (): Server => {
  const server = createServer()
  return server.on("request", (request, response) => {
    if (server.listenerCount("request") > 1) return
    sayWaiting(request.url?.split("?", 1)[0], awaited, response)
  })
}

/** Fails with `NotListening`. Until there are routes it answers for health alone, with the stores that are `awaited`. */
export const listening = (http: Config["http"], awaited: AwaitedStores = () => []) => {
  const { host, port } = http
  return Layer.build(NodeHttpServer.layer(answering(awaited), { host, port, gracefulShutdownTimeout: GRACE })).pipe(
    Effect.catchTag("ServeError", ({ cause }) => Effect.fail(notListening(http, cause))),
  )
}
