/** An Odoo sandbox in its own process, and a connector over it, for the tests of this folder. */
import type { Connector, Cursor, Page, Reading, ReadOptions, WriteRow } from "@concordat/engine/ports/Provider"
import { ProviderError, Unavailable } from "@concordat/engine/ports/ProviderError"
import type { ProviderHttp } from "@concordat/engine/ports/ProviderHttp"
import type { Json, JsonObject } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { connect } from "../connector.ts"

/** Sends as the engine does, without its budget: any status is an answer, and no answer is `Unavailable`. */
export const plainHttp: ProviderHttp = {
  send: ({ method, url, headers, body, operation, writes }) =>
    Effect.tryPromise({
      try: async () => {
        const answer = await fetch(url, {
          method,
          headers: { ...headers },
          ...(typeof body === "string" ? { body } : {}),
        })
        return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() }
      },
      catch: () =>
        new ProviderError({
          provider: "odoo",
          operation,
          reason: new Unavailable({ detail: "no answer", effect: writes === true ? "unknown" : "none" }),
        }),
    }),
}

export interface Database {
  readonly url: string
  readonly door: (operation: string, body?: JsonObject) => Promise<JsonObject>
  /** A call of Odoo's own interface, past the connector. */
  readonly rpc: (model: string, method: string, args: ReadonlyArray<Json>, named?: JsonObject) => Promise<JsonObject>
  readonly connector: (settings?: Readonly<Record<string, string>>, secret?: string) => Promise<Connector>
  readonly stop: () => Promise<void>
}

export const API_KEY = "0123456789abcdef0123456789abcdef01234567"

const urlFrom = async (child: ChildProcess): Promise<string> => {
  if (child.stdout === null) throw new Error("no output to read")
  for await (const line of createInterface({ input: child.stdout }))
    return String((JSON.parse(line) as JsonObject)["url"])
  throw new Error("the sandbox ended before it was ready")
}

export const startDatabase = async (version: 17 | 19): Promise<Database> => {
  const main = new URL("../sandbox/main.ts", import.meta.url).pathname
  const child = spawn(process.execPath, [main, "--version", String(version), "--port", "0"], {
    stdio: ["ignore", "pipe", "ignore"],
  })
  const url = await urlFrom(child)
  const post = async (path: string, body: Json): Promise<JsonObject> => {
    const answer = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    })
    return (await answer.json()) as JsonObject
  }
  return {
    url,
    door: (operation, body = {}) => post(`/__sandbox__/${operation}`, body),
    rpc: (model, method, args, named = {}) =>
      post("/jsonrpc", {
        jsonrpc: "2.0",
        method: "call",
        id: 1,
        params: {
          service: "object",
          method: "execute_kw",
          args: [`crm${version}`, 2, "admin", model, method, args, named],
        },
      }),
    connector: (settings = {}, secret = version === 19 ? API_KEY : "admin") =>
      Effect.runPromise(
        Effect.scoped(
          connect(
            {
              tenant: "t",
              connection: "c",
              settings: { url, database: `crm${version}`, login: "admin", ...settings },
              credentials: { apiKey: Redacted.make(secret), webhookSecret: Redacted.make("a secret of 20 signs") },
              opaqueId: (id) => id,
            },
            plainHttp,
          ),
        ),
      ),
    stop: async () => {
      const ended = once(child, "exit")
      child.kill("SIGTERM")
      await ended
    },
  }
}

/** Runs to the answer, or throws the error that it failed with. */
export const run = Effect.runPromise

/** The error that an effect fails with. */
export const failure = <A, E>(effect: Effect.Effect<A, E>): Promise<E> => run(Effect.flip(effect) as Effect.Effect<E>)

export const fieldsOf = (...fields: ReadonlyArray<string>): ReadOptions => ({ fields, limit: 100 })

/** All pages of a walk, and the cursor that it ends with. */
export const walk = async (page: (cursor: Cursor) => Effect.Effect<Page, ProviderError>, from: Cursor) => {
  const pages: Array<Page> = []
  let cursor = from
  for (;;) {
    const next = await run(page(cursor))
    pages.push(next)
    cursor = next.next
    if (!next.more)
      return {
        records: pages.flatMap((each) => each.records),
        hints: pages.flatMap((each) => each.hints),
        pages,
        cursor,
      }
  }
}

export const found = (readings: ReadonlyArray<Reading>) =>
  readings.flatMap((each) => (each._tag === "Found" ? [each.record] : []))

let keys = 0
export const row = (given: Partial<WriteRow> & { readonly values: JsonObject }): WriteRow => ({
  key: `key-${++keys}`,
  kind: given.id === undefined ? "create" : "update",
  ownId: `own-${keys}`,
  type: "contact",
  before: {},
  ...given,
})
