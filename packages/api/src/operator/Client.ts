/** The operator's API as typed functions, for the CLI, the demo and tests. */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type * as HttpClient from "effect/http/HttpClient"
import * as Client from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as Redacted from "effect/Redacted"
import { OperatorApi, OperatorToken } from "./contract.ts"

/** `baseUrl` without a slash at its end: `http://127.0.0.1:4400`. */
export interface OperatorAddress {
  readonly baseUrl: string
  readonly token: Redacted.Redacted
}

export class OperatorClient extends Context.Service<OperatorClient, HttpApiClient.ForApi<typeof OperatorApi>>()(
  "@concordat/api/OperatorClient",
) {
  static readonly layer = (address: OperatorAddress): Layer.Layer<OperatorClient, never, HttpClient.HttpClient> =>
    Layer.effect(
      OperatorClient,
      HttpApiClient.make(OperatorApi, {
        transformClient: Client.mapRequest(HttpClientRequest.prependUrl(address.baseUrl)),
      }),
    ).pipe(
      Layer.provide(
        HttpApiMiddleware.layerClient(OperatorToken, ({ next, request }) =>
          next(HttpClientRequest.bearerToken(request, Redacted.value(address.token))),
        ),
      ),
    )
}
