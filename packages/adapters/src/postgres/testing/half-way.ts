/** A unit that is held in its middle, so that a test can do something to it there. */
import type { StateError, StateWriter } from "@concordat/engine/ports/State"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { connect } from "../Database.ts"
import { execute } from "./server.ts"

type Write = Context.Service.Shape<typeof StateWriter>["write"]

/** Waits, on the real clock, until the statement at the database has a row. */
export const until = (database: string, statement: string): Effect.Effect<void, StateError> =>
  TestClock.withLive(
    Effect.asVoid(
      Effect.repeat(Effect.andThen(Effect.sleep("20 millis"), execute(database, statement)), {
        while: (rows) => rows.length === 0,
      }),
    ),
  )

/** Connections that are doing, or last did, something like `words`. */
export const activity = (words: string, condition: string): string =>
  `select 1 from pg_stat_activity where query ilike '%${words}%' and pid <> pg_backend_pid() and ${condition}`

/**
 * Begins to write a unit whose checkpoint is already there: its documents are written, and its checkpoint waits for a
 * connection that holds the row until `close`.
 */
export const halfWay = Effect.fnUntraced(function* (database: string, write: Write, unit: Parameters<Write>[0]) {
  const scope = yield* Scope.make()
  const holder = yield* Scope.provide(connect({ url: Redacted.make(database), connections: 1 }), scope)
  const row = holder.sql.unsafe("select 1 from concordat.checkpoint where name = $1 for update", [
    unit.checkpoint?.name ?? "",
  ])
  const hold = holder.sql.withTransaction(Effect.andThen(row, Effect.never))
  yield* Effect.forkIn(Effect.exit(holder.once(hold)), scope)
  yield* until(database, activity("concordat.checkpoint", "state = 'idle in transaction'"))
  const writing = yield* Effect.forkDetach(write(unit), { startImmediately: true })
  yield* until(database, activity("insert into concordat.checkpoint", "wait_event_type = 'Lock'"))
  return { writing, close: Scope.close(scope, Exit.void) }
})
