/** The Odoo connector: the port's capabilities over one database, put together. */
import type { Connector, ConnectionConfig, Provider } from "@concordat/engine/ports/Provider"
import { RequestRefused } from "@concordat/engine/ports/ProviderError"
import type { ProviderHttp } from "@concordat/engine/ports/ProviderHttp"
import { isJsonObject, type Json } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import { makeCatalog, rowsOf } from "./catalog.ts"
import { makeChanges } from "./changes.ts"
import { definition } from "./definition.ts"
import { asProviderError, providerError } from "./errors.ts"
import { makeLookup } from "./lookup.ts"
import { makeMetadata } from "./metadata.ts"
import { prepare } from "./prepare.ts"
import { makeReader, makeReading } from "./reading.ts"
import { makeRpc } from "./rpc.ts"
import { readSettings } from "./settings.ts"
import { parse, verify } from "./webhook.ts"
import { makeWriting } from "./writing.ts"

/** `{"model": "crm.lead", "domain": [["type", "=", "lead"]], "fields": ["name"], "order": "id"}` */
const queryOf = (text: string) => {
  let body: Json
  try {
    body = JSON.parse(text) as Json
  } catch {
    // Said below: a query that is no JSON is refused like one without a model.
    body = null
  }
  return isJsonObject(body) && typeof body["model"] === "string" ? body : undefined
}

/** Nothing is asked of the server before the first call: an unreachable database is no reason not to start. */
export const connect = Effect.fn("odoo.connect")(function* (config: ConnectionConfig, http: ProviderHttp) {
  const settings = yield* Effect.fromResult(readSettings(config))
  const rpc = makeRpc(settings, http)
  const catalog = makeCatalog(rpc)
  const reader = makeReader(rpc, catalog)

  const query: NonNullable<Connector["query"]> = Effect.fn("odoo.query")(
    function* (text, limit) {
      const asked = queryOf(text)
      if (asked === undefined)
        return yield* providerError(
          "query",
          new RequestRefused({ code: "query", detail: "expects JSON with model, domain, fields" }),
        )
      const { model, domain = [], fields = ["display_name"], order = "id asc" } = asked
      const { result } = yield* rpc.call({
        model: String(model),
        method: "search_read",
        args: { domain, fields, order, limit, load: null },
      })
      return rowsOf(result)
    },
    Effect.mapError(asProviderError("query", false)),
  )

  const connector: Connector = {
    metadata: makeMetadata(rpc, catalog),
    ...makeReading(rpc, catalog, reader),
    lookup: makeLookup(rpc, catalog, reader),
    ...makeChanges(rpc, catalog, reader),
    ...makeWriting(rpc, catalog),
    webhook: { verify: verify(config.credentials["webhookSecret"]), parse },
    prepare: prepare(rpc, catalog),
    query,
  }
  return connector
})

/** `mapping` is the default mapping's text, which stands beside this file. */
export const odoo = (mapping: string): Provider => ({ definition, mapping, connect })
