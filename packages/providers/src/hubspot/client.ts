/** One call to HubSpot: path to URL, token, budget, and what is not an answer as a `ProviderError`. */
import type { ConnectionConfig } from "@concordat/engine/ports/Provider"
import type { ProviderError } from "@concordat/engine/ports/ProviderError"
import type { HttpAnswer, HttpCall, ProviderHttp } from "@concordat/engine/ports/ProviderHttp"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { API_VERSION, INDEX_LAG_MS } from "./definition.ts"
import { failure, unreadable } from "./errors.ts"

export interface Request {
  readonly method: HttpCall["method"]
  /** Below the host; `{version}` stands for the API's version. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** Names the call in errors and metrics. */
  readonly operation: string
  /** Draws on the budget for searches. */
  readonly search?: boolean
  readonly writes?: boolean
  readonly cursorOf?: string
  /** Statuses besides 2xx that the caller reads itself. */
  readonly also?: ReadonlyArray<number>
}

export interface HubspotClient {
  /** How far windows of changes overlap. */
  readonly indexLagMs: number
  readonly send: (request: Request) => Effect.Effect<HttpAnswer, ProviderError>
  /** The decoded body of a 2xx answer, with HubSpot's clock (ms since 1970) where it told it. */
  readonly fetch: <A>(
    request: Request,
    shape: Schema.Decoder<A>,
  ) => Effect.Effect<{ readonly body: A; readonly clock: number | null }, ProviderError>
}

const clockOf = (answer: HttpAnswer): number | null => {
  const ms = Date.parse(answer.headers["date"] ?? "")
  return Number.isNaN(ms) ? null : ms
}

type Reader = (text: string) => Effect.Effect<unknown, Schema.SchemaError>
/** By shape: to make one takes longer than to read a webhook with it. */
const readers = new WeakMap<object, Reader>()
const readerOf = <A>(shape: Schema.Decoder<A>): Reader => {
  let reader = readers.get(shape)
  if (reader === undefined) readers.set(shape, (reader = Schema.decodeEffect(Schema.fromJsonString(shape))))
  return reader
}

/** `shape`: one that is made once. */
export const decode = <A>(operation: string, shape: Schema.Decoder<A>, text: string): Effect.Effect<A, ProviderError> =>
  readerOf(shape)(text).pipe(
    Effect.map((read) => read as A),
    // The issue would quote the values; the shape's absence is what matters.
    Effect.mapError(() => unreadable(operation, `an answer of ${text.length} characters in an unknown shape`)),
  )

export const makeClient = (config: ConnectionConfig, http: ProviderHttp): HubspotClient => {
  const base = (config.settings["baseUrl"] ?? "https://api.hubapi.com").replace(/\/+$/, "")
  const token = config.credentials["token"] ?? Redacted.make("")
  const lag = Number(config.settings["indexLagSeconds"])
  const indexLagMs = Number.isFinite(lag) && lag > 0 ? lag * 1000 : INDEX_LAG_MS

  const send = Effect.fnUntraced(function* (request: Request) {
    const query = request.query === undefined ? "" : `?${new URLSearchParams(request.query)}`
    const answer = yield* http.send({
      method: request.method,
      url: `${base}${request.path.replace("{version}", API_VERSION)}${query}`,
      headers: {
        authorization: `Bearer ${Redacted.value(token)}`,
        accept: "application/json",
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      cost: request.search === true ? { search: 1, day: 1 } : { default: 1, day: 1 },
      writes: request.writes ?? false,
      operation: request.operation,
    })
    if ((answer.status >= 200 && answer.status < 300) || request.also?.includes(answer.status) === true) return answer
    return yield* failure(answer, {
      operation: request.operation,
      writes: request.writes ?? false,
      ...(request.cursorOf === undefined ? {} : { cursorOf: request.cursorOf }),
    })
  })

  return {
    indexLagMs,
    send,
    fetch: Effect.fnUntraced(function* <A>(request: Request, shape: Schema.Decoder<A>) {
      const answer = yield* send(request)
      return { body: yield* decode(request.operation, shape, answer.text), clock: clockOf(answer) }
    }),
  }
}
