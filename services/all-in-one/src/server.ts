/** Everything that is served over one port: the operator's API, the app's, webhooks, health and the API's description. */
import { AppApi } from "@concordat/api/app/contract"
import { OperatorApi } from "@concordat/api/operator/contract"
import { layerAuthorisation } from "@concordat/providers/app/authorisation"
import { layerInput } from "@concordat/providers/app/input"
import { layerHandlers } from "@concordat/providers/app/handlers"
import * as Layer from "effect/Layer"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import type * as Redacted from "effect/Redacted"
import type { Config } from "./config/Config.ts"
import { type Health, layerHealth } from "./health.ts"
import { layerMetrics, timed } from "./metrics/routes.ts"
import type { Scraped } from "./metrics/scrape.ts"
import { layerOperatorHandlers } from "./operator-handlers.ts"
import { layerOperatorInput } from "./operator-input.ts"
import { layerOperatorToken } from "./operator-token.ts"
import { guarded, layerNoRoute } from "./requests.ts"
import { layerWebhooks } from "./webhooks.ts"

export interface ServerOptions {
  readonly http: Config["http"]
  readonly health: Health
  readonly metrics: Scraped
}

export const operatorRoutes = (token: Redacted.Redacted) =>
  HttpApiBuilder.layer(OperatorApi, { openapiPath: "/operator/openapi.json" }).pipe(
    Layer.provide(layerOperatorHandlers),
    Layer.provide([layerOperatorToken(token), layerOperatorInput]),
  )

export const appRoutes = HttpApiBuilder.layer(AppApi, { openapiPath: "/v1/openapi.json" }).pipe(
  Layer.provide(layerHandlers),
  Layer.provide([layerAuthorisation, layerInput]),
)

/** Answers at a port that is taken already. Requests are not logged: the address of a webhook may hold its secret. */
export const serve = <E, R>(routes: Layer.Layer<never, E, R>, { health, http: { token }, metrics }: ServerOptions) =>
  HttpRouter.serve(Layer.mergeAll(routes, layerHealth(health), layerMetrics(metrics, token), layerNoRoute), {
    disableLogger: true,
    disableListenLog: true,
    middleware: (answer) => timed(metrics.recording, metrics.connections)(guarded(answer)),
  })

/** What a process answers that has all of a Concordat, or all of its own connections. */
export const layerAnswers = (options: ServerOptions) =>
  serve(
    Layer.mergeAll(
      operatorRoutes(options.http.token),
      appRoutes,
      layerWebhooks({
        publicUrl: options.http.publicUrl,
        receiver: (tenant, connection) => options.metrics.connections.receiver(tenant, connection),
      }),
    ),
    options,
  )
