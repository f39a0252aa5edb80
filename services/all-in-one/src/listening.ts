/** The port, taken before anything else is touched: a start that can't have it leaves no trace in the store. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createServer, type Server } from "node:http"
import type { Config } from "./config/Config.ts"
import { notListening } from "./NotListening.ts"

/** What is under way when the process is told to stop gets this long. */
const GRACE = "1 second"

/** Between the port and the routes, and after them, nobody else answers: whoever asks is told to come again. */
const answering = (): Server => {
  const server = createServer()
  return server.on("request", (_, response) => {
    if (server.listenerCount("request") > 1) return
    response.writeHead(503, { "retry-after": "1" }).end("not ready\n")
  })
}

/** Fails with `ServeError`. */
export const layerListening = ({ host, port }: Pick<Config["http"], "host" | "port">) =>
  NodeHttpServer.layer(answering, { host, port, gracefulShutdownTimeout: GRACE })

/** Fails with `NotListening`. */
export const listening = (http: Config["http"]) =>
  Layer.build(layerListening(http)).pipe(
    Effect.catchTag("ServeError", ({ cause }) => Effect.fail(notListening(http, cause))),
  )
