/**
 * A system that fetches what is written to it says up to where it has it. Where that place is not of this journal, the
 * journal was restored from a backup: the system holds records and values that nobody here knows. It sends all that it has,
 * and nothing is written to it until that is in. After a start writes wait a while for its first word, since it may be that.
 */
import * as streams from "@concordat/model/streams"
import type { ConnectionDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { FOLLOWER_WAIT_MS } from "../limits.ts"
import { appendTo } from "../operations/append.ts"
import { Journal, type RecordedEvent } from "../ports/Journal.ts"
import { type Gate, PAUSES } from "./faults.ts"
import type { Parts } from "./parts.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

const PAGE = 64

export interface Following {
  /** The system has asked for what was written to it. `isKnown`: the place that it named is one of this journal. */
  readonly followed: (isKnown: boolean) => Effect.Effect<void, WorkerError>
  /** Everything that it has is in. */
  readonly sentAll: Effect.Effect<void, WorkerError>
  /** Whether a write may go to it now, as far as that is concerned. */
  readonly mayWrite: (doc: ConnectionDoc) => Effect.Effect<boolean>
}

export const makeFollowing = Effect.fnUntraced(function* (parts: Parts, gate: Gate) {
  const { connection, definition, journal, tenant } = parts
  const store = asWorkerError(connection)
  const stream = streams.connection(tenant, connection)
  const startedAt = yield* parts.tick
  let wasMet = definition.follows !== true

  /** Asked of the journal: the state may not have come as far yet. */
  const isAwaited = Effect.gen(function* () {
    for (let from: number | "end" = "end"; ;) {
      const page: ReadonlyArray<RecordedEvent> = yield* journal.read(stream, {
        from,
        direction: "backward",
        limit: PAGE,
      })
      for (const { data, type } of page)
        if (type === "ConnectionPaused" || type === "ConnectionResumed" || type === "Resumed")
          if ((JSON.parse(data) as { readonly reason: string }).reason === PAUSES.restored)
            return type === "ConnectionPaused"
      const last = page.at(-1)
      if (page.length < PAGE || last === undefined || last.revision === 0) return false
      from = last.revision - 1
    }
  }).pipe(store)

  const following: Following = {
    followed: (isKnown) =>
      Effect.gen(function* () {
        if (!isKnown && !(yield* isAwaited)) yield* gate.pause(PAUSES.restored)
        wasMet = true
      }),
    sentAll: Effect.gen(function* () {
      if (!(yield* isAwaited)) return
      const data = { _tag: "ConnectionResumed", connection, reason: PAUSES.restored }
      yield* appendTo(stream, [{ type: "ConnectionResumed", data }]).pipe(
        Effect.provideService(Journal, journal),
        store,
      )
    }),
    mayWrite: (doc) =>
      Effect.map(parts.tick, (now) => {
        // A system that is new here has seen no other journal of ours.
        if (doc.backfill.state !== "done" || now - startedAt >= FOLLOWER_WAIT_MS) wasMet = true
        return wasMet
      }),
  }
  return following
})
