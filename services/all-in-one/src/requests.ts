/** What holds for every request, whoever sends it: how large it may be, and that no fault of ours stays unsaid. */
import { MOST_BYTES } from "@concordat/api/app/contract"
import * as ByteSize from "effect/ByteSize"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"

const MEBIBYTES = MOST_BYTES / 1_048_576

/** One that says its length is refused unread; of another no more than that is read. */
export const tooLarge = HttpServerResponse.jsonUnsafe(
  { _tag: "TooLarge", message: `a request may have ${MEBIBYTES} MiB at most: send fewer rows at once` },
  { status: 413 },
)

const lengthOf = ({ headers }: HttpServerRequest.HttpServerRequest): number => Number(headers["content-length"] ?? 0)

/** Only the first segment of its path: the rest has ids in it, and may have a secret. */
const placeOf = ({ method, url }: HttpServerRequest.HttpServerRequest): string =>
  `${method} /${url.split(/[/?]/)[1] ?? ""}`

/** An answer in every case. What nobody foresaw is 500, and stands in the log: requests themselves are not logged. */
export const guarded = <E, R>(
  answer: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R | HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    if (lengthOf(request) > MOST_BYTES) return tooLarge
    return yield* answer.pipe(
      Effect.provideService(HttpIncomingMessage.MaxBodySize, ByteSize.bytes(MOST_BYTES)),
      Effect.catchCause((cause) =>
        Effect.gen(function* () {
          if (Cause.hasInterruptsOnly(cause)) return yield* Effect.failCause(cause as Cause.Cause<never>)
          const [response] = yield* HttpServerError.causeResponse(cause)
          if (response.status < 500) return response
          const [, fault] = HttpServerError.causeResponseStripped(cause)
          const said = Option.isSome(fault) ? [fault.value] : []
          yield* Effect.logError("a request failed", { request: placeOf(request) }, ...said)
          return response
        }),
      ),
    )
  })

const API = { v1: "the app's API", operator: "the operator's API" } as const

/** A path that there is not: an empty 404 would be taken for a record that there is not. */
export const layerNoRoute = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    for (const [part, name] of Object.entries(API)) {
      const unknown = Effect.map(HttpServerRequest.HttpServerRequest, ({ method }) =>
        HttpServerResponse.jsonUnsafe(
          {
            _tag: "NoRoute",
            message: `${name} has no ${method} at this path; what there is stands at /${part}/openapi.json`,
          },
          { status: 404 },
        ),
      )
      yield* router.add("*", `/${part}/*`, unknown)
    }
  }),
)
