/** What Odoo's exceptions mean: a fault of the connection, or a refusal of what was asked. */
import {
  AuthLost,
  Forbidden,
  ProviderError,
  RateLimited,
  type Reason,
  RequestRefused,
  Unavailable,
  Unreadable,
} from "@concordat/engine/ports/ProviderError"
import { retryAfterMs } from "@concordat/engine/http/retry-after"
import type { HttpAnswer } from "@concordat/engine/ports/ProviderHttp"
import type { RefusalCode, WriteOutcome } from "@concordat/engine/ports/Provider"
import { isJsonObject, type Json, type JsonObject } from "@concordat/model/json"
import * as Schema from "effect/Schema"

/** An exception of the server about this call. It had no effect: a failed call is rolled back whole. */
export class OdooRefusal extends Schema.TaggedError<OdooRefusal>()("OdooRefusal", {
  /** Python class: `odoo.exceptions.MissingError`. */
  name: Schema.String,
  /** In the user's language; may hold values of the record, so it goes to a refused row and nowhere else. */
  text: Schema.String,
}) {
  override get message(): string {
    return this.name
  }
}

export type CallError = ProviderError | OdooRefusal

export const providerError = (operation: string, reason: Reason) =>
  new ProviderError({ provider: "odoo", operation, reason })

/** Locks, deadlocks and serialization failures that outlasted the server's own five tries. */
export const isBusy = (text: string): boolean =>
  /SerializationFailure|LockNotAvailable|DeadlockDetected|ConcurrencyError|LockError|could not serialize|deadlock detected|could not obtain lock/.test(
    text,
  )

/** Names a field or model at most: other texts may carry values of a record. */
const described = ({ name, text }: OdooRefusal): string => {
  const found =
    /Invalid field '?[\w.]+'?(?: on model '[\w.]+')?|Object [\w.]+ doesn't exist|method '[\w.]+' does not exist/.exec(
      text,
    )
  return found === null ? name : `${name}: ${found[0]}`
}

/** A refusal of a call that names no single record to blame. */
export const asProviderError =
  (operation: string, writes: boolean) =>
  (error: CallError): ProviderError => {
    if (error._tag === "ProviderError") return error
    if (isBusy(`${error.name} ${error.text}`))
      return providerError(operation, new Unavailable({ detail: error.name, effect: "none" }))
    if (error.name.startsWith("psycopg2.")) {
      if (/does not exist/.test(error.text))
        return providerError(operation, new RequestRefused({ code: "database", detail: "no such database" }))
      return providerError(operation, new Unavailable({ detail: error.name, effect: writes ? "unknown" : "none" }))
    }
    if (/AccessDenied|SessionExpired|Unauthorized/.test(error.name))
      return providerError(operation, new AuthLost({ detail: error.name }))
    if (/AccessError|Forbidden/.test(error.name))
      return providerError(operation, new Forbidden({ detail: `${operation}: ${error.name}` }))
    return providerError(operation, new RequestRefused({ code: error.name, detail: described(error) }))
  }

/**
 * A reference to a row that is gone, as the server words what the database said of the constraint: until 18 with its name, from
 * then on with that of the field. What it says of a mandatory field speaks of deleting too.
 */
const isOfReference = (text: string): boolean =>
  /_fkey\b/.test(text) ||
  (/another model (?:requires|is using) the record/i.test(text) && !/a mandatory field is not set/i.test(text))

const codeOf = (name: string, text: string): RefusalCode => {
  if (isBusy(`${name} ${text}`)) return "busy"
  if (/MissingError/.test(name)) return "missing"
  if (/AccessError|Forbidden/.test(name)) return "permission"
  if (/UniqueViolation|duplicate key value|unique constraint/i.test(`${name} ${text}`)) return "uniqueness"
  if (/ForeignKeyViolation|No matching record found/i.test(`${name} ${text}`) || isOfReference(text)) return "reference"
  if (/ValidationError|UserError|ValueError|RedirectWarning|TypeError|UnprocessableEntity/.test(name))
    return "validation"
  return "other"
}

/** The answer for a row whose call was refused. */
export const refusedRow = (name: string, text: string): Extract<WriteOutcome, { readonly _tag: "Refused" }> => {
  const code = codeOf(name, text)
  return { _tag: "Refused", code, message: text.trim().slice(0, 1000) || name, effect: "none", retry: code === "busy" }
}

/** The answer for a row that was not tried, or whose answer was lost. */
export const heldUp = (effect: "none" | "unknown", message: string): WriteOutcome => ({
  _tag: "Refused",
  code: "busy",
  message,
  effect,
  retry: true,
})

const parsed = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch {
    // Not JSON: a proxy, a maintenance page, or no Odoo at all. The caller says so.
    return undefined
  }
}

const refusalFrom = (data: JsonObject): OdooRefusal =>
  // `debug` is a traceback with paths of the server and values: it is dropped here.
  new OdooRefusal({ name: String(data["name"] ?? "unknown"), text: String(data["message"] ?? "") })

/** Answers that come from something in front of Odoo, or from Odoo before it knew the database. */
const outside = (answer: HttpAnswer, operation: string, writes: boolean): ProviderError => {
  const { status } = answer
  if (status === 429)
    return providerError(
      operation,
      new RateLimited({ retryAfterMs: retryAfterMs(answer.headers["retry-after"]), scope: "connection", bucket: null }),
    )
  if (status === 401) return providerError(operation, new AuthLost({ detail: "HTTP 401" }))
  if (status === 403) return providerError(operation, new Forbidden({ detail: "HTTP 403" }))
  if (status === 404)
    return providerError(operation, new RequestRefused({ code: "404", detail: "no such database or interface" }))
  // A page in place of an answer does not tell whether the call behind it ran.
  if (status >= 500 || (writes && status < 400))
    return providerError(operation, new Unavailable({ detail: `HTTP ${status}`, effect: writes ? "unknown" : "none" }))
  if (status >= 400)
    return providerError(operation, new RequestRefused({ code: String(status), detail: `HTTP ${status}` }))
  return providerError(operation, new Unreadable({ detail: "the answer is no JSON" }))
}

export type Decoded =
  | { readonly _tag: "Result"; readonly result: Json }
  | { readonly _tag: "Failed"; readonly error: CallError }

const failed = (error: CallError): Decoded => ({ _tag: "Failed", error })

/** JSON-RPC: always 200, an `error` with the class in `data.name`, and no `result` at all where Python returned None. */
export const decodeRpc = (answer: HttpAnswer, operation: string, writes: boolean): Decoded => {
  const body = answer.status === 200 ? parsed(answer.text) : undefined
  if (!isJsonObject(body)) return failed(outside(answer, operation, writes))
  const error = body["error"]
  if (error === undefined) return { _tag: "Result", result: body["result"] ?? null }
  if (!isJsonObject(error))
    return failed(providerError(operation, new Unreadable({ detail: "an error of no known shape" })))
  const data = error["data"]
  if (!isJsonObject(data))
    return failed(
      providerError(operation, new RequestRefused({ code: String(error["code"]), detail: "JSON-RPC error" })),
    )
  const refusal = refusalFrom(data)
  return failed(
    /AccessDenied|SessionExpired/.test(refusal.name) ? asProviderError(operation, writes)(refusal) : refusal,
  )
}

/** JSON-2: the status of the exception and its name in the body; the bare value otherwise. */
export const decodeJson2 = (answer: HttpAnswer, operation: string, writes: boolean): Decoded => {
  const body = parsed(answer.text)
  if (body === undefined) return failed(outside(answer, operation, writes))
  if (answer.status < 300) return { _tag: "Result", result: body }
  if (!isJsonObject(body) || typeof body["name"] !== "string") return failed(outside(answer, operation, writes))
  const refusal = refusalFrom(body)
  return failed(
    /AccessDenied|SessionExpired|Unauthorized/.test(refusal.name)
      ? asProviderError(operation, writes)(refusal)
      : refusal,
  )
}
