/** The connections of this process: each has a worker that is started again when it stops, and a handle while it runs. */
import { makeBudget } from "@concordat/engine/budget/Budget"
import { type ConnectionHandle, makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeProviderHttp, noCalls } from "@concordat/engine/http/ProviderHttp"
import type { Connector, Definition, Provider } from "@concordat/engine/ports/Provider"
import * as streams from "@concordat/model/streams"
import type { Compilers } from "@concordat/rules/reconcile/context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { ConnectionConfig } from "./config/Config.ts"

export interface Connected {
  readonly definition: Definition
  readonly connector: Connector
  readonly handle: ConnectionHandle
}

export interface ConnectionPlace {
  readonly tenant: string
  readonly connection: ConnectionConfig
  readonly provider: Provider
}

const nameOf = (tenant: string, connection: string): string => `${tenant}.${connection}`

export class Connections {
  readonly #running = new Map<string, Connected>()
  readonly #configured = new Map<string, ConnectionPlace>()

  constructor(places: ReadonlyArray<ConnectionPlace>) {
    for (const place of places) this.#configured.set(nameOf(place.tenant, place.connection.name), place)
  }

  /** undefined: not in the configuration. */
  configured(tenant: string, connection: string): ConnectionPlace | undefined {
    return this.#configured.get(nameOf(tenant, connection))
  }

  /** undefined: not in the configuration, or being started again. */
  running(tenant: string, connection: string): Connected | undefined {
    return this.#running.get(nameOf(tenant, connection))
  }

  get places(): ReadonlyArray<ConnectionPlace> {
    return [...this.#configured.values()]
  }

  /** Connects and works until something can't go on; to be supervised. */
  work({ connection, provider, tenant }: ConnectionPlace, compilers: Compilers, key: Redacted.Redacted) {
    const { definition } = provider
    const name = nameOf(tenant, connection.name)
    return Effect.gen({ self: this }, function* () {
      const budget = yield* makeBudget(definition.limits)
      const stats = noCalls()
      const { allowPrivateAddresses, credentials, pollEveryMs, rereadEveryMs, settings } = connection
      const http = yield* makeProviderHttp({ definition, budget, allowPrivateAddresses, stats })
      const connector = yield* provider.connect(
        {
          tenant,
          connection: connection.name,
          settings,
          credentials,
          opaqueId: (externalId) => streams.opaqueId(externalId, Redacted.value(key)),
        },
        http,
      )
      const handle = yield* makeConnection({
        tenant,
        connection: connection.name,
        // A poll is a second look too: a later one would find nothing new.
        definition: { ...definition, secondLookMs: Math.min(definition.secondLookMs, pollEveryMs) },
        connector,
        compilers,
        budget,
        http: stats,
        pollEveryMs,
        ...(rereadEveryMs === undefined ? {} : { rereadEveryMs }),
      })
      yield* Effect.acquireRelease(
        Effect.sync(() => this.#running.set(name, { definition, connector, handle })),
        () => Effect.sync(() => this.#running.delete(name)),
      )
      return yield* handle.run
    }).pipe(Effect.scoped, Effect.annotateLogs({ tenant, connection: connection.name }))
  }
}
