/** The cap on writes per hour for a connection's first day after arming: a wrong mapping then spoils few records. */
import type { ConnectionDoc, CursorDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { CAP_HOLDS_MS, HOUR_MS } from "../limits.ts"
import { documentId, fenceOf, type Parts, put } from "./parts.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

const KEY = "cap|"

/** `hour`: hours since 1970. */
interface Spent {
  readonly hour: number
  readonly writes: number
}

/** The writes that are left of an hour's cap; null: no cap holds. */
export const leftOf = (
  doc: Pick<ConnectionDoc, "armedAt" | "writesPerHour">,
  spent: Spent,
  now: number,
): number | null => {
  if (doc.writesPerHour === null || doc.armedAt === null || now >= doc.armedAt + CAP_HOLDS_MS) return null
  return Math.max(0, doc.writesPerHour - (spent.hour === Math.floor(now / HOUR_MS) ? spent.writes : 0))
}

/** What was spent is kept, so that a restart does not begin a new hour. */
export class Cap {
  known: Spent | null = null

  /** How many of the wanted writes may be made now; they are counted as made. */
  take(parts: Parts, doc: ConnectionDoc, wanted: number): Effect.Effect<number, WorkerError> {
    return take(this, parts, doc, wanted)
  }
}

const load = Effect.fnUntraced(function* (parts: Parts) {
  const [text] = yield* asWorkerError(parts.connection)(parts.state.getMany([documentId(parts, "cursor", KEY)]))
  const doc = text === null || text === undefined ? null : (JSON.parse(text) as CursorDoc)
  return doc === null ? { hour: 0, writes: 0 } : { hour: Math.floor(doc.startedAt / HOUR_MS), writes: doc.done }
})

const take = Effect.fnUntraced(function* (cap: Cap, parts: Parts, doc: ConnectionDoc, wanted: number) {
  const now = yield* parts.tick
  const loaded = cap.known ?? (yield* load(parts))
  // Batches begin side by side: one of them may have counted while this one was loading.
  cap.known ??= loaded
  const left = leftOf(doc, cap.known, now)
  if (left === null) return wanted
  const taken = Math.min(left, wanted)
  const hour = Math.floor(now / HOUR_MS)
  cap.known = { hour, writes: (cap.known.hour === hour ? cap.known.writes : 0) + taken }
  const kept: CursorDoc = {
    cursor: null,
    done: cap.known.writes,
    total: doc.writesPerHour,
    finished: false,
    startedAt: now,
  }
  const unit = { entries: [], documents: [put(parts, "cursor", KEY, kept)], fence: fenceOf(parts, "changes", "") }
  if (taken > 0) yield* parts.ledger.exclusively(parts.ledger.commit(unit))
  return taken
})
