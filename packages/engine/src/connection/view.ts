/** What a connection's worker does and waits for at this moment, without any value of a record. */
import * as Effect from "effect/Effect"
import type { BucketLeft } from "../budget/Budget.ts"
import type { Gate } from "./faults.ts"
import type { Hinting } from "./hinting.ts"
import type { Parts } from "./parts.ts"
import type { Polling } from "./polling.ts"
import type { Polled } from "./walker.ts"
import type { Stats } from "./stats.ts"
import { cursorOf } from "./walks.ts"
import type { WorkerError } from "./WorkerError.ts"

export interface Reread {
  readonly object: string
  /** ms since 1970. */
  readonly startedAt: number
  readonly done: number
  /** Null: nobody counted. */
  readonly total: number | null
  readonly finished: boolean
}

const rereadsOf = (parts: Parts): ReadonlyArray<Reread> =>
  Object.keys(parts.definition.objects).flatMap((object) => {
    const last = cursorOf(parts, "reread", object)
    if (last === null) return []
    const { done, finished, startedAt, total } = last
    return [{ object, startedAt: Math.floor(startedAt), done, total, finished }]
  })

/** Times are ms since 1970. */
export interface WorkerView {
  /** Nothing queued, nothing due that can be done, nothing in flight but regular polls. */
  readonly idle: boolean
  /** The last fault of the connection as a whole; null once a call has gone well again. */
  readonly fault: { readonly what: string; readonly at: number } | null
  /** Why the worker has stopped calling by itself (`authorisation`, `permission`); null: it has not. */
  readonly stoppedBy: string | null
  /** A 429 or an outage: no call goes out before; null: they do. */
  readonly waitsUntil: number | null
  readonly budget: {
    /** Calls that wait for their turn, and calls on their way. */
    readonly waiting: number
    readonly running: number
    readonly buckets: ReadonlyArray<BucketLeft>
  }
  readonly polls: ReadonlyArray<Polled>
  /** The last walk over each object that was read again, for what moves no date. */
  readonly rereads: ReadonlyArray<Reread>
  /** Records that webhooks, or other flows, want looked at. */
  readonly hints: number
  /** Writes that are begun and not settled; those of them that wait for another try, and the next of these. */
  readonly writes: { readonly open: number; readonly retrying: number; readonly nextAt: number | null }
  readonly stats: Stats
}

export const viewOf = Effect.fnUntraced(function* (
  parts: Parts,
  of: {
    readonly gate: Pick<Gate, "heldBy">
    readonly polling: Pick<Polling, "polls">
    readonly hinting: Pick<Hinting, "waiting">
    readonly isIdle: Effect.Effect<boolean, WorkerError>
  },
) {
  const now = yield* parts.tick
  const stats = parts.counting.now()
  const openAt = parts.budget.openAt()
  const retrying = [...parts.intents.values()].filter(({ job, nextAt }) => job === null && nextAt > now)
  const view: WorkerView = {
    idle: yield* of.isIdle,
    fault: stats.fault === null ? null : { what: stats.fault, at: Math.floor(stats.faultAt ?? now) },
    stoppedBy: of.gate.heldBy,
    waitsUntil: openAt > now ? Math.ceil(openAt) : null,
    budget: { ...parts.budget.load(), buckets: parts.budget.left(now) },
    polls: of.polling.polls,
    rereads: rereadsOf(parts),
    hints: of.hinting.waiting,
    writes: {
      open: parts.intents.size,
      retrying: retrying.length,
      nextAt: retrying.length === 0 ? null : Math.ceil(Math.min(...retrying.map(({ nextAt }) => nextAt))),
    },
    stats,
  }
  return view
})
