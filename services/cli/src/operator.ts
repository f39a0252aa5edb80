/** Asks a running Concordat, and says in plain words why there is no answer. */
import { OperatorClient } from "@concordat/api/operator/Client"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type * as Sse from "effect/encoding/Sse"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import { NAME } from "@concordat/model/streams"
import type {
  Invalid,
  NotApplicable,
  NotFound,
  NotRunning,
  StoreUnavailable,
  Unauthorized,
} from "@concordat/api/operator/failures"
import { CommandFailed } from "./failure.ts"
import { concordat } from "./root.ts"

export type Client = OperatorClient["Service"]["operator"]

type Unanswered =
  | HttpClientError.HttpClientError
  | Schema.SchemaError
  | Invalid
  | NotApplicable
  | NotFound
  | NotRunning
  | StoreUnavailable
  | Unauthorized
  | CommandFailed
  | Sse.Retry
  | Sse.SseError

const inWords = (url: string, hasToken: boolean, error: Unanswered): string => {
  switch (error._tag) {
    case "HttpClientError": {
      const { reason } = error
      if (reason._tag === "StatusCodeError") return `${url} answered ${reason.response.status}: is it a Concordat?`
      if (reason._tag === "TransportError" || reason._tag === "InvalidUrlError") {
        return `nothing answers at ${url}. Is "concordat up" running there? Another address is given by --url or CONCORDAT_URL.`
      }
      return `${url} answered what is not understood: ${reason._tag}`
    }
    case "SchemaError":
      return `${url} answered what is not understood. Are both of the same version? ${error.message}`
    case "Retry":
    case "SseError":
      return `${url} broke off what it was telling; ask again`
    case "Unauthorized":
      return hasToken
        ? `${url} does not take this token: CONCORDAT_TOKEN has to be the operator's (http.token of its configuration)`
        : "CONCORDAT_TOKEN is not set: export the operator's token, which is http.token of the configuration"
    default:
      return error.message
  }
}

const tenantOf = Effect.fnUntraced(function* (client: Client, given: Option.Option<string>) {
  if (Option.isSome(given)) return given.value
  const tenants = yield* client.tenants()
  const [only] = tenants
  if (only !== undefined && tenants.length === 1) return only
  const detail =
    only === undefined ? "there is no tenant yet" : `which tenant? --tenant takes one of: ${tenants.join(", ")}`
  return yield* new CommandFailed({ detail })
})

const MOST_BY = 500

/** Runs a question for the tenant that is meant; every failure comes out as a sentence. */
export const ask = Effect.fnUntraced(function* <A, R>(
  question: (client: Client, tenant: string) => Effect.Effect<A, Unanswered, R>,
) {
  const { by, tenant, url } = yield* concordat
  if (Option.isSome(tenant) && !NAME.test(tenant.value))
    return yield* new CommandFailed({
      detail: `--tenant "${tenant.value}" is no name of a tenant: those are of a-z, 0-9 and _`,
    })
  if (by.length === 0 || by.length > MOST_BY)
    return yield* new CommandFailed({ detail: `--by "${by.slice(0, 20)}": give a name of 1 to ${MOST_BY} characters` })
  const token = yield* Config.Redacted("CONCORDAT_TOKEN").pipe(
    Config.withDefault(Redacted.make("")),
    Effect.mapError((error) => new CommandFailed({ detail: error.message })),
  )
  const address = { baseUrl: url.replace(/\/+$/, ""), token }
  return yield* Effect.gen(function* () {
    const { operator } = yield* OperatorClient
    return yield* question(operator, yield* tenantOf(operator, tenant))
  }).pipe(
    Effect.provide(OperatorClient.layer(address).pipe(Layer.provide(FetchHttpClient.layer))),
    Effect.mapError(
      (error) => new CommandFailed({ detail: inWords(address.baseUrl, Redacted.value(token) !== "", error) }),
    ),
  )
})

/** The answer as JSON where that is wanted, else in words. */
export const answer = Effect.fnUntraced(function* <A>(value: A, inText: (value: A) => string) {
  const { json } = yield* concordat
  yield* Console.log(json ? JSON.stringify(value, null, 2) : inText(value))
})

/** `type:id` and `object:id`, as tables show entities and records. */
export const pair = (
  text: string,
  what: "entity" | "record",
): Effect.Effect<readonly [string, string], CommandFailed> => {
  const at = text.indexOf(":")
  return at > 0 && at < text.length - 1
    ? Effect.succeed([text.slice(0, at), text.slice(at + 1)])
    : Effect.fail(
        new CommandFailed({
          detail: `"${text}" is no ${what}: it is written as ${what === "entity" ? "type:id" : "object:id"}`,
        }),
      )
}
