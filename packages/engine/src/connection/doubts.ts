/**
 * Writes that were given up without an answer. Whether one was taken shows when its record is read, once no try of it can take effect
 * any longer: until then what it sent may still come to be there, and is its echo; from then on it is whoever's who enters it.
 */
import { SUPERSEDED } from "@concordat/model/events/record"
import { type OpenIntentDoc, type RecordKey, recordKey } from "@concordat/rules/state/documents"
import type { Mapping } from "@concordat/rules/mapping/lens"
import * as Effect from "effect/Effect"
import { DOUBT_LOOK_MS, WALK_RETRY_MS } from "../limits.ts"
import { facetOf, FIELDS } from "./facets.ts"
import type { Gate } from "./faults.ts"
import { tell } from "./gaps.ts"
import { lagOf } from "./lag.ts"
import { look } from "./look.ts"
import { canRead, type Parts, put, recordStream } from "./parts.ts"
import { Flow } from "./rota.ts"
import { intended, mayBeTaken, refusal, sentOf } from "./settle.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

/** Null where it made nothing that a read could show. */
export const doubtOf = (parts: Parts, intent: OpenIntentDoc): OpenIntentDoc | null => {
  const { externalId, kind, object } = intended(intent)
  if (kind !== "update" || externalId === null || !mayBeTaken(intent) || !canRead(parts, object)) return null
  return { ...intent, job: null, givenUp: true }
}

const recordOf = (intent: OpenIntentDoc): RecordKey => {
  const { externalId, object } = intended(intent)
  return { object, id: externalId! }
}

/** When what was sent has surely arrived, or never will: a process may have died just after it was. */
const overAt = ({ definition }: Parts, { until }: OpenIntentDoc): number => until + definition.limits.timeoutMs

/** Nothing wakes it while no write is in doubt. */
export class Doubts extends Flow {
  readonly parts: Parts
  readonly gate: Gate
  /** Keys of those whose records were read since, which may not be decided. */
  readonly looked = new Set<string>()

  constructor(parts: Parts, gate: Gate) {
    super(parts.rota)
    this.parts = parts
    this.gate = gate
  }

  override turn(): Effect.Effect<number, WorkerError> {
    return turn(this)
  }
}

/** Reads the records of those that can make nothing any more; the others are waited for. */
const lookAt = Effect.fnUntraced(function* (
  { gate, looked, parts }: Doubts,
  mapping: Mapping,
  over: ReadonlyArray<OpenIntentDoc>,
) {
  const facets = new Set(
    over.flatMap((intent) => Object.keys(sentOf(intent).values).filter((name) => facetOf(name) !== FIELDS)),
  )
  const { unread } = yield* look(parts, gate, {
    mapping,
    records: over.map(recordOf),
    via: "read",
    work: "poll",
    facets,
  })
  const left = new Set(unread.map(recordKey))
  for (const intent of over) if (!left.has(recordKey(recordOf(intent)))) looked.add(intended(intent).key)
})

/** What was read is decided: those that it has not shown are over. */
const settle = Effect.fnUntraced(function* ({ looked, parts }: Doubts) {
  const { doubts, ledger, planner } = parts
  // Sent again, or shown to have been taken meanwhile.
  for (const key of looked) if (!doubts.has(key)) looked.delete(key)
  const { streams } = yield* lagOf(parts)
  const decided = [...looked].flatMap((key) => {
    const intent = doubts.get(key)
    const isLate = intent !== undefined && (streams === null || streams.has(recordStream(parts, recordOf(intent))))
    return intent === undefined || isLate ? [] : [intent]
  })
  if (decided.length === 0) return
  const open = yield* asWorkerError(parts.connection)(planner.unresolved(decided.map((one) => intended(one).entity)))
  const message = "nothing of it is due any more, and no answer came"
  const told = decided
    .filter((intent) => open.has(intended(intent).key))
    .map((intent) => ({
      record: recordOf(intent),
      data: refusal(intent, { code: SUPERSEDED, message, effect: "unknown" }),
    }))
  const keys = decided.map((intent) => intended(intent).key)
  const done = keys.map((key) => put(parts, "intent", key, null))
  yield* ledger.exclusively(tell(parts, told, done))
  for (const key of keys) {
    doubts.delete(key)
    looked.delete(key)
  }
})

const turn = Effect.fnUntraced(
  function* (self: Doubts) {
    const { looked, parts } = self
    const { doubts } = parts
    if (doubts.size === 0) return Number.POSITIVE_INFINITY
    if (looked.size > 0) {
      yield* settle(self)
      return looked.size > 0 ? DOUBT_LOOK_MS : 1
    }
    const now = yield* parts.tick
    const all = [...doubts.values()]
    const over = all.filter((intent) => overAt(parts, intent) < now)
    if (over.length === 0) return Math.max(1, Math.ceil(Math.min(...all.map((one) => overAt(parts, one) - now)) + 1))
    const mapping = yield* asWorkerError(parts.connection)(parts.planner.mapping)
    if (mapping !== null) yield* lookAt(self, mapping, over)
    return looked.size > 0 ? DOUBT_LOOK_MS : WALK_RETRY_MS
  },
  (effect, { parts }) =>
    Effect.catchTag(effect, "ProviderError", (error) =>
      Effect.as(
        Effect.logWarning("what became of a write can't be read", {
          connection: parts.connection,
          fault: error.message,
        }),
        WALK_RETRY_MS,
      ),
    ),
)
