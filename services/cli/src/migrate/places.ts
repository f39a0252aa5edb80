/** Where a journal is: in a file of the embedded layout, or on the server that the environment names. */
import { layer as kurrentdb } from "@concordat/adapters/kurrentdb/KurrentDb"
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { COPY_BYTES } from "@concordat/engine/limits"
import type { Together } from "@concordat/engine/migration/batches"
import type { JournalShape } from "@concordat/engine/migration/history"
import { Journal } from "@concordat/engine/ports/Journal"
import { State, type StateError } from "@concordat/engine/ports/State"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { existsSync } from "node:fs"
import { CommandFailed } from "../failure.ts"

/** The word for the server; anything else is a file. */
export const SERVER = "kurrentdb"

export interface Place {
  readonly name: string
  readonly isServer: boolean
  readonly journal: JournalShape
  readonly together: Together
  /** What follows from another journal than it will hold then. */
  readonly dropState: Effect.Effect<void, StateError>
  /** The state beside it; null: it is a store of its own. */
  readonly state: Context.Service.Shape<typeof State> | null
}

const openServer = Effect.gen(function* () {
  const connectionString = yield* Config.Redacted("KURRENTDB_URL").pipe(
    Effect.mapError(
      () =>
        new CommandFailed({
          detail:
            "KURRENTDB_URL is not set: the connection string, such as kurrentdb://user:password@host:2113?tls=true",
        }),
    ),
  )
  const context = yield* Layer.build(kurrentdb({ connectionString }))
  const place: Place = {
    name: SERVER,
    isServer: true,
    journal: Context.get(context, Journal),
    // Older servers append to one stream at a time, and what they take from several has no order among those.
    together: { streams: false, bytes: COPY_BYTES },
    dropState: Effect.void,
    state: null,
  }
  return place
})

const openFile = Effect.fnUntraced(function* (path: string, isSource: boolean) {
  if (isSource && !existsSync(path)) return yield* new CommandFailed({ detail: `there is no file ${path}` })
  const context = yield* Layer.build(sqlite({ path }))
  const place: Place = {
    name: path,
    isServer: false,
    journal: Context.get(context, Journal),
    together: { streams: true, bytes: COPY_BYTES },
    dropState: Context.get(context, State).clear,
    state: Context.get(context, State),
  }
  return place
})

/** For as long as the scope. A file that a process works on is locked: then it fails with who to ask. */
export const openPlace = (place: string, isSource: boolean) =>
  place === SERVER ? openServer : openFile(place, isSource)
