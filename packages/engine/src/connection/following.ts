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

export class Following {
  readonly parts: Parts
  readonly gate: Gate
  /** ms since 1970. */
  readonly startedAt: number
  wasMet: boolean

  constructor(parts: Parts, gate: Gate, startedAt: number) {
    this.parts = parts
    this.gate = gate
    this.startedAt = startedAt
    this.wasMet = parts.definition.follows !== true
  }

  /** The system has asked for what was written to it. `isKnown`: the place that it named is one of this journal. */
  followed(isKnown: boolean): Effect.Effect<void, WorkerError> {
    return followed(this, isKnown)
  }

  /** Everything that it has is in. */
  get sentAll(): Effect.Effect<void, WorkerError> {
    return sentAll(this.parts)
  }

  /** Whether a write may go to it at a time, ms since 1970, as far as that is concerned. */
  mayWrite(doc: ConnectionDoc, now: number): boolean {
    // A system that is new here has seen no other journal of ours.
    if (doc.backfill.state !== "done" || now - this.startedAt >= FOLLOWER_WAIT_MS) this.wasMet = true
    return this.wasMet
  }
}

const streamOf = ({ connection, tenant }: Parts): string => streams.connection(tenant, connection)

/** Asked of the journal: the state may not have come as far yet. */
const isAwaited = Effect.fnUntraced(function* (parts: Parts) {
  for (let from: number | "end" = "end"; ;) {
    const read = parts.journal.read(streamOf(parts), { from, direction: "backward", limit: PAGE })
    const page: ReadonlyArray<RecordedEvent> = yield* asWorkerError(parts.connection)(read)
    for (const { data, type } of page)
      if (type === "ConnectionPaused" || type === "ConnectionResumed" || type === "Resumed")
        if ((JSON.parse(data) as { readonly reason: string }).reason === PAUSES.restored)
          return type === "ConnectionPaused"
    const last = page.at(-1)
    if (page.length < PAGE || last === undefined || last.revision === 0) return false
    from = last.revision - 1
  }
})

const followed = Effect.fnUntraced(function* (self: Following, isKnown: boolean) {
  if (!isKnown && !(yield* isAwaited(self.parts))) yield* self.gate.pause(PAUSES.restored)
  self.wasMet = true
})

const sentAll = Effect.fnUntraced(function* (parts: Parts) {
  if (!(yield* isAwaited(parts))) return
  const data = { _tag: "ConnectionResumed", connection: parts.connection, reason: PAUSES.restored }
  yield* appendTo(streamOf(parts), [{ type: "ConnectionResumed", data }]).pipe(
    Effect.provideService(Journal, parts.journal),
    asWorkerError(parts.connection),
  )
})
