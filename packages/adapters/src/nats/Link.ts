/** The stream of wake-ups on a connection to NATS: it is made, and noticed when the connection comes back to less. */
import { BusError } from "@concordat/engine/ports/Bus"
import { type JetStreamManager, jetstreamManager, JetStreamApiError } from "@nats-io/jetstream"
import type { NatsConnection } from "@nats-io/transport-node"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import { pause, pauseMs } from "./backoff.ts"
import { type Connection, type ConnectionOptions, openConnection } from "./Connection.ts"
import { passes, toBusError } from "./failures.ts"
import { GIVE_UP_MS, REQUEST_MS } from "./limits.ts"
import { pushStream } from "./streams.ts"

export interface NatsOptions extends ConnectionOptions {
  /** Copies of the stream in a cluster. Default: 1. */
  readonly replicas?: 1 | 3 | 5
}

export interface Link extends Connection {
  readonly jsm: JetStreamManager
  /** Called after each connection but the first, once the stream is there; returns how to stop. */
  readonly onReturn: (listener: () => void) => () => void
  /**
   * Makes the stream where it is not, and finds out whether it is the one that was known. `doubt`: whoever asks
   * has reason to believe that something is lost. Rejects with what does not pass by itself.
   */
  readonly ensure: (doubt?: boolean) => Promise<void>
  readonly lost: PubSub.PubSub<void>
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
  const connection = yield* openConnection(options)
  const { nc } = connection
  const jsm = yield* Effect.tryPromise({
    try: () => jetstreamManager(nc, { timeout: REQUEST_MS }),
    catch: toBusError,
  })
  const lost = yield* PubSub.sliding<void>(1)
  const ensure = makeEnsure(nc, jsm, options.replicas ?? 1, lost)
  yield* Effect.tryPromise({ try: () => ensure(), catch: toBusError })

  const listeners = new Set<() => void>()
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
  connection.onReturn(() => void returned())

  const link: Link = {
    ...connection,
    jsm,
    onReturn: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    ensure,
    lost,
  }
  return link
})
