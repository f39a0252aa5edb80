/** Hands a request on to the process that owns the connection it concerns, and its answer back. */
import { MOST_BYTES } from "@concordat/api/app/contract"
import * as ByteSize from "effect/ByteSize"
import * as Effect from "effect/Effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { ownerOf } from "./owners.ts"

/** How long its owner may take: a request for changes may wait a minute. */
const ANSWER_MS = 75_000

/** What a caller has to do with: the rest is between the services. */
const PASSED_ON = ["authorization", "content-type", "accept", "idempotency-key", "if-match"]

const later = HttpServerResponse.empty({ status: 503, headers: { "retry-after": "1" } })

/** 503 while nobody owns the connection or its owner does not answer: it has another one within ten seconds. */
export const forward = Effect.fn("forward")(
  function* (tenant: string, connection: string) {
    const address = yield* ownerOf(tenant, connection)
    if (address === null) return later
    const request = yield* HttpServerRequest.HttpServerRequest
    const body = request.method === "GET" ? null : new Uint8Array(yield* request.arrayBuffer)
    const headers = Object.fromEntries(
      PASSED_ON.flatMap((name) => {
        const value = request.headers[name]
        return value === undefined ? [] : [[name, value]]
      }),
    )
    return yield* Effect.tryPromise((signal) =>
      // Path and query; `originalUrl` names this service itself before them.
      fetch(`${address}${request.url}`, {
        method: request.method,
        headers,
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      }),
    ).pipe(
      Effect.map(HttpServerResponse.fromWeb),
      Effect.catch(() =>
        Effect.as(Effect.logWarning("the connection's owner does not answer", { tenant, connection }), later),
      ),
    )
  },
  Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(MOST_BYTES)),
)
