/** The journal on KurrentDB, or on EventStoreDB from 23.10 on. */
import { Journal, JournalError } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { type Clients, makeClients } from "./clients.ts"
import { checkConnectionString } from "./connection-string.ts"
import { toFailure, toReadError } from "./failures.ts"
import { makeJournal } from "./Journal.ts"
import { OLDEST_SERVER, VERSION_TIMEOUT_MS } from "./limits.ts"
import { versionOf } from "./wire.ts"

export interface KurrentDbOptions {
  /**
   * `kurrentdb://user:password@host:2113?tls=true&tlsCAFile=/path`, also with several hosts or `kurrentdb+discover://`;
   * `esdb://` is taken as well. The user reads `$all` and writes streams and their metadata: `$admins`, or rights to that.
   */
  readonly connectionString: Redacted.Redacted<string>
}

const open = Effect.fnUntraced(function* (options: KurrentDbOptions) {
  const given = yield* checkConnectionString(Redacted.value(options.connectionString))
  if (given.ignoresLogin)
    yield* Effect.logWarning(
      `journal at ${given.hosts}: user and password are not sent over a connection with tls=false`,
    )
  const clients = yield* makeClients(given)
  return { clients, journal: yield* makeJournal(clients), hosts: given.hosts }
})

/**
 * Connects when it is first asked for something, and reconnects by itself. Closing the scope cancels what is under way.
 *
 * Fails with `JournalError`: `foreign` where the connection string can't be used.
 */
export const layer = (options: KurrentDbOptions): Layer.Layer<Journal, JournalError> =>
  Layer.effect(
    Journal,
    Effect.map(open(options), ({ journal }) => journal),
  )

const checkVersion = Effect.fnUntraced(function* ({ reader }: Clients, hosts: string) {
  const version = yield* Effect.tryPromise({
    try: () => versionOf(reader.client()),
    catch: (cause) => toReadError(toFailure(cause)),
  }).pipe(
    Effect.timeoutOrElse({
      duration: VERSION_TIMEOUT_MS,
      orElse: () =>
        Effect.fail(
          new JournalError({ reason: "unavailable", detail: `no answer from ${hosts} in ${VERSION_TIMEOUT_MS} ms` }),
        ),
    }),
  )
  const [major = 0, minor = 0] = version.split(".").map(Number)
  const [oldest, oldestMinor] = OLDEST_SERVER
  if (major > oldest || (major === oldest && minor >= oldestMinor)) return
  const detail = `the server at ${hosts} has version ${version}; needed is ${OLDEST_SERVER.join(".")} or later`
  return yield* new JournalError({ reason: "foreign", detail })
})

/**
 * The same once the server has answered: it is of a version that is known, and the user may read it.
 *
 * Fails with `JournalError` besides: `unavailable` (nobody answers there), `unauthorised`, `foreign` (too old).
 */
export const layerAnswering = (options: KurrentDbOptions): Layer.Layer<Journal, JournalError> =>
  Layer.effect(
    Journal,
    Effect.gen(function* () {
      const { clients, hosts, journal } = yield* open(options)
      yield* checkVersion(clients, hosts)
      yield* journal.end
      return journal
    }),
  )
