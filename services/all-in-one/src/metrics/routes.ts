/** `GET /metrics` for Prometheus, behind the operator's token, and the clock beside every request. */
import { sameToken } from "@concordat/providers/app/authorisation"
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Redacted from "effect/Redacted"
import type { Connections } from "../Connections.ts"
import type { Recording, RequestLabels } from "./recording.ts"
import { type Scraped, scrape } from "./scrape.ts"

const TEXT = "text/plain; version=0.0.4; charset=utf-8"

const isAllowed = (authorization: string | undefined, token: Redacted.Redacted): boolean => {
  const given = /^bearer (.+)$/i.exec(authorization ?? "")?.[1]
  return given !== undefined && Redacted.value(token) !== "" && sameToken(given, Redacted.value(token))
}

export const layerMetrics = (scraped: Scraped, token: Redacted.Redacted) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const stores = yield* Effect.context<Journal | State>()
      const answer = Effect.gen(function* () {
        const { headers } = yield* HttpServerRequest.HttpServerRequest
        if (!isAllowed(headers["authorization"], token)) return HttpServerResponse.empty({ status: 401 })
        return yield* scrape(scraped).pipe(
          Effect.map((text) => HttpServerResponse.text(text, { contentType: TEXT })),
          Effect.provideContext(stores),
          Effect.catch((error) =>
            Effect.as(
              Effect.logWarning("metrics can't be read", { detail: error.message }),
              HttpServerResponse.empty({ status: 503 }),
            ),
          ),
        )
      })
      yield* router.add("GET", "/metrics", answer)
    }),
  )

const PARTS: Readonly<Record<string, string>> = { operator: "operator", v1: "app", webhooks: "webhooks" }

/** Names of the path only where they are configured: whoever calls could make up as many as he likes. */
const labelsOf = (method: string, url: string, connections: Connections): RequestLabels => {
  const [, first = "", tenant = "", connection = ""] = (url.split("?")[0] ?? "").split("/")
  const part = PARTS[first] ?? "other"
  const isKnown = part !== "operator" && part !== "other" && connections.configured(tenant, connection) !== undefined
  return { part, method, tenant: isKnown ? tenant : "", connection: isKnown ? connection : "" }
}

/**
 * Until the answer begins: how long somebody listens to it says nothing of us. Whoever goes before is counted too, or answers
 * that take so long that nobody waits for them would be in no series.
 */
export const timed =
  (recording: Recording, connections: Connections) =>
  <E, R>(
    answer: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
    Effect.gen(function* () {
      const { method, url } = yield* HttpServerRequest.HttpServerRequest
      const began = yield* Clock.currentTimeMillis
      const answered = (status: number | null) =>
        Effect.map(Clock.currentTimeMillis, (now) =>
          recording.request(labelsOf(method, url, connections), status, now - began),
        )
      const response = yield* Effect.onInterrupt(answer, () => answered(null))
      yield* answered(response.status)
      return response
    })
