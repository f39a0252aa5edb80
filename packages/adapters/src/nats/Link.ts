/** One connection to NATS, and the stream in it. It comes back by itself, and notices when it comes back to less. */
import { BusError } from "@concordat/engine/ports/Bus"
import { type JetStreamManager, jetstreamManager, JetStreamApiError } from "@nats-io/jetstream"
import { connect, credsAuthenticator, type NatsConnection } from "@nats-io/transport-node"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Redacted from "effect/Redacted"
import { readFileSync } from "node:fs"
import { parseAddress } from "./address.ts"
import { pause, pauseMs } from "./backoff.ts"
import { isPermission, passes, toBusError } from "./failures.ts"
import { CLOSE_MS, CONNECT_MS, GIVE_UP_MS, OLDEST_SERVER, PING_MS, REQUEST_MS } from "./limits.ts"
import { pushStream } from "./streams.ts"

export interface NatsOptions {
  /** `nats://` or `tls://`, `[user:password@ | token@]host[:port]`, several separated by commas. */
  readonly address: Redacted.Redacted
  /** A credentials file (JWT and seed), as `nsc` makes them. Read anew at each connection. */
  readonly credentialsFile?: string
  /** Files in PEM. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string }
  /** Copies of the stream in a cluster. Default: 1. */
  readonly replicas?: 1 | 3 | 5
  /** How the process is called in the server's lists. */
  readonly name?: string
}

export interface Link {
  readonly nc: NatsConnection
  readonly jsm: JetStreamManager
  readonly isConnected: () => boolean
  /** The last thing that the server did not allow: it answers no message for it. */
  readonly refused: () => BusError | null
  /** Called after each connection but the first, once the stream is there; returns how to stop. */
  readonly onReturn: (listener: () => void) => () => void
  /**
   * Makes the stream where it is not, and finds out whether it is the one that was known. `doubt`: whoever asks
   * has reason to believe that something is lost. Rejects with what does not pass by itself.
   */
  readonly ensure: (doubt?: boolean) => Promise<void>
  readonly lost: PubSub.PubSub<void>
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

const dial = (options: NatsOptions) =>
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

/** Stream name already in use with a different configuration. */
const OTHER_CONFIG = 10_058

/** What is known of the server and its stream, to compare with what is found later. */
const makeEnsure = (nc: NatsConnection, jsm: JetStreamManager, replicas: number, lost: PubSub.PubSub<void>) => {
  let known: string | null = null
  let running: Promise<void> | null = null
  let doubted = false

  const put = async (): Promise<string> => {
    const config = pushStream(replicas)
    try {
      return (await jsm.streams.add(config)).created
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== OTHER_CONFIG) throw error
      // Another version of this program, or its operator, has set another limit: the last one to come decides.
      const { max_consumers: _, retention, storage: __, ...changeable } = config
      const updated = await jsm.streams.update(config.name, changeable)
      if (updated.config.retention === retention) return updated.created
      const detail = `the stream ${config.name} is there and is no work queue: delete it, nothing in it is needed`
      throw new BusError({ reason: "invalid", detail })
    }
  }

  const look = async (): Promise<void> => {
    const until = performance.now() + GIVE_UP_MS
    for (let tries = 0; ; tries++) {
      try {
        // A server that was started again may have lost what it had not yet written to its disk, though it answered.
        // https://github.com/nats-io/nats-server/issues/7564
        const created = await put()
        const found = `${nc.info?.server_id ?? ""} ${created}`
        const isOther = known !== null && known !== found
        known = found
        if (isOther || doubted) PubSub.publishUnsafe(lost, undefined)
        doubted = false
        return
      } catch (error) {
        if (nc.isClosed() || !passes(error) || performance.now() > until) throw toBusError(error)
        await pause(pauseMs(tries))
      }
    }
  }

  return (doubt = false): Promise<void> => {
    doubted ||= doubt
    running ??= look().finally(() => {
      running = null
    })
    return running
  }
}

export const openLink = Effect.fnUntraced(function* (options: NatsOptions) {
  const nc = yield* Effect.acquireRelease(dial(options), (nc) => Effect.promise(() => hangUp(nc)))
  yield* checkVersion(nc)
  const jsm = yield* Effect.tryPromise({
    try: () => jetstreamManager(nc, { timeout: REQUEST_MS }),
    catch: toBusError,
  })
  const lost = yield* PubSub.sliding<void>(1)
  const ensure = makeEnsure(nc, jsm, options.replicas ?? 1, lost)
  yield* Effect.tryPromise({ try: () => ensure(), catch: toBusError })

  const listeners = new Set<() => void>()
  let isConnected = true
  let refused: BusError | null = null
  const returned = async (): Promise<void> => {
    for (let tries = 0; !nc.isClosed(); tries++) {
      try {
        await ensure()
        for (const listener of listeners) listener()
        return
      } catch {
        // Whoever publishes or consumes is told by their own attempt.
        await pause(pauseMs(tries))
      }
    }
  }
  const follow = async (): Promise<void> => {
    for await (const status of nc.status()) {
      if (status.type === "disconnect") isConnected = false
      else if (status.type === "error") refused = isPermission(status.error) ? toBusError(status.error) : refused
      else if (status.type === "reconnect") {
        isConnected = true
        void returned()
      }
    }
  }
  void follow()

  const link: Link = {
    nc,
    jsm,
    isConnected: () => isConnected && !nc.isClosed(),
    refused: () => refused,
    onReturn: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    ensure,
    lost,
  }
  return link
})
