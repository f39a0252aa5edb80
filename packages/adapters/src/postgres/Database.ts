/** A bounded pool of connections to one database whose schema is ours, behind Effect's `SqlClient`. */
import { StateError } from "@concordat/engine/ports/State"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { SqlClient } from "effect/sql/SqlClient"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { parseAddress } from "./address.ts"
import { again } from "./backoff.ts"
import { passes, toStateError } from "./failures.ts"
import * as limits from "./limits.ts"
import { migrate } from "./migrate.ts"

export interface PostgresOptions {
  /** See `parseAddress`. */
  readonly url: Redacted.Redacted
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string
  /** At most `POOL_CONNECTIONS`, which is also what it is by itself. */
  readonly connections?: number
}

/**
 * All that is asked for is found by its primary key. The server does not know: a plan that it makes while a table is small
 * reads all of it, and is kept until the table is analysed, a minute and some 100,000 documents later. With 50,000 documents a
 * look at one of them took 33 ms so. What can't be done otherwise counts as so dear then that its statement would be compiled for
 * longer than it runs (200 ms of each look at who owns shares): never for ours.
 */
const BY_KEY_ALONE = { enable_seqscan: "off", enable_hashjoin: "off", enable_mergejoin: "off", jit: "off" }

type Attempt<A> = Effect.Effect<A, SqlError | StateError>

export interface Connected {
  readonly sql: SqlClient
  /**
   * Runs what may be repeated as a whole: it is, with waits, while the server is away. A commit whose answer was lost is
   * repeated too. Fails with `unavailable` after `GIVE_UP_MS`.
   */
  readonly run: <A>(effect: Attempt<A>) => Effect.Effect<A, StateError>
  /** Runs what must not be repeated. `unavailable` leaves open whether it was done. */
  readonly once: <A>(effect: Attempt<A>) => Effect.Effect<A, StateError>
}

export class Database extends Context.Service<Database, Connected>()("@concordat/adapters/postgres/Database") {}

/** Where the connection breaks, the rollback fails too, and `withTransaction` makes a defect of that. */
const typed = <A>(effect: Attempt<A>): Attempt<A> =>
  Effect.catchDefect(effect, (defect) => (isSqlError(defect) ? Effect.fail(defect) : Effect.die(defect)))

const checkedConnections = (wanted: number): Effect.Effect<number, StateError> =>
  Number.isInteger(wanted) && wanted >= 1 && wanted <= limits.POOL_CONNECTIONS
    ? Effect.succeed(wanted)
    : Effect.fail(
        new StateError({
          reason: "invalid",
          detail: `connections is ${wanted}; it is a whole number from 1 to ${limits.POOL_CONNECTIONS}`,
        }),
      )

/** Connects once, to know that it can be done; from then on a server that goes away is waited for. Migrates nothing. */
export const connect = Effect.fnUntraced(function* (
  options: PostgresOptions,
): Effect.fn.Return<Connected & { readonly place: string }, StateError, Scope.Scope> {
  const address = yield* Effect.fromResult(parseAddress(options.url))
  const place = `${address.host}:${address.port}/${address.database}`
  const maxConnections = yield* checkedConnections(options.connections ?? limits.POOL_CONNECTIONS)
  const sql: SqlClient = yield* PgClient.make({
    ...address,
    maxConnections,
    applicationName: options.applicationName ?? "concordat",
    connectTimeout: limits.CONNECT_MS,
    idleTimeout: limits.POOL_IDLE_MS,
    keepAlive: limits.KEEP_ALIVE_MS,
    maxMessageSize: limits.ANSWER_BYTES,
    startupParameters: {
      // What the server or the database has set as default must not change what a transaction means.
      default_transaction_isolation: "read committed",
      statement_timeout: String(limits.STATEMENT_MS),
      lock_timeout: String(limits.LOCK_MS),
      idle_in_transaction_session_timeout: String(limits.IDLE_IN_TRANSACTION_MS),
      ...BY_KEY_ALONE,
    },
  }).pipe(
    Effect.provide(Reactivity.layer),
    Effect.mapError((error) => toStateError(error, place)),
  )

  let closed = false
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      closed = true
    }),
  )
  // After closing the pool would interrupt whoever asks, which looks as if the caller had been stopped.
  const whileOpen = <A>(effect: Attempt<A>): Attempt<A> =>
    Effect.suspend(() =>
      closed
        ? Effect.fail(
            new StateError({ reason: "closed", detail: `the connection to PostgreSQL at ${place} is closed` }),
          )
        : typed(effect),
    )
  const once = <A>(effect: Attempt<A>) => Effect.mapError(whileOpen(effect), (error) => toStateError(error, place))
  const run = <A>(effect: Attempt<A>) =>
    Effect.mapError(again(whileOpen(effect), passes), (error) => toStateError(error, place))
  yield* once(sql.unsafe("select 1"))
  return { sql, run, once, place }
})

/**
 * The database with its schema brought to this version's format.
 *
 * Fails with `StateError`: `invalid` (the address, no such database, not UTF-8), `unauthorised`, `unavailable` (nobody
 * answers there), `newer`, `foreign`.
 */
export const layer = (options: PostgresOptions): Layer.Layer<Database, StateError> =>
  Layer.effect(
    Database,
    Effect.gen(function* () {
      const { sql, run, once, place } = yield* connect(options)
      yield* run(migrate(sql, place))
      return { sql, run, once }
    }),
  )
