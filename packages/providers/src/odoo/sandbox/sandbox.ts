/** An Odoo 17 or 19 database in memory, as unkind as the real one: it answers requests, without sockets of its own. */
import { complete, defaults, newLead } from "./behaviour.ts"
import { makeBackdoor, type Backdoor } from "./backdoor.ts"
import { demoRows } from "./demo.ts"
import type { Environment } from "./environment.ts"
import { OdooFault } from "./fault.ts"
import { interrupted } from "./load.ts"
import { methodOf } from "./methods.ts"
import {
  type Answer,
  bind,
  html,
  type Invocation,
  json,
  json2Answer,
  parseJson2,
  parseRpc,
  rpcAnswer,
} from "./protocol.ts"
import { makeSchema, type Version } from "./schema.ts"
import { defaultSettings, mergeSettings, type SandboxSettings } from "./settings.ts"
import { Database, Transaction } from "./store.ts"
import { takeTrouble, type Trouble } from "./trouble.ts"
import { postsOf } from "./webhooks.ts"
import {
  isObject,
  type Json,
  type JsonObject,
  type Row,
  type SandboxRequest,
  type SandboxResponse,
  type WebhookPost,
} from "./wire.ts"

/** A write that the database took over its interface: what a test holds against what the engine believes. */
export interface LoggedWrite {
  /** Milliseconds since 1970 by the sandbox's clock. */
  readonly at: number
  readonly model: string
  readonly method: string
  readonly ids: ReadonlyArray<number>
  readonly externalIds: ReadonlyArray<string>
  /** Those of `ids` that it made, deleted or changed in anything but who wrote last and when. */
  readonly changed: ReadonlyArray<number>
  readonly vals: JsonObject
}

export interface OdooSandboxOptions {
  readonly version: Version
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly settings?: Partial<SandboxSettings>
  /** Carries a post of an automation rule to its target; without it the posts are kept for `backdoor.posts`. */
  readonly deliver?: (post: WebhookPost) => Promise<void>
  readonly onWrite?: (write: LoggedWrite) => void
}

export interface OdooSandbox {
  readonly handle: (request: SandboxRequest) => Promise<SandboxResponse>
  readonly backdoor: Backdoor
}

/** What is shared between the protocols and the back door. */
export interface Core {
  readonly version: Version
  readonly database: Database
  readonly schema: ReturnType<typeof makeSchema>
  readonly orders: Array<Trouble>
  readonly written: Array<LoggedWrite>
  readonly posts: Array<WebhookPost>
  settings: SandboxSettings
  /** Added to the clock, in milliseconds. */
  ahead: number
  readonly nowMs: () => number
  readonly begin: () => Transaction
  /** To look on only: none is begun, nothing is drawn, and the moment is that of the last one. */
  readonly look: () => Transaction
  readonly environment: (tx: Transaction, context: JsonObject, uid: number) => Environment
  readonly deliver: (env: Environment) => Promise<void>
}

const attempts = 5

const writtenIds = (
  { method }: Invocation,
  named: ReadonlyArray<number>,
  result: Json | undefined,
): ReadonlyArray<number> => {
  if (named.length > 0) return named
  const made = isObject(result) ? result["ids"] : method === "create" ? result : undefined
  return Array.isArray(made) ? made.map(Number) : typeof made === "number" ? [made] : []
}

/** Before the commit: a row as this transaction leaves it, against the one that is there. */
const hasChanged = ({ database, tx }: Environment, model: string, id: number): boolean => {
  const told = (row: Row | undefined): string => {
    const { write_date: _at, write_uid: _by, ...rest } = row ?? {}
    return row === undefined ? "" : JSON.stringify(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }
  return told(tx.get(model, id)) !== told(database.table(model).rows.get(id))
}

export const makeOdooSandbox = (options: OdooSandboxOptions): OdooSandbox => {
  const { version, random } = options
  const database = new Database()
  const schema = makeSchema(version)
  let last = 0
  const core: Core = {
    version,
    database,
    schema,
    orders: [],
    written: [],
    posts: [],
    settings: { ...defaultSettings(version), ...options.settings },
    ahead: 0,
    nowMs: () => options.now() + core.ahead,
    begin: () => {
      // No two transactions begin in the same microsecond, also where the clock stands still.
      last = Math.max(last + 1, Math.floor(core.nowMs()) * 1000 + Math.floor(random() * 1000))
      return new Transaction(database, last)
    },
    look: () => new Transaction(database, last),
    environment: (tx, context, uid) => ({
      version,
      schema,
      database,
      tx,
      context,
      uid,
      settings: core.settings,
      hooks: [],
    }),
    deliver: async (env) => {
      for (const post of postsOf(env, random)) {
        if (options.deliver === undefined) core.posts.push(post)
        else {
          const sent = options.deliver(post)
          if (post.delayMs === 0) await sent
        }
      }
      env.hooks.length = 0
    },
  }

  const fill = () => {
    const tx = core.begin()
    const env = core.environment(tx, {}, 1)
    const models = [...schema.values()].map((model) => [model.name, model.label] as const)
    let data = 1
    for (const { model: name, rows } of demoRows(version, models))
      for (const { xmlid, ...row } of rows) {
        const stamped = { write_date: tx.startedAt, create_date: tx.startedAt, write_uid: 1, create_uid: 1 }
        const base = { ...defaults(env, schema.get(name)!), ...(row as Record<string, never>), ...stamped }
        database
          .table(name)
          .set(Number(row["id"]), complete(env, name, name === "crm.lead" ? newLead(env, base) : base))
        if (typeof xmlid === "string") {
          const [module = "", external = ""] = xmlid.split(".")
          const made = { id: data, module, name: external, model: name, res_id: Number(row["id"]), ...stamped }
          database.table("ir.model.data").set(data++, made)
          database.index(undefined, made)
        }
      }
  }
  fill()

  /** Runs one call in a transaction of its own, again where another one committed first. */
  const run = async (invocation: Invocation, trouble: Trouble | undefined): Promise<Json | undefined> => {
    for (let attempt = 1; ; attempt++) {
      const tx = core.begin()
      const env = core.environment(tx, invocation.context, invocation.uid)
      try {
        const method = methodOf(env, invocation.model, invocation.method)
        const { ids, args } = bind(method, invocation)
        const result = method.run({ env, model: invocation.model, ids, args })
        if (!method.writes) return result
        // The importer reports a failed row in its answer and has written nothing.
        if (invocation.method === "load" && isObject(result) && result["ids"] === false) return result
        // 17 posts inside the transaction: a receiver that reads back at once sees what was there before.
        if (version === 17) await core.deliver(env)
        if (trouble?.kind === "rollback")
          throw new OdooFault("ValidationError", "The operation was refused and rolled back.")
        const written = writtenIds(invocation, ids, result)
        const changed = written.filter((one) => hasChanged(env, invocation.model, one))
        tx.commit()
        remember(invocation, env, written, changed, args)
        if (version === 19) await core.deliver(env)
        return result
      } catch (error) {
        if (!(error instanceof OdooFault) || error.kind !== "SerializationFailure" || attempt >= attempts) throw error
      }
    }
  }

  const remember = (
    { model, method }: Invocation,
    env: Environment,
    ids: ReadonlyArray<number>,
    changed: ReadonlyArray<number>,
    args: JsonObject,
  ) => {
    const entry: LoggedWrite = {
      at: Math.floor(env.tx.startedAt / 1000),
      model,
      method,
      ids,
      externalIds: ids.flatMap((id) => env.tx.externalIdsOf(model, id)),
      changed,
      vals: args,
    }
    core.written.push(entry)
    options.onWrite?.(entry)
  }

  const respond = (answer: Answer, trouble: Trouble | undefined, extraMs = 0): SandboxResponse => ({
    status: answer.status,
    headers: {
      "content-type": answer.type,
      date: new Date(core.nowMs()).toUTCString(),
      server: "Werkzeug/2.0.2 Python/3.10.12",
      ...(trouble?.retryAfter === undefined ? {} : { "retry-after": String(trouble.retryAfter) }),
    },
    body: answer.body,
    delayMs: core.settings.latencyMs + (trouble?.kind === "slow" ? (trouble.ms ?? 1000) : 0) + extraMs,
    dropped: trouble?.kind === "drop",
  })

  const invoke = async (invocation: Invocation, answer: (outcome: Json | undefined | OdooFault) => Answer) => {
    const trouble = takeTrouble(core.orders, invocation.model, invocation.method)
    const runs = trouble === undefined || trouble.afterEffect === true || ["slow", "rollback"].includes(trouble.kind)
    let outcome: Json | undefined | OdooFault
    try {
      if (runs) outcome = await run(invocation, trouble)
    } catch (error) {
      if (!(error instanceof OdooFault)) throw error
      outcome = error
    }
    switch (trouble?.kind) {
      case "status":
        return respond(html(trouble.status ?? 502, "Bad Gateway"), trouble)
      case "garbage":
        return respond({ status: 200, type: "text/html; charset=utf-8", body: "<html>maintenance</html>" }, trouble)
      case "session":
        return respond(answer(new OdooFault("SessionExpired", "Session expired")), trouble)
      case "denied":
        return respond(answer(new OdooFault("AccessDenied", "Access Denied", [])), trouble)
      case "serialization": {
        const text = "could not serialize access due to concurrent update\n"
        // The importer swallows even this: it tries row by row, each meets the lock, and after ten it stops.
        if (invocation.method === "load") {
          const data = invocation.named["data"] ?? invocation.positional[1]
          const rows = Array.isArray(data) ? data.slice(0, 10) : []
          const messages = rows.map((_, at) => ({
            type: "error",
            message: text,
            rows: { from: at, to: at },
            record: at,
          }))
          return respond(
            answer({ ids: false, messages: rows.length < 10 ? messages : [...messages, interrupted], nextrow: 0 }),
            trouble,
          )
        }
        return respond(answer(new OdooFault("SerializationFailure", text)), trouble)
      }
      default:
        return respond(answer(outcome), trouble)
    }
  }

  const handle = async (request: SandboxRequest): Promise<SandboxResponse> => {
    const path = new URL(request.url, "http://sandbox").pathname
    if (path.startsWith("/__sandbox__/")) {
      const given: unknown = request.body === "" ? {} : JSON.parse(request.body)
      const result = await backdoor.call(path.slice("/__sandbox__/".length), isObject(given) ? given : {})
      return {
        ...respond(json(result === undefined ? 404 : 200, result ?? { error: "unknown" }), undefined),
        delayMs: 0,
      }
    }
    if (path === "/web/version" && version === 19)
      return respond(json(200, { version_info: [19, 0, 0, "final", 0, ""], version: "19.0" }), undefined)
    if (path === "/jsonrpc") {
      if (request.method !== "POST") return respond(html(405, "Method Not Allowed"), undefined)
      const parsed = parseRpc(request, core.settings, version)
      if (parsed._tag === "Answered") return respond(parsed.answer, undefined)
      if (parsed._tag === "Authenticate") {
        const trouble = takeTrouble(core.orders, "common", "authenticate")
        return respond(rpcAnswer(parsed.id, 2, version), trouble, core.settings.authenticateMs)
      }
      return invoke(parsed.invocation, (outcome) => rpcAnswer(parsed.id, outcome, version))
    }
    if (path.startsWith("/json/2/") && version === 19) {
      const parsed = parseJson2(request, path, core.settings)
      if ("status" in parsed) return respond(parsed, undefined)
      return invoke(parsed, (outcome) => json2Answer(outcome, parsed.method))
    }
    return respond(html(404, "Not Found"), undefined)
  }

  const backdoor = makeBackdoor(core, (change) => {
    core.settings = mergeSettings(core.settings, change)
  })
  return { handle, backdoor }
}
