/** Everything that is served over one port: the operator's API, the app's, webhooks, health and the API's description. */
import { AppApi } from "@concordat/api/app/contract"
import { OperatorApi } from "@concordat/api/operator/contract"
import { layerHandlers } from "@concordat/providers/app/handlers"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Layer from "effect/Layer"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as Redacted from "effect/Redacted"
import { createServer } from "node:http"
import { type Health, layerHealth } from "./health.ts"
import { layerOperatorHandlers } from "./operator-handlers.ts"
import { layerOperatorToken } from "./operator-token.ts"
import { layerWebhooks } from "./webhooks.ts"

export interface Address {
  readonly host: string
  readonly port: number
}

/** What is under way when the process is told to stop gets this long. */
const GRACE = "1 second"

const operatorRoutes = (token: Redacted.Redacted) =>
  HttpApiBuilder.layer(OperatorApi, { openapiPath: "/operator/openapi.json" }).pipe(
    Layer.provide(layerOperatorHandlers),
    Layer.provide(layerOperatorToken(token)),
  )

const appRoutes = HttpApiBuilder.layer(AppApi, { openapiPath: "/v1/openapi.json" }).pipe(Layer.provide(layerHandlers))

/** Requests are not logged: the address of a webhook may hold its secret. */
export const layerServer = ({ host, port }: Address, token: Redacted.Redacted, health: Health) =>
  HttpRouter.serve(Layer.mergeAll(operatorRoutes(token), appRoutes, layerWebhooks, layerHealth(health)), {
    disableLogger: true,
    disableListenLog: true,
  }).pipe(Layer.provideMerge(NodeHttpServer.layer(createServer, { host, port, gracefulShutdownTimeout: GRACE })))
