/**
 * A write whose answer was lost may have been taken, and somebody may have changed the record since: what is read then looks as if
 * both had moved from what was there before. Where the provider keeps a history, it is asked before such a reading counts.
 */
import type { OpenIntentDoc } from "@concordat/rules/state/documents"
import { recordKey } from "@concordat/rules/state/documents"
import { type JsonObject, sameJson } from "@concordat/model/json"
import * as Effect from "effect/Effect"
import type { Work } from "../budget/priority.ts"
import type { RawRecord, Reading } from "../ports/Provider.ts"
import { type Answered, keepAnswers } from "./answer.ts"
import { chunked } from "./batches.ts"
import { again } from "./candidate.ts"
import { facetOf, FIELDS } from "./facets.ts"
import type { Gate } from "./faults.ts"
import type { Parts } from "./parts.ts"
import { intended, mayBeTaken, sentOf, settle } from "./settle.ts"

interface Lost {
  readonly intent: OpenIntentDoc
  readonly id: string
  readonly lock: string
  /** What was sent of its own fields, and what stood there before. */
  readonly held: JsonObject
  readonly before: JsonObject
}

/**
 * Null where the reading tells itself, since it shows all fields that were sent, and where nobody can: associations are written
 * by calls of their own, and are in no history.
 */
export const lostOf = (intent: OpenIntentDoc, record: RawRecord, lock: string): Lost | null => {
  const { before: shadows, values } = sentOf(intent)
  const before = { ...shadows, ...intent.current }
  const isShown = (name: string): boolean => sameJson(record.values[name] ?? null, values[name])
  const isField = (name: string): boolean => facetOf(name) === FIELDS
  const sent = Object.keys(values)
  if (!sent.every((name) => isField(name) || isShown(name))) return null
  const names = sent.filter((name) => isField(name) && before[name] !== undefined)
  if (names.every((name) => record.values[name] === undefined || isShown(name))) return null
  const held = Object.fromEntries(names.map((name) => [name, values[name]!]))
  return { intent, id: record.id, lock, held, before }
}

/** Those whose attempt is over; of one on its way the answer may still come. */
const lostWrites = (parts: Parts, readings: ReadonlyArray<Reading>): ReadonlyArray<Lost> => {
  const { busy, doubts, intents } = parts
  if (intents.size + doubts.size === 0) return []
  const found = new Map(
    readings.flatMap((reading) => (reading._tag === "Found" ? [[recordKey(reading.record), reading.record]] : [])),
  )
  return [...intents.values(), ...doubts.values()].flatMap((intent) => {
    const { externalId, kind, object } = intended(intent)
    if (kind !== "update" || externalId === null || !mayBeTaken(intent) || intent.job !== null) return []
    const lock = recordKey({ object, id: externalId })
    const record = found.get(lock)
    if (record === undefined || busy.get(lock) === Number.POSITIVE_INFINITY) return []
    return lostOf(intent, record, lock) ?? []
  })
}

const answered = (parts: Parts, { before, intent }: Lost, stamp: number | undefined, now: number): Answered => {
  const outcome = {
    _tag: "Written",
    id: intended(intent).externalId!,
    ...(stamp === undefined ? {} : { stamp }),
  } as const
  // One that was given up is looked after already.
  const { current: _, ...given } = intent
  const taken = parts.intents.has(intended(intent).key) ? { ...given, current: before } : given
  return {
    begun: { candidate: again(taken), intent: taken, version: undefined },
    settled: settle(taken, outcome, now, 0),
    startedAt: now,
  }
}

/** Writes whose records are locked while they are asked about. `until`: what each lock said before, by its record. */
interface Locked {
  readonly lost: ReadonlyArray<Lost>
  readonly until: Map<string, number | undefined>
}

/** What the history shows to have been taken is told. The readings began before that, so that those records are read again. */
export const tellShown = Effect.fn("Connection.shown")(function* (
  parts: Parts,
  gate: Gate,
  object: string,
  readings: ReadonlyArray<Reading>,
  work: Work,
) {
  const { shown } = parts.connector
  const lost = shown === undefined ? [] : lostWrites(parts, readings)
  if (shown === undefined || lost.length === 0) return
  // Sent again meanwhile, it would have two answers; one that is just being begun is on its way once that is committed.
  const lock = parts.ledger.exclusively(
    Effect.sync((): Locked => {
      const free = lostWrites(parts, readings)
      const until = new Map(free.map((one) => [one.lock, parts.busy.get(one.lock)]))
      for (const { lock } of free) parts.busy.set(lock, Number.POSITIVE_INFINITY)
      return { lost: free, until }
    }),
  )
  const ask = Effect.fnUntraced(function* ({ lost: locked, until }: Locked) {
    for (const some of chunked(locked, parts.definition.objects[object]!.batch.read)) {
      const writes = some.map(({ before, held, id, intent }) => ({
        key: intended(intent).key,
        id,
        held,
        before: Object.fromEntries(Object.keys(held).map((name) => [name, before[name]!])),
        ...(intent.stamp === undefined ? {} : { stamp: intent.stamp }),
      }))
      const told = new Map((yield* gate.callNow(work, shown(object, writes))).map((one) => [one.key, one]))
      const now = yield* parts.tick
      const taken = some.filter(({ intent }) => told.has(intended(intent).key))
      if (taken.length === 0) continue
      yield* keepAnswers(
        parts,
        taken.map((one) => answered(parts, one, told.get(intended(one.intent).key)!.stamp, now)),
      )
      // Unlocked with their answers, another write may be on its way there by the end.
      for (const { lock } of taken) until.delete(lock)
    }
  })
  yield* Effect.acquireUseRelease(lock, ask, ({ until }) =>
    Effect.sync(() => {
      for (const [lock, before] of until)
        if (before === undefined) parts.busy.delete(lock)
        else parts.busy.set(lock, before)
    }),
  )
})
