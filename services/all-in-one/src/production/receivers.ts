/** Connections as far as webhooks are concerned: their secrets are known, and nobody is called. */
import { definitionFor } from "@concordat/engine/connection/connectProvider"
import { makeBudget } from "@concordat/engine/budget/Budget"
import { makeProviderHttp } from "@concordat/engine/http/ProviderHttp"
import { Bus, DELIVERY_WAKE, pushSubject } from "@concordat/engine/ports/Bus"
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { randomUUID } from "node:crypto"
import type { ConnectionPlace } from "../Connections.ts"
import type { Receiver } from "../webhooks.ts"
import { connectionName } from "./owners.ts"

/** By `tenant.connection`. */
export const makeReceivers = Effect.fnUntraced(function* (
  places: ReadonlyArray<ConnectionPlace>,
  key: Redacted.Redacted,
) {
  const bus = yield* Bus
  const receivers = new Map<string, Receiver>()
  for (const { connection, provider, tenant } of places) {
    const { allowPrivateAddresses, credentials, name, settings } = connection
    const definition = definitionFor(provider, settings)
    const budget = yield* makeBudget(definition.limits)
    const http = yield* makeProviderHttp({ definition, budget, allowPrivateAddresses, isOurs: Effect.succeed(false) })
    const opaqueId = (externalId: string) => streams.opaqueId(externalId, Redacted.value(key))
    const connector = yield* provider.connect({ tenant, connection: name, settings, credentials, opaqueId }, http)
    // The owner looks at its deliveries every two seconds anyway: a wake-up that is lost costs no more than that.
    const subject = pushSubject(streams.partitionOf(tenant), tenant, name)
    const wake = Effect.suspend(() =>
      bus.publish([{ subject, id: `${tenant}|${name}|delivery|${randomUUID()}`, body: DELIVERY_WAKE }]),
    )
    const onAccepted = Effect.catchTag(wake, "BusError", (error) =>
      Effect.logDebug("the connection's owner is not woken", error.message),
    )
    receivers.set(connectionName(tenant, name), { webhook: connector.webhook, onAccepted })
  }
  return receivers
})
