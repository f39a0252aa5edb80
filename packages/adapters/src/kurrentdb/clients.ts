/**
 * The connections: one for appends, one for reads, and one for each 64 subscriptions, so that none of them waits for a
 * place among the 100 calls that the server takes on a connection.
 */
import { JournalError } from "@concordat/engine/ports/Journal"
import { KurrentDBClient } from "@kurrent/kurrentdb-client"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { ConnectionString } from "./connection-string.ts"
import { CONNECTIONS, SUBSCRIPTIONS_PER_CLIENT } from "./limits.ts"
import { channelOf } from "./wire.ts"

/** A client that is replaced when what was asked of it stays without an answer: its connection may be dead. */
export interface Renewable {
  readonly client: () => KurrentDBClient
  /** Drops the client, if it is still this one; what waits on it fails, and its outcome is unknown. */
  readonly renew: (stale: KurrentDBClient) => Effect.Effect<void>
}

/**
 * Cancels what is under way. `dispose` does that at once and then waits for the calls to end, which one that the server
 * ended by itself never does: so it is not waited for.
 */
const closeClient = (client: KurrentDBClient): Effect.Effect<void> =>
  Effect.promise(async () => {
    client.dispose().catch(() => undefined)
    try {
      const channel = await channelOf(client)
      channel.close()
    } catch {
      // It never found a node: there is nothing to close.
    }
  })

/**
 * gRPC shares one connection among all clients of a process whose target and options are the same, and keeps it for a
 * while after they are gone, also when it is dead. Options that differ by a millisecond make it a connection of its own.
 */
let opened = 0
const openClient = ({ text, keepAliveTimeout }: ConnectionString): KurrentDBClient => {
  opened = (opened + 1) % CONNECTIONS
  const separator = text.includes("?") ? "&" : "?"
  return KurrentDBClient.connectionString(`${text}${separator}keepAliveTimeout=${keepAliveTimeout + opened}`)
}

const makeRenewable = Effect.fnUntraced(function* (
  given: ConnectionString,
): Effect.fn.Return<Renewable, JournalError, Scope.Scope> {
  const open = () => openClient(given)
  let current = yield* Effect.try({
    try: open,
    // The client's own message quotes the connection string.
    catch: () =>
      new JournalError({ reason: "foreign", detail: "connection string of the journal: the client can't use it" }),
  })
  yield* Effect.addFinalizer(() => Effect.suspend(() => closeClient(current)))
  return {
    client: () => current,
    renew: (stale) =>
      Effect.suspend(() => {
        if (stale !== current) return Effect.void
        current = open()
        return closeClient(stale)
      }),
  }
})

export interface Clients {
  readonly writer: Renewable
  readonly reader: Renewable
  /** A connection with a free place, given back with the scope. */
  readonly subscriber: Effect.Effect<Renewable, JournalError, Scope.Scope>
}

export const makeClients = Effect.fnUntraced(function* (
  given: ConnectionString,
): Effect.fn.Return<Clients, JournalError, Scope.Scope> {
  const scope = yield* Effect.scope
  const writer = yield* makeRenewable(given)
  const reader = yield* makeRenewable(given)
  const subscribers: Array<{ readonly renewable: Renewable; open: number }> = []
  const take = Effect.gen(function* () {
    let place = subscribers.find(({ open }) => open < SUBSCRIPTIONS_PER_CLIENT)
    if (place === undefined) {
      place = { renewable: yield* Effect.provideService(makeRenewable(given), Scope.Scope, scope), open: 0 }
      subscribers.push(place)
    }
    place.open += 1
    return place
  })
  const subscriber = Effect.map(
    Effect.acquireRelease(take, (place) =>
      Effect.sync(() => {
        place.open -= 1
      }),
    ),
    ({ renewable }) => renewable,
  )
  return { writer, reader, subscriber }
})
