/** A connection to one HubSpot portal, through the access token of a private app. */
import type { ConnectionConfig, Connector } from "@concordat/engine/ports/Provider"
import { AuthLost, type ProviderError } from "@concordat/engine/ports/ProviderError"
import type { ProviderHttp } from "@concordat/engine/ports/ProviderHttp"
import * as Effect from "effect/Effect"
import { changes, changesFrom } from "./changes.ts"
import { makeClient } from "./client.ts"
import { providerError } from "./errors.ts"
import { lookup } from "./lookup.ts"
import { metadata } from "./metadata.ts"
import { overwritten, shown } from "./overwritten.ts"
import type { Lists } from "./properties.ts"
import { backfill, census, read } from "./reading.ts"
import { prepare } from "./setup.ts"
import { parse, verify } from "./webhook.ts"
import { write } from "./writing.ts"

export const connect = (config: ConnectionConfig, http: ProviderHttp): Effect.Effect<Connector, ProviderError> =>
  Effect.gen(function* () {
    if (config.credentials["token"] === undefined) {
      return yield* providerError("connect", new AuthLost({ detail: "no access token is stored for this connection" }))
    }
    const client = makeClient(config, http)
    const lists: Lists = new Map()
    const secret = config.credentials["clientSecret"]
    const connector: Connector = {
      metadata: metadata(client, lists),
      backfill: (object, cursor, options) => backfill(client, object, cursor, options),
      changesFrom: (object) => changesFrom(client, object),
      changes: (object, cursor, options) => changes(client, object, cursor, options),
      read: (object, ids, options) => read(client, object, ids, options),
      census: (object, cursor) => census(client, object, cursor),
      write: (object, rows) => write(client, lists, object, rows),
      overwritten: (object, writes) => overwritten(client, object, writes),
      shown: (object, writes) => shown(client, object, writes),
      lookup: (object, keys, options) => lookup(client, object, keys, options),
      prepare: prepare(client, lists),
      ...(secret === undefined
        ? {}
        : { webhook: { verify: (request, nowMs) => verify(secret, request, nowMs), parse } }),
    }
    return connector
  })
