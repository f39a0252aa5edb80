/** One connection from its provider and its configuration: budget, HTTP, connector and worker, closed with the scope. */
import type { Compilers } from "@concordat/rules/reconcile/context"
import * as Effect from "effect/Effect"
import { makeBudget } from "../budget/Budget.ts"
import { allowsPrivateAddresses, makeProviderHttp, noCalls } from "../http/ProviderHttp.ts"
import type { Connector, ConnectionConfig, Provider } from "../ports/Provider.ts"
import { type ConnectionHandle, makeConnection } from "./ConnectionWorker.ts"

export interface ProviderConnection {
  readonly handle: ConnectionHandle
  readonly connector: Connector
}

/** The provider with the limits of the account at hand. */
export const definitionFor = (
  { definition, limitsOf }: Provider,
  settings: ConnectionConfig["settings"],
): Provider["definition"] => (limitsOf === undefined ? definition : { ...definition, limits: limitsOf(settings) })

/** Fails with the provider's own error where it can't even be connected to, and with `WorkerError` for the stores. */
export const connectProvider = Effect.fn("connectProvider")(function* (options: {
  readonly provider: Provider
  readonly config: ConnectionConfig
  readonly compilers: Compilers
  readonly pollEveryMs?: number
  readonly censusEveryMs?: number
  readonly rereadEveryMs?: number | null
}) {
  const { compilers, config, provider, ...pace } = options
  const definition = definitionFor(provider, config.settings)
  const { connection, tenant } = config
  const stats = noCalls()
  const budget = yield* makeBudget(definition.limits)
  const allowPrivateAddresses = allowsPrivateAddresses(config.settings)
  const http = yield* makeProviderHttp({ definition, budget, allowPrivateAddresses, stats })
  const connector = yield* provider.connect(config, http)
  const handle = yield* makeConnection({
    tenant,
    connection,
    definition,
    connector,
    compilers,
    budget,
    http: stats,
    ...pace,
  })
  const connected: ProviderConnection = { handle, connector }
  return connected
})
