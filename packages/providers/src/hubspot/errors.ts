/**
 * What HubSpot's statuses and error bodies mean for the engine. A 429 comes in two forms, with and without `policyName`,
 * and never with Retry-After: status first, then the policy, then the message.
 */
import { retryAfterMs } from "@concordat/engine/http/retry-after"
import type { RefusalCode, WriteOutcome } from "@concordat/engine/ports/Provider"
import {
  AuthLost,
  CursorExpired,
  Forbidden,
  ProviderError,
  RateLimited,
  RequestRefused,
  Unavailable,
  Unreadable,
  type Reason,
} from "@concordat/engine/ports/ProviderError"
import type { HttpAnswer } from "@concordat/engine/ports/ProviderHttp"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { contextOf, errorIn, type WireError } from "./wire.ts"

export const providerError = (operation: string, reason: Reason): ProviderError =>
  new ProviderError({ provider: "hubspot", operation, reason })

export const unreadable = (operation: string, detail: string): ProviderError =>
  providerError(operation, new Unreadable({ detail }))

const decodeError = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

export const errorOf = (text: string): WireError => errorIn(Option.getOrUndefined(decodeError(text)))

/** Category, codes and correlation id: HubSpot's support asks for the id, and its messages can quote a person's values. */
const describe = (status: number, error: WireError): string =>
  [
    String(status),
    error.category,
    ...new Set((error.errors ?? []).flatMap((e) => (e.code === undefined ? [] : [e.code]))),
    error.correlationId === undefined ? undefined : `correlation ${error.correlationId}`,
  ]
    .filter((part) => part !== undefined)
    .join(" ")

const rateLimited = (answer: HttpAnswer, error: WireError): RateLimited => {
  const told = retryAfterMs(answer.headers["retry-after"])
  const policy = `${error.policyName ?? ""} ${error.message ?? ""}`.toUpperCase()
  if (policy.includes("DAILY")) return new RateLimited({ retryAfterMs: told, scope: "day", bucket: null })
  if (policy.includes("TEN_SECONDLY"))
    return new RateLimited({ retryAfterMs: told ?? 10_000, scope: "bucket", bucket: "default" })
  // Only searches have a limit by the second.
  if (policy.includes("SECONDLY"))
    return new RateLimited({ retryAfterMs: told ?? 1_000, scope: "bucket", bucket: "search" })
  return new RateLimited({ retryAfterMs: told, scope: "connection", bucket: null })
}

/** What the app lacks: of the whole answer, or of a part of it and under the older name (https://github.com/HubSpot/hubspot-api-nodejs/issues/268). */
const scopesIn = (error: WireError): ReadonlyArray<string> => {
  const parts = [error, ...(error.errors ?? [])].map(({ context }) => ({ context }))
  return [
    ...new Set(
      parts.flatMap((part) => [...contextOf(part, "requiredGranularScopes"), ...contextOf(part, "requiredScopes")]),
    ),
  ]
}

export interface CallContext {
  readonly operation: string
  readonly writes: boolean
  /** Set where a list was asked to go on from a cursor. */
  readonly cursorOf?: string
}

const reasonFor = (answer: HttpAnswer, error: WireError, context: CallContext): Reason => {
  const { status } = answer
  const detail = describe(status, error)
  // 530 is no outage (those are 502 to 504 and 521 to 526): what is not even a token is answered so before it reaches HubSpot.
  if (status === 401 || status === 530) return new AuthLost({ detail })
  if (status === 403) {
    const scopes = scopesIn(error)
    return new Forbidden({ detail: scopes.length === 0 ? detail : `${detail}: needs ${scopes.join(" or ")}` })
  }
  if (status === 429) return rateLimited(answer, error)
  // Locked: wait at least two seconds. Migration in progress: the header says how long, up to a day.
  if (status === 423)
    return new RateLimited({
      retryAfterMs: retryAfterMs(answer.headers["retry-after"]) ?? 2_000,
      scope: "connection",
      bucket: null,
    })
  if (status === 477)
    return new RateLimited({
      retryAfterMs: retryAfterMs(answer.headers["retry-after"]),
      scope: "connection",
      bucket: null,
    })
  if (status >= 500) return new Unavailable({ detail, effect: context.writes ? "unknown" : "none" })
  if (status === 400 && context.cursorOf !== undefined && (error.message ?? "").includes("Cannot deserialize")) {
    return new CursorExpired({ object: context.cursorOf })
  }
  return new RequestRefused({ code: error.category ?? String(status), detail })
}

export const failure = (answer: HttpAnswer, context: CallContext): ProviderError =>
  providerError(context.operation, reasonFor(answer, errorOf(answer.text), context))

const codes = (error: WireError): ReadonlyArray<string> =>
  (error.errors ?? []).flatMap((e) => (e.code === undefined ? [] : [e.code]))

const codeOf = (error: WireError): RefusalCode => {
  const said = `${error.message ?? ""} ${codes(error).join(" ")}`
  if (
    error.category === "CONFLICT" ||
    error.category === "OBJECT_ALREADY_EXISTS" ||
    said.includes("CONFLICTING_UNIQUE_VALUE")
  )
    return "uniqueness"
  if (error.category === "OBJECT_NOT_FOUND") return "missing"
  if (error.category === "MISSING_SCOPES") return "permission"
  return error.category === "VALIDATION_ERROR" ? "validation" : "other"
}

/** The id that a conflict names, in its context or at the end of its sentence; some name none. */
export const existingId = (error: WireError): string | undefined => {
  const texts = [error.message ?? "", ...(error.errors ?? []).map((e) => e.message ?? "")]
  return (
    contextOf(error, "existingId")[0] ??
    texts.map((text) => /Existing ID: (\d+)/.exec(text)?.[1]).find((id) => id !== undefined)
  )
}

const fieldOf = (error: WireError): string | undefined => {
  for (const { context } of error.errors ?? []) {
    const [name] = context === undefined ? [] : contextOf({ context }, "propertyName")
    if (name !== undefined) return name
  }
  // What a create lacks (https://github.com/PipedreamHQ/pipedream/issues/12366).
  const [lacking] = contextOf(error, "properties")
  if (lacking !== undefined) return lacking
  // Contacts are unique by address, and this sentence names no property.
  if (error.category === "CONFLICT" && (error.message ?? "").startsWith("Contact already exists")) return "email"
  // The same list stands as JSON in the message.
  return /"name":"([A-Za-z0-9_]+)"/.exec(error.message ?? "")?.[1]
}

/** HubSpot's sentence; what a create lacks stands beside it, and the sentence alone says nobody what to give. */
const messageOf = (error: WireError): string => {
  const said = error.message ?? error.category ?? "refused without a message"
  const lacking = contextOf(error, "properties")
  return lacking.length === 0 ? said : `${said} (${lacking.join(", ")})`
}

/** A refusal of one row: nothing of it was written. */
export const refusal = (error: WireError): Extract<WriteOutcome, { _tag: "Refused" }> => {
  const existing = existingId(error)
  const field = fieldOf(error)
  return {
    _tag: "Refused",
    code: codeOf(error),
    message: messageOf(error),
    effect: "none",
    retry: false,
    ...(field === undefined ? {} : { field }),
    ...(existing === undefined ? {} : { existing }),
  }
}
