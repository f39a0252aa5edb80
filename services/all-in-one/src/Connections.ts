/** The connections of this process: each has a worker that is started again when it stops, and a handle while it runs. */
import { makeBudget } from "@concordat/engine/budget/Budget"
import { definitionFor } from "@concordat/engine/connection/connectProvider"
import { type ConnectionHandle, makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import type { Watch } from "@concordat/engine/connection/watch"
import type { Stats } from "@concordat/engine/connection/stats"
import { makeProviderHttp, noCalls } from "@concordat/engine/http/ProviderHttp"
import type { Tenure } from "@concordat/engine/ownership/tenure"
import type { Connector, Definition, Provider } from "@concordat/engine/ports/Provider"
import * as streams from "@concordat/model/streams"
import type { Compilers } from "@concordat/rules/reconcile/context"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Config, ConnectionConfig } from "./config/Config.ts"
import type { Catalogue } from "./providers.ts"
import type { Recording } from "./metrics/recording.ts"
import type { Receiver } from "./webhooks.ts"

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

/** What the workers of a process share. `tenure`: where several processes could own the connection. */
export interface Working {
  readonly compilers: Compilers
  readonly watch: Watch
  readonly key: Redacted.Redacted
  readonly tenure?: Tenure
}

export const placesOf = (config: Config, catalogue: Catalogue): ReadonlyArray<ConnectionPlace> =>
  config.tenants.flatMap(({ connections, name }) =>
    connections.flatMap((connection) => {
      const provider = catalogue.providers[connection.provider]
      return provider === undefined ? [] : [{ tenant: name, connection, provider }]
    }),
  )

const nameOf = (tenant: string, connection: string): string => `${tenant}.${connection}`

/** What a worker counts of its own doing. */
export type Done = Pick<Stats, "facts" | "absorbed" | "stale" | "writes" | "refused" | "retries">
const NOTHING: Done = { facts: 0, absorbed: 0, stale: 0, writes: 0, refused: 0, retries: 0 }
const sum = (a: Done, b: Done): Done => ({
  facts: a.facts + b.facts,
  absorbed: a.absorbed + b.absorbed,
  stale: a.stale + b.stale,
  writes: a.writes + b.writes,
  refused: a.refused + b.refused,
  retries: a.retries + b.retries,
})

export class Connections {
  readonly #running = new Map<string, Connected>()
  readonly #configured = new Map<string, ConnectionPlace>()

  /** By connection, what workers that have ended had done. */
  readonly #past = new Map<string, Done>()
  readonly #recording: Recording

  constructor(places: ReadonlyArray<ConnectionPlace>, recording: Recording) {
    this.#recording = recording
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

  receiver(tenant: string, connection: string): Receiver | "unknown" | "starting" {
    if (this.configured(tenant, connection) === undefined) return "unknown"
    const running = this.running(tenant, connection)
    if (running === undefined) return "starting"
    return { webhook: running.connector.webhook, onAccepted: running.handle.hint([]) }
  }

  /** What the connection's workers have done since the process began, those that had to be started again included. */
  done(tenant: string, connection: string): Effect.Effect<Done> {
    const name = nameOf(tenant, connection)
    const past = this.#past.get(name) ?? NOTHING
    const running = this.#running.get(name)
    return running === undefined ? Effect.succeed(past) : Effect.map(running.handle.stats, (now) => sum(past, now))
  }

  get places(): ReadonlyArray<ConnectionPlace> {
    return [...this.#configured.values()]
  }

  /** Walks over everything of a connection once more; false where it is not running here. */
  readonly readAgain = (tenant: string, connection: string): Effect.Effect<boolean> => {
    const running = this.running(tenant, connection)
    return running === undefined ? Effect.succeed(false) : Effect.as(running.handle.readAgain, true)
  }

  /** Connects and works until something can't go on; to be supervised. */
  work({ connection, provider, tenant }: ConnectionPlace, { compilers, watch, key, tenure }: Working) {
    const definition = definitionFor(provider, connection.settings)
    const name = nameOf(tenant, connection.name)
    return Effect.gen({ self: this }, function* () {
      const budget = yield* makeBudget(definition.limits)
      const stats = noCalls()
      const { allowPrivateAddresses, credentials, pollEveryMs, rereadEveryMs, settings } = connection
      const labels = { tenant, connection: connection.name }
      const isOurs = tenure === undefined ? {} : { isOurs: tenure.isHeld }
      const onCall = (status: number | null, ms: number) => this.#recording.call(labels, status, ms)
      const http = yield* makeProviderHttp({ definition, budget, allowPrivateAddresses, stats, onCall, ...isOurs })
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
        watch,
        pollEveryMs,
        ...(tenure === undefined ? {} : { lease: tenure.lease }),
        ...(rereadEveryMs === undefined ? {} : { rereadEveryMs }),
      })
      yield* Effect.acquireRelease(
        Effect.sync(() => this.#running.set(name, { definition, connector, handle })),
        () =>
          Effect.map(handle.stats, (stats) => {
            this.#past.set(name, sum(this.#past.get(name) ?? NOTHING, stats))
            this.#running.delete(name)
          }),
      )
      return yield* handle.run
    }).pipe(Effect.scoped, Effect.annotateLogs({ tenant, connection: connection.name }))
  }
}
