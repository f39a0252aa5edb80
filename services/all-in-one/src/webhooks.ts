/** `POST /webhooks/{tenant}/{connection}`, with or without a secret behind it: the raw request, given to the intake. */
import { accept } from "@concordat/engine/intake/Intake"
import type { Connector, WebhookRequest } from "@concordat/engine/ports/Provider"
import * as Clock from "effect/Clock"
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** Providers send hundreds of events in one request, of less than 1 kB each. */
const MOST_BYTES = ByteSize.mebibytes(5)

export interface Receiver {
  readonly webhook: Connector["webhook"]
  /** Tells the connection's worker that a delivery is in the journal. */
  readonly onAccepted: Effect.Effect<void>
}

export interface WebhookOptions {
  /** `unknown`: not in the configuration. `starting`: not yet, or not at this moment. */
  readonly receiver: (tenant: string, connection: string) => Receiver | "unknown" | "starting"
  /** Without a slash at its end; signatures are made over the address as the provider called it. */
  readonly publicUrl: string | null
}

const headersOf = (headers: HttpServerRequest.HttpServerRequest["headers"]): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]))

/** What is behind a proxy is called by its public address; else by the one that the request itself names. */
const addressOf = (request: HttpServerRequest.HttpServerRequest, publicUrl: string | null): string => {
  const path = request.originalUrl.startsWith("/") ? request.originalUrl : request.url
  return `${publicUrl ?? `http://${request.headers["host"] ?? "localhost"}`}${path}`
}

const SAID_EVERY_MS = 60_000

/**
 * Refused ones, by connection, said once a minute at most: a wrong secret, or an address that is not what the provider
 * calls, would otherwise show nowhere, and whoever calls us could fill the log.
 */
const makeRefusals = () => {
  const counts = new Map<string, { saidAt: number; refused: number }>()
  return Effect.fnUntraced(function* (tenant: string, connection: string) {
    const now = yield* Clock.currentTimeMillis
    const name = `${tenant} ${connection}`
    const before = counts.get(name) ?? { saidAt: Number.NEGATIVE_INFINITY, refused: 0 }
    const refused = before.refused + 1
    const isSaid = now - before.saidAt >= SAID_EVERY_MS
    counts.set(name, isSaid ? { saidAt: now, refused: 0 } : { ...before, refused })
    if (!isSaid) return
    yield* Effect.logWarning("webhooks refused", {
      refused,
      look: "at the connection's secret for webhooks, and whether http.publicUrl is what the provider calls",
    })
  })
}

const taken = Effect.fnUntraced(function* (
  { publicUrl, receiver }: WebhookOptions,
  refuse: ReturnType<typeof makeRefusals>,
) {
  const { connection = "", tenant = "" } = yield* HttpRouter.params
  const found = receiver(tenant, connection)
  if (found === "unknown") return 404
  if (found === "starting") return 503
  const request = yield* HttpServerRequest.HttpServerRequest
  const webhook: WebhookRequest = {
    method: request.method,
    url: addressOf(request, publicUrl),
    headers: headersOf(request.headers),
    body: new Uint8Array(yield* request.arrayBuffer),
  }
  return yield* accept({ tenant, connection, ...found }, webhook).pipe(
    Effect.tap(({ status }) => (status === 401 ? refuse(tenant, connection) : Effect.void)),
    Effect.map(({ status }) => status),
    Effect.annotateLogs({ tenant, connection }),
  )
})

/** A body that is too large is 413; a store that does not answer is 503, so that the provider sends it again. */
export const layerWebhooks = (options: WebhookOptions) =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const answer = taken(options, makeRefusals()).pipe(
        Effect.catchTags({
          JournalError: (error) => Effect.as(Effect.logError("webhook not kept", error.message), 503),
          HttpServerError: () => Effect.succeed(413),
        }),
        Effect.map((status) => HttpServerResponse.empty({ status })),
        Effect.provideService(HttpIncomingMessage.MaxBodySize, MOST_BYTES),
      )
      yield* router.add("POST", "/webhooks/:tenant/:connection", answer)
      yield* router.add("POST", "/webhooks/:tenant/:connection/:secret", answer)
    }),
  )
