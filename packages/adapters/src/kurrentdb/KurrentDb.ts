/** The journal on KurrentDB, or on EventStoreDB from 23.10 on. */
import { Journal } from "@concordat/engine/ports/Journal"
import type { JournalError } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { makeClients } from "./clients.ts"
import { checkConnectionString } from "./connection-string.ts"
import { makeJournal } from "./Journal.ts"

export interface KurrentDbOptions {
  /**
   * `kurrentdb://user:password@host:2113?tls=true&tlsCAFile=/path`, also with several hosts or `kurrentdb+discover://`;
   * `esdb://` is taken as well. The user reads `$all` and writes streams and their metadata: `$admins`, or rights to that.
   */
  readonly connectionString: Redacted.Redacted<string>
}

/**
 * Connects when it is first asked for something, and reconnects by itself. Closing the scope cancels what is under way.
 *
 * Fails with `JournalError`: `foreign` where the connection string can't be used.
 */
export const layer = (options: KurrentDbOptions): Layer.Layer<Journal, JournalError> =>
  Layer.effect(
    Journal,
    Effect.gen(function* () {
      const given = yield* checkConnectionString(Redacted.value(options.connectionString))
      if (given.ignoresLogin)
        yield* Effect.logWarning(
          `journal at ${given.hosts}: user and password are not sent over a connection with tls=false`,
        )
      return yield* makeJournal(yield* makeClients(given))
    }),
  )
