/** How far the reconciler is behind this connection's facts: what it has not decided yet must not be written over. */
import * as streams from "@concordat/model/streams"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { LAG_EVENTS, LAG_LOOK_MS, LAG_LOOK_SHARE, WALKED_AHEAD } from "../limits.ts"
import type { Parts } from "./parts.ts"
import { asWorkerError } from "./WorkerError.ts"

export interface Lag {
  /** When it was looked, by the worker's clock: every fact known before then is either decided or in the streams. */
  readonly at: number
  /** Streams with facts that are not decided; null: too many to name. */
  readonly streams: ReadonlySet<string> | null
  /** Whether any of them is a record's: what was seen and not decided may be what is about to be created. */
  readonly hasRecords: boolean
}

/** What a walk knows of how far it is ahead. */
export class Distance {
  /** Undecided facts of the connection at the last look, and those that its ledger had made durable by then. */
  #seen: { readonly undecided: number; readonly facts: number } | null = null

  /** No look is needed: the undecided ones of then, and all since, are few. */
  isShort(facts: number): boolean {
    return this.#seen !== null && this.#seen.undecided + facts - this.#seen.facts < WALKED_AHEAD
  }

  looked(undecided: number, facts: number): void {
    this.#seen = { undecided, facts }
  }
}

/**
 * Waits until little of what was seen of this connection is undecided. The tenant's facts are decided
 * in one order: without it, its own edits would come after all that a walk over everything has brought in.
 */
export const untilDecided = Effect.fn("Connection.untilDecided")(function* (parts: Parts) {
  const { distance, ledger } = parts
  if (distance.isShort(ledger.facts)) return
  const store = asWorkerError(parts.connection)
  const prefixes = [`record-${streams.partitionOf(parts.tenant)}.${parts.tenant}.${parts.connection}.`]
  for (let looked: string | null | undefined; ;) {
    const [taken, after] = yield* Effect.timed(store(parts.planner.decidedTo))
    // As long as nothing more is decided there is no less that is not.
    if (after !== looked) {
      const { facts } = ledger
      const options = { after, prefixes, limit: WALKED_AHEAD, without: "contents" } as const
      const { events } = yield* store(parts.journal.readAll(options))
      if (events.length < WALKED_AHEAD) return distance.looked(events.length, facts)
      looked = after
    }
    yield* Effect.sleep(Math.max(LAG_LOOK_MS, Duration.toMillis(taken) / LAG_LOOK_SHARE))
  }
})

export const lagOf = Effect.fn("Connection.lag")(function* (parts: Parts) {
  const store = asWorkerError(parts.connection)
  // No commit is under way at this moment, so the journal holds whatever was decided before it.
  const at = yield* parts.ledger.exclusively(parts.tick)
  const after = yield* store(parts.planner.decidedTo)
  const place = `${streams.partitionOf(parts.tenant)}.${parts.tenant}.${parts.connection}.`
  const { events } = yield* store(
    parts.journal.readAll({
      after,
      prefixes: [`record-${place}`, `create-${place}`],
      limit: LAG_EVENTS,
      without: "contents",
    }),
  )
  const lag: Lag = {
    at,
    streams: events.length >= LAG_EVENTS ? null : new Set(events.map(({ stream }) => stream)),
    hasRecords: events.some(({ stream }) => streams.categoryOf(stream) === "record"),
  }
  return lag
})
