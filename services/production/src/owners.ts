/** The name of an owner says where it is reached, so that what concerns its connections can be handed on to it. */
import type { Owned } from "@concordat/api/operator/views"
import { ShareDigits, shareOf, sharesOf } from "@concordat/engine/ownership/shares"
import { leaseName, Leases } from "@concordat/engine/ports/Leases"
import * as Effect from "effect/Effect"
import { randomBytes } from "node:crypto"

export const CONNECTORS = "connector"
export const RECONCILERS = "reconciler"
export const ANNOUNCERS = "announcer"

/** `http://host:port|life`: another life of the same process is another owner. */
export const makeOwner = (address: string): string => `${address}|${randomBytes(6).toString("hex")}`
const addressIn = (owner: string): string => owner.slice(0, owner.indexOf("|"))

export const connectionName = (tenant: string, connection: string): string => `${tenant}.${connection}`

/** Where the process is that works on a connection; null: nobody does at this moment. Fails with `StateError`. */
export const ownerOf = Effect.fn("ownerOf")(function* (tenant: string, connection: string) {
  const name = leaseName(CONNECTORS, connectionName(tenant, connection))
  const all = yield* (yield* Leases).list
  const lease = all.find((one) => one.name === name && one.leftMs > 0)
  return lease === undefined ? null : addressIn(lease.owner)
})

/** Who decides a tenant, and who works on its connections. */
export const ownersOf = Effect.fn("ownersOf")(function* (tenant: string) {
  const share = leaseName(RECONCILERS, shareOf(yield* ShareDigits, tenant))
  const connections = leaseName(CONNECTORS, `${tenant}.`)
  const all = yield* (yield* Leases).list
  return all.flatMap(({ epoch, leftMs, name, owner }): ReadonlyArray<Owned> => {
    const what =
      name === share
        ? `deciding ${name.slice(RECONCILERS.length + 1)}`
        : name.startsWith(connections)
          ? name.slice(connections.length)
          : null
    return what === null ? [] : [{ what, owner: leftMs > 0 ? addressIn(owner) : null, epoch }]
  })
})

/**
 * How much longer each connection, share and the announcing has its owner; 0: nobody does, and of what nobody ever owned too.
 * Not of what the configuration no longer names: its lease's row outlives it, and would be without an owner for ever.
 */
export const termsOf = Effect.fn("termsOf")(function* (connections: ReadonlyArray<string>) {
  const left = new Map((yield* (yield* Leases).list).map(({ leftMs, name }) => [name, leftMs]))
  return [
    leaseName(ANNOUNCERS, "all"),
    ...connections.map((name) => leaseName(CONNECTORS, name)),
    ...sharesOf(yield* ShareDigits).map((share) => leaseName(RECONCILERS, share)),
  ].map((name) => ({ name, leftMs: left.get(name) ?? 0 }))
})
