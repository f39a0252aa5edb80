/** Connections as far as webhooks are concerned: their secrets are known, and nobody is called. */
import { definitionFor } from "@concordat/engine/connection/connectProvider"
import { makeBudget } from "@concordat/engine/budget/Budget"
import { makeWaking } from "@concordat/engine/flows/waking"
import { makeProviderHttp } from "@concordat/engine/http/ProviderHttp"
import { Bus, DELIVERY_WAKE, pushSubject } from "@concordat/engine/ports/Bus"
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import { randomUUID } from "node:crypto"
import type { ConnectionPlace } from "@concordat/all-in-one/Connections"
import type { Receiver } from "@concordat/all-in-one/webhooks"
import { connectionName } from "./owners.ts"

/** By `tenant.connection`, for as long as the scope. */
export const makeReceivers = Effect.fnUntraced(function* (
  places: ReadonlyArray<ConnectionPlace>,
  key: Redacted.Redacted,
) {
  const wake = makeWaking(yield* Bus)
  const receivers = new Map<string, Receiver>()
  for (const { connection, provider, tenant } of places) {
    const { allowPrivateAddresses, credentials, name, settings } = connection
    const definition = definitionFor(provider, settings)
    const budget = yield* makeBudget(definition.limits)
    const http = yield* makeProviderHttp({ definition, budget, allowPrivateAddresses, isOurs: Effect.succeed(false) })
    const opaqueId = (externalId: string) => streams.opaqueId(externalId, Redacted.value(key))
    const connector = yield* provider.connect({ tenant, connection: name, settings, credentials, opaqueId }, http)
    const subject = pushSubject(streams.partitionOf(tenant), tenant, name)
    const accepted = yield* Queue.sliding<void>(1)
    // Whoever sent the webhook does not wait for it: the owner looks at its deliveries every two seconds anyway.
    const waking = Effect.andThen(
      Queue.take(accepted),
      Effect.suspend(() => wake([{ subject, id: `${tenant}|${name}|delivery|${randomUUID()}`, body: DELIVERY_WAKE }])),
    )
    yield* Effect.forkScoped(Effect.forever(waking))
    const onAccepted = Effect.asVoid(Queue.offer(accepted, undefined))
    receivers.set(connectionName(tenant, name), { webhook: connector.webhook, onAccepted })
  }
  return receivers
})
