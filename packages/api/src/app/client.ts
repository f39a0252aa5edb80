/** The app's contract as a typed client: what a product written in TypeScript calls. */
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpApiClient from "effect/http-api/HttpApiClient"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import { AppApi, AppAuthorisation } from "./contract.ts"

/** `client.app.put({ params, headers, payload })` and so on. Bring an `HttpClient`, and `authorised` with the token. */
export const makeAppClient = (url: string) =>
  HttpApiClient.make(AppApi, { transformClient: HttpClient.mapRequest(HttpClientRequest.prependUrl(url)) })

export type AppClient = Effect.Success<ReturnType<typeof makeAppClient>>

export const authorised = (
  token: Redacted.Redacted | string,
): Layer.Layer<HttpApiMiddleware.ForClient<AppAuthorisation>> =>
  HttpApiMiddleware.layerClient(AppAuthorisation, ({ next, request }) =>
    next(HttpClientRequest.bearerToken(request, token)),
  )
