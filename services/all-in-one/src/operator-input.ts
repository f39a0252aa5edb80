/** Requests that are none: each fault is named with what was sent and what could be. */
import { OperatorInput } from "@concordat/api/operator/contract"
import { Invalid } from "@concordat/api/operator/failures"
import { problemsOf } from "@concordat/api/problems"
import * as Effect from "effect/Effect"
import type * as HttpApiError from "effect/http-api/HttpApiError"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as Layer from "effect/Layer"

/** What was sent, in the part of the request that could not be read. */
const sent = Effect.fnUntraced(function* ({ kind }: HttpApiError.HttpApiSchemaError) {
  if (kind === "Params") return yield* HttpRouter.params
  const request = yield* HttpServerRequest.HttpServerRequest
  if (kind === "Query") return Object.fromEntries(new URL(request.url, "http://localhost").searchParams)
  return kind === "Payload" ? yield* Effect.orElseSucceed(request.json, () => undefined) : undefined
})

export const layerOperatorInput: Layer.Layer<OperatorInput> = HttpApiMiddleware.layerSchemaErrorTransform(
  OperatorInput,
  Effect.fnUntraced(function* (error) {
    // What the answer can't be encoded as is our fault, and nothing that the request could do better.
    if (error.kind === "Body" || error.kind === "ResponseHeaders") return yield* Effect.fail(error)
    return yield* new Invalid({ problems: problemsOf(error, yield* sent(error)) })
  }),
)
