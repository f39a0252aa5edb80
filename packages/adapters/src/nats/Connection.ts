/** One connection to NATS, that comes back by itself. */
import { BusError } from "@concordat/engine/ports/Bus"
import { connect, credsAuthenticator, type NatsConnection } from "@nats-io/transport-node"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import { readFileSync } from "node:fs"
import { parseAddress } from "./address.ts"
import { pause, pauseMs } from "./backoff.ts"
import { isPermission, toBusError } from "./failures.ts"
import { CLOSE_MS, CONNECT_MS, OLDEST_SERVER, PING_MS } from "./limits.ts"

export interface ConnectionOptions {
  /** `nats://` or `tls://`, `[user:password@ | token@]host[:port]`, several separated by commas. */
  readonly address: Redacted.Redacted
  /** A credentials file (JWT and seed), as `nsc` makes them. Read anew at each connection. */
  readonly credentialsFile?: string
  /** Files in PEM. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string }
  /** How the process is called in the server's lists. */
  readonly name?: string
}

export interface Connection {
  readonly nc: NatsConnection
  readonly isConnected: () => boolean
  /** The last thing that the server did not allow: it answers no message for it. */
  readonly refused: () => BusError | null
  /** Called after each connection but the first; returns how to stop. */
  readonly onReturn: (listener: () => void) => () => void
}

/** Read at each connection, as they are renewed; the first time here, where it can be said what is wrong with them. */
const credentials = (path: string) =>
  Effect.as(
    Effect.try({
      try: () => readFileSync(path),
      catch: () =>
        new BusError({ reason: "unauthorised", detail: `the credentials file ${path} of NATS can't be read` }),
    }),
    { authenticator: credsAuthenticator(() => readFileSync(path)) },
  )

const dial = (options: ConnectionOptions) =>
  Effect.gen(function* () {
    const { tls, ...address } = yield* Effect.fromResult(parseAddress(options.address))
    const shown = options.credentialsFile === undefined ? {} : yield* credentials(options.credentialsFile)
    const secured = options.tls === undefined ? tls : { ...tls, ...options.tls }
    return yield* Effect.tryPromise({
      try: () =>
        connect({
          ...address,
          ...(secured === undefined ? {} : { tls: secured }),
          ...shown,
          name: options.name ?? "concordat",
          timeout: CONNECT_MS,
          pingInterval: PING_MS,
          maxReconnectAttempts: -1,
          // Credentials that are refused for a while, while they are changed on the server, end nothing.
          ignoreAuthErrorAbort: true,
          reconnectDelayHandler: () => pauseMs(3),
        }),
      catch: toBusError,
    })
  })

const checkVersion = (nc: NatsConnection) => {
  const version = nc.info?.version ?? "0.0.0"
  const parts = version.split(/[.-]/).slice(0, 3).map(Number)
  const at = parts.findIndex((part, index) => part !== OLDEST_SERVER[index])
  return at === -1 || parts[at]! > OLDEST_SERVER[at]!
    ? Effect.void
    : new BusError({
        reason: "invalid",
        detail: `NATS ${version} is too old; needed is ${OLDEST_SERVER.join(".")}`,
      })
}

/** The last answers get through where that is possible; those that do not mean another delivery. */
const hangUp = async (nc: NatsConnection): Promise<void> => {
  if (!nc.isClosed()) await Promise.race([nc.flush().catch(() => undefined), pause(CLOSE_MS)])
  await nc.close()
}

/**
 * For as long as the scope.
 *
 * Fails with `BusError`: `invalid` (the address, a server before 2.9), `unauthorised`, `unavailable` (nobody answers there).
 */
export const openConnection = Effect.fnUntraced(function* (options: ConnectionOptions) {
  const nc = yield* Effect.acquireRelease(dial(options), (nc) => Effect.promise(() => hangUp(nc)))
  yield* checkVersion(nc)
  const listeners = new Set<() => void>()
  let isConnected = true
  let refused: BusError | null = null
  const follow = async (): Promise<void> => {
    for await (const status of nc.status()) {
      if (status.type === "disconnect") isConnected = false
      else if (status.type === "error") refused = isPermission(status.error) ? toBusError(status.error) : refused
      else if (status.type === "reconnect") {
        isConnected = true
        for (const listener of listeners) listener()
      }
    }
  }
  void follow()
  const connection: Connection = {
    nc,
    isConnected: () => isConnected && !nc.isClosed(),
    refused: () => refused,
    onReturn: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return connection
})
