/** The two protocols of Odoo: from a request to a call, and from an outcome to an answer. */
import { json2Error, jsonRpcError, OdooFault } from "./fault.ts"
import type { Method } from "./methods.ts"
import type { SandboxSettings } from "./settings.ts"
import { isObject, type Json, type JsonObject, type SandboxRequest } from "./wire.ts"

export interface Invocation {
  readonly model: string
  readonly method: string
  /** Arguments by place, over JSON-RPC. */
  readonly positional: ReadonlyArray<Json>
  readonly named: JsonObject
  readonly context: JsonObject
  readonly uid: number
  /** JSON-2 compares names with the signature before it calls: there what is missing is said first. */
  readonly compared?: boolean
}

export interface Answer {
  readonly status: number
  readonly type: "application/json" | "text/html; charset=utf-8"
  readonly body: string
}

export const html = (status: number, text: string): Answer => ({
  status,
  type: "text/html; charset=utf-8",
  body: `<!doctype html>\n<html lang=en>\n<title>${status} ${text}</title>\n<h1>${text}</h1>\n`,
})

export const json = (status: number, body: unknown): Answer => ({
  status,
  type: "application/json",
  body: JSON.stringify(body),
})

/** Arguments by name; what does not fit the method's signature is a TypeError. */
export const bind = (method: Method, { model, method: name, positional, named, compared }: Invocation) => {
  const rest = [...positional]
  const first = method.onRecords && !("ids" in named) ? rest.shift() : named["ids"]
  const ids = Array.isArray(first) ? first.map(Number) : typeof first === "number" ? [first] : []
  const args: Record<string, Json> = {}
  for (const [index, value] of rest.entries()) {
    const parameter = method.parameters[index]
    if (parameter === undefined)
      throw new OdooFault(
        "TypeError",
        `${model}.${name}() takes ${method.parameters.length} positional arguments but ${rest.length} were given`,
      )
    args[parameter] = value
  }
  if (compared === true)
    for (const key of method.required)
      if (!(key in named)) throw new OdooFault("TypeError", `missing a required argument: '${key}'`)
  for (const [key, value] of Object.entries(named)) {
    if (key === "ids" || key === "context") continue
    if (!method.parameters.includes(key) && method.open !== true)
      throw new OdooFault("TypeError", `${model}.${name}() got an unexpected keyword argument '${key}'`)
    args[key] = value
  }
  for (const key of method.required)
    if (!(key in args)) throw new OdooFault("TypeError", `missing a required argument: '${key}'`)
  return { ids, args }
}

export type RpcCall =
  | { readonly _tag: "Answered"; readonly answer: Answer }
  | { readonly _tag: "Authenticate"; readonly id: Json }
  | { readonly _tag: "Call"; readonly id: Json; readonly invocation: Invocation }

const rpcResult = (id: Json, result: Json | undefined): Answer =>
  // None as a result leaves the key out: neither result nor error.
  json(200, { jsonrpc: "2.0", id, ...(result === undefined ? {} : { result }) })

export const rpcAnswer = (id: Json, outcome: Json | undefined | OdooFault, version: 17 | 19): Answer =>
  outcome instanceof OdooFault
    ? json(200, { jsonrpc: "2.0", id, error: jsonRpcError(outcome, version) })
    : rpcResult(id, outcome)

const versionInfo = (version: 17 | 19): JsonObject => ({
  server_version: `${version}.0`,
  server_version_info: [version, 0, 0, "final", 0, ""],
  server_serie: `${version}.0`,
  protocol_version: 1,
})

const authenticates = (settings: SandboxSettings, secret: Json | undefined) =>
  secret === settings.password || secret === settings.apiKey

export const parseRpc = (request: SandboxRequest, settings: SandboxSettings, version: 17 | 19): RpcCall => {
  let body: unknown
  try {
    body = JSON.parse(request.body)
  } catch {
    return { _tag: "Answered", answer: html(400, "Bad Request") }
  }
  const params = isObject(body) ? body["params"] : undefined
  // A batch array is refused like a malformed body.
  if (!isObject(body) || !isObject(params)) return { _tag: "Answered", answer: html(400, "Bad Request") }
  const id = body["id"] ?? null
  const args = Array.isArray(params["args"]) ? (params["args"] as ReadonlyArray<Json>) : []
  const answered = (outcome: Json | OdooFault): RpcCall => ({
    _tag: "Answered",
    answer: rpcAnswer(id, outcome, version),
  })
  const unknownDatabase = (name: Json | undefined) =>
    new OdooFault(
      "OperationalError",
      `connection to server failed: FATAL:  database "${String(name)}" does not exist\n`,
    )
  if (params["service"] === "common") {
    if (params["method"] === "version") return answered(versionInfo(version))
    if (params["method"] !== "authenticate" && params["method"] !== "login")
      return answered(new OdooFault("AttributeError", `Method not found: ${String(params["method"])}`))
    if (args[0] !== settings.database) return answered(unknownDatabase(args[0]))
    // A wrong password is no error: the answer is `false`.
    return args[1] === settings.login && authenticates(settings, args[2])
      ? { _tag: "Authenticate", id }
      : answered(false)
  }
  if (params["service"] !== "object" || params["method"] !== "execute_kw")
    return answered(new OdooFault("AttributeError", `Method not found: ${String(params["method"])}`))
  const [database, uid, secret, model, method, positional, named] = args
  if (database !== settings.database) return answered(unknownDatabase(database))
  if (uid !== 2 || !authenticates(settings, secret)) return answered(new OdooFault("AccessDenied", "Access Denied", []))
  const keywords = isObject(named) ? named : {}
  return {
    _tag: "Call",
    id,
    invocation: {
      model: String(model),
      method: String(method),
      positional: Array.isArray(positional) ? (positional as ReadonlyArray<Json>) : [],
      named: keywords,
      context: isObject(keywords["context"]) ? keywords["context"] : {},
      uid: 2,
    },
  }
}

export const parseJson2 = (request: SandboxRequest, path: string, settings: SandboxSettings): Invocation | Answer => {
  const database = request.headers["x-odoo-database"]
  if (database === undefined ? !settings.singleDatabase : database !== settings.database) return html(404, "Not Found")
  const [, model = "", method = ""] = /^\/json\/2\/([^/]+)\/([^/]+)$/.exec(path) ?? []
  if (method === "") return html(404, "Not Found")
  if (!(request.headers["content-type"] ?? "").startsWith("application/json"))
    return html(415, "Unsupported Media Type")
  const [, key] = /^bearer (.+)$/i.exec(request.headers["authorization"] ?? "") ?? []
  if (key !== settings.apiKey) {
    const { status, body } = json2Error(new OdooFault("AccessDenied", "Invalid apikey", ["Invalid apikey", 401]))
    return json(status, body)
  }
  let named: unknown
  try {
    named = JSON.parse(request.body)
  } catch {
    named = undefined
  }
  if (!isObject(named))
    return json(400, {
      name: "werkzeug.exceptions.BadRequest",
      message: "could not parse the body as json",
      arguments: ["could not parse the body as json", 400],
      context: {},
      debug: "",
    })
  const context = named["context"]
  return { model, method, positional: [], named, context: isObject(context) ? context : {}, uid: 2, compared: true }
}

export const json2Answer = (outcome: Json | undefined | OdooFault, method: string): Answer => {
  if (!(outcome instanceof OdooFault))
    // What a create returns is always a list here, also for a single dict.
    return json(200, method === "create" && typeof outcome === "number" ? [outcome] : (outcome ?? null))
  const { status, body } = json2Error(outcome)
  // An unknown model is a missing page here.
  if (outcome.kind === "UserError" && /^Object .* doesn't exist$/.test(outcome.message))
    return json(404, { ...body, name: "werkzeug.exceptions.NotFound" })
  return json(status, body)
}
