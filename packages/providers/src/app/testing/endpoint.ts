/** The real endpoint without a socket: web requests in, web responses out. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import { AppAccess, makeAppAccess } from "../AppAccess.ts"
import { layerAppApi } from "../handlers.ts"
import { makeVersionsOf } from "../versions.ts"
import { makeMemoryJournal } from "./memory-journal.ts"
import { makeWorker, opaqueId } from "./worker.ts"

export const TENANT = "acme"
export const CONNECTION = "app"
export const TOKEN = "token-of-acme"

/** A tenant `acme` with a connection `app`, another tenant `globex` of its own, and everything that is behind them. */
export const makeWorld = (settleMs = 200) => {
  const memory = makeMemoryJournal()
  const versionsOf = makeVersionsOf()
  const acme = makeWorker(memory, versionsOf, TENANT, CONNECTION)
  const globex = makeWorker(memory, versionsOf, "globex", CONNECTION)
  const tokens = new Map([
    [`${TENANT}.${CONNECTION}`, TOKEN],
    [`globex.${CONNECTION}`, "token-of-globex"],
  ])
  const access = () =>
    makeAppAccess({
      journal: memory.journal,
      versionsOf,
      token: (at) => {
        const token = tokens.get(`${at.tenant}.${at.connection}`)
        return Effect.succeed(token === undefined ? null : Redacted.make(token))
      },
      handle: (at) => Effect.succeed(at.tenant === TENANT ? acme.handle : globex.handle),
      opaqueId: (_at, externalId) => opaqueId(externalId),
      settleMs,
    })
  return { memory, acme, globex, access }
}
export type World = ReturnType<typeof makeWorld>

export const URL_OF_ENDPOINT = "http://concordat.test"

export const serve = (world: World) => {
  const app = layerAppApi.pipe(
    Layer.provide(Layer.succeed(AppAccess, world.access())),
    Layer.provide(HttpServer.layerServices),
  )
  const web = HttpRouter.toWebHandler(app, { disableLogger: true })
  const fetch = (url: string, init: RequestInit): Promise<Response> => web.handler(new Request(url, init))
  const call = async (method: string, path: string, options: CallOptions = {}) => {
    const response = await fetch(`${URL_OF_ENDPOINT}${path}`, {
      method,
      headers: {
        ...(options.token === null ? {} : { authorization: `Bearer ${options.token ?? TOKEN}` }),
        ...(options.key === undefined ? {} : { "idempotency-key": options.key }),
        ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    })
    const text = await response.text()
    return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as Record<string, unknown> | null }
  }
  return { fetch, call, close: web.dispose }
}

export interface CallOptions {
  /** `null` sends none. */
  readonly token?: string | null
  readonly key?: string
  readonly body?: unknown
}
