/** One call of a method of Odoo, over JSON-RPC or JSON-2; the version, protocol and user id are found once. */
import { AuthLost, type ProviderError, RequestRefused, Unreadable } from "@concordat/engine/ports/ProviderError"
import type { HttpAnswer, ProviderHttp } from "@concordat/engine/ports/ProviderHttp"
import { isJsonObject, type Json, type JsonObject } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { asProviderError, type CallError, decodeJson2, decodeRpc, providerError } from "./errors.ts"
import type { OdooSettings } from "./settings.ts"

export interface Session {
  /** 17, 18, 19. */
  readonly version: number
  readonly protocol: "jsonrpc" | "json2"
  /** Id of the user; JSON-2 does not need it. */
  readonly uid: number | null
}

export interface MethodCall {
  readonly model: string
  readonly method: string
  /** Present for methods of records. */
  readonly ids?: ReadonlyArray<number>
  readonly args?: JsonObject
  readonly context?: JsonObject
  readonly writes?: boolean
}

export interface MethodAnswer {
  /** `null` where the method returned nothing. */
  readonly result: Json
  /** The server's clock when it answered, ms since 1970, where it sent one. */
  readonly serverMs: number | undefined
}

export interface Rpc {
  readonly settings: OdooSettings
  readonly session: Effect.Effect<Session, ProviderError>
  readonly call: (call: MethodCall) => Effect.Effect<MethodAnswer, CallError>
}

/**
 * What comes from another system. A write by hand tells people of it by e-mail: the new owner of a lead, the user of an activity, the guests of a meeting.
 * What comes from another system they know from there, and a first sync would send thousands.
 */
const SILENT: JsonObject = {
  mail_auto_subscribe_no_notify: true,
  mail_activity_quick_update: true,
  no_mail_to_attendees: true,
  // 19 writes names and numbers of owner and guest into a new meeting's description.
  skip_contact_description: true,
  // With accounting a VAT id that can be none would refuse the whole company: it is what the other system says
  // (https://github.com/odoo/odoo/pull/179078).
  no_vat_validation: true,
}

const serverMs = (answer: HttpAnswer): number | undefined => {
  const at = Date.parse(answer.headers["date"] ?? "")
  return Number.isNaN(at) ? undefined : at
}

/**
 * What a method's arguments are called differs by model and by the modules that override it: `write(self, vals)` and
 * `write(self, values)` stand side by side in 17. JSON-RPC takes them by place, JSON-2 by name alone.
 */
const PLACES: Readonly<Record<string, ReadonlyArray<string>>> = { write: ["vals"], load: ["fields", "data"] }

const byPlace = (method: string, args: JsonObject) => {
  const places = (PLACES[method] ?? []).filter((name) => name in args)
  return {
    placed: places.map((name) => args[name] ?? null),
    named: Object.fromEntries(Object.entries(args).filter(([name]) => !places.includes(name))),
  }
}

/** What JSON-2 says the argument is called there; it compares names before it calls, so nothing has happened. */
const missingName = (error: CallError): string | undefined =>
  error._tag === "OdooRefusal" ? /missing a required argument: '(\w+)'/.exec(error.text)?.[1] : undefined

/** 40 hexadecimal digits: an API key, which JSON-2 needs; a password works over JSON-RPC alone. */
const isApiKey = (secret: string): boolean => /^[0-9a-f]{40}$/.test(secret)

const majorOf = (info: Json | undefined): number | undefined => {
  const major = Array.isArray(info) ? info[0] : undefined
  // Online databases between two releases call themselves `saas~18`.
  const number = typeof major === "string" ? Number(major.replace(/^saas[~-]/, "")) : major
  return typeof number === "number" && Number.isFinite(number) ? number : undefined
}

export const makeRpc = (settings: OdooSettings, http: ProviderHttp): Rpc => {
  const secret = Redacted.value(settings.secret)
  let session: Session | undefined

  const post = (
    path: string,
    body: JsonObject,
    headers: Readonly<Record<string, string>>,
    operation: string,
    writes: boolean,
  ) =>
    http.send({
      method: "POST",
      url: `${settings.url}${path}`,
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      operation,
      writes,
    })

  const jsonRpc = (
    service: "common" | "object",
    method: string,
    args: ReadonlyArray<Json>,
    operation: string,
    writes: boolean,
  ) =>
    post(
      "/jsonrpc",
      { jsonrpc: "2.0", method: "call", id: 1, params: { service, method, args } },
      {},
      operation,
      writes,
    )

  const common = Effect.fnUntraced(function* (method: string, args: ReadonlyArray<Json>) {
    const operation = `common.${method}`
    const decoded = decodeRpc(yield* jsonRpc("common", method, args, operation, false), operation, false)
    if (decoded._tag === "Failed") return yield* asProviderError(operation, false)(decoded.error)
    return decoded.result
  })

  const versionOf = Effect.fnUntraced(function* () {
    const answer = yield* http.send({ method: "GET", url: `${settings.url}/web/version`, operation: "version" })
    if (answer.status === 200 && answer.text.trimStart().startsWith("{")) {
      const decoded = decodeJson2(answer, "version", false)
      const major =
        decoded._tag === "Result" && isJsonObject(decoded.result) ? majorOf(decoded.result["version_info"]) : undefined
      if (major !== undefined) return major
    }
    // Before 18 there is no such page.
    const info = yield* common("version", [])
    const major = isJsonObject(info) ? majorOf(info["server_version_info"]) : undefined
    if (major === undefined)
      return yield* providerError("version", new Unreadable({ detail: "no Odoo version in the answer" }))
    return major
  })

  const open = Effect.fn("odoo.session")(function* () {
    const known = session
    if (known !== undefined) return known
    const version = yield* versionOf()
    if (settings.protocol === "json2" && version < 19)
      return yield* providerError(
        "session",
        new RequestRefused({ code: "protocol", detail: `Odoo ${version} has no JSON-2 interface` }),
      )
    const json2 = settings.protocol === "json2" || (settings.protocol === "auto" && version >= 19 && isApiKey(secret))
    if (json2) return (session = { version, protocol: "json2", uid: null })
    // Checking a password takes the server 2 seconds: once for as long as this connection is open.
    const uid = yield* common("authenticate", [settings.database, settings.login, secret, {}])
    if (typeof uid !== "number")
      return yield* providerError("session", new AuthLost({ detail: "login or API key was not accepted" }))
    return (session = { version, protocol: "jsonrpc", uid })
  })

  /** Names that a model gives to the arguments of its own `write`, where they are not the usual ones; JSON-2. */
  const renamed = new Map<string, string>()

  const call = (asked: MethodCall): Effect.Effect<MethodAnswer, CallError> =>
    attempt(asked).pipe(
      Effect.catch((error) => {
        const name = missingName(error)
        const place = `${asked.model}.${asked.method}`
        if (
          asked.method !== "write" ||
          session?.protocol !== "json2" ||
          name === undefined ||
          renamed.get(place) === name
        )
          return Effect.fail(error)
        renamed.set(place, name)
        return attempt(asked)
      }),
    )

  const attempt = Effect.fnUntraced(function* ({
    model,
    method,
    ids,
    args = {},
    context = {},
    writes = false,
  }: MethodCall) {
    const { protocol, uid } = yield* open()
    const operation = `${model}.${method}`
    const full: JsonObject = {
      lang: settings.language,
      // The importer reads datetimes in the caller's zone unless it is told another.
      tz: "UTC",
      ...(settings.companies.length === 0 ? {} : { allowed_company_ids: settings.companies }),
      ...(writes ? SILENT : {}),
      ...context,
    }
    const { placed, named } = byPlace(method, args)
    const first = renamed.get(`${model}.${method}`)
    const answer =
      protocol === "json2"
        ? yield* post(
            `/json/2/${model}/${method}`,
            {
              ...(ids === undefined ? {} : { ids }),
              ...(first === undefined ? args : { ...named, [first]: placed[0] ?? null }),
              context: full,
            },
            { authorization: `bearer ${secret}`, "x-odoo-database": settings.database },
            operation,
            writes,
          )
        : yield* jsonRpc(
            "object",
            "execute_kw",
            [
              settings.database,
              uid,
              secret,
              model,
              method,
              [...(ids === undefined ? [] : [ids]), ...placed],
              { ...named, context: full },
            ],
            operation,
            writes,
          )
    const decoded = protocol === "json2" ? decodeJson2(answer, operation, writes) : decodeRpc(answer, operation, writes)
    if (decoded._tag === "Result") return { result: decoded.result, serverMs: serverMs(answer) }
    // The user may have been renumbered or its key replaced: the next call finds it anew.
    if (decoded.error._tag === "ProviderError" && decoded.error.reason._tag === "AuthLost") session = undefined
    return yield* decoded.error
  })

  return { settings, session: open(), call }
}
