/** Creates within a round: those of unknown outcome are looked for, new ones are looked up before they are made. */
import { type RecordDoc, recordKey } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { type Answered, keepAnswers } from "./answer.ts"
import { type Candidate, isSame } from "./candidate.ts"
import { canLookUp, type Hit, lookUp } from "./creates.ts"
import { begin } from "./intend.ts"
import { type Lag, lagOf } from "./lag.ts"
import { documentId } from "./parts.ts"
import type { Round } from "./round.ts"
import { refusal, type Settled } from "./settle.ts"
import { asWorkerError } from "./WorkerError.ts"

const settledAs = (candidate: Candidate, settled: Settled, startedAt: number): Answered => ({
  begun: { candidate, intent: candidate.intent!, version: undefined },
  settled,
  startedAt,
})

/** Creates of unknown outcome are looked for; what is found is their answer, what can't be looked for is given up. */
export const resolveCreates = Effect.fnUntraced(function* (
  round: Round,
  object: string,
  batch: ReadonlyArray<Candidate>,
) {
  const { gate, mapping, parts } = round
  const unsure = batch.filter(
    ({ intent }) => parts.definition.creates === "lookup" && intent !== null && intent.attempts > 0,
  )
  if (unsure.length === 0) return batch
  const startedAt = yield* parts.tick
  if (!canLookUp(parts, object)) {
    const message = "no answer, and nothing to look the record up by"
    const given = unsure.map((one) => {
      const data = refusal(one.intent!, { code: "other", message, effect: "unknown" })
      return settledAs(one, { _tag: "Refused", data }, startedAt)
    })
    yield* keepAnswers(parts, given)
    round.answers.push(...given)
    return batch.filter((one) => !unsure.includes(one))
  }
  const hits = yield* lookUp(parts, gate, { mapping, object, candidates: unsure, byOwnId: true, thorough: true })
  const found = hits.map(({ candidate, record }) => {
    const outcome = { _tag: "Written", id: record.id, object: record.object, adopted: true } as const
    const { connection, entity, due, key } = candidate.data
    const data = {
      _tag: "RecordWritten",
      connection,
      object: record.object,
      externalId: record.id,
      entity,
      due,
      key,
      kind: "create",
      held: null,
      stamp: record.stamp ?? null,
      adopted: true,
      refused: [],
      attempts: candidate.intent!.attempts,
    } as const
    return settledAs(candidate, { _tag: "Written", data, beside: {}, held: undefined, outcome }, startedAt)
  })
  if (found.length > 0) yield* keepAnswers(parts, found)
  round.answers.push(...found)
  const keys = new Set(hits.map(({ candidate }) => candidate.key))
  return batch.filter((one) => !keys.has(one.key))
})

/**
 * A record that is there already is not created: as news it is an observation first, and the reconciler may link it.
 * One that was decided to be another entity's (a shared mailbox) is no reason to wait. One that waits itself, or for
 * people, is waited for; of any other, people are told that it holds the match key.
 */
export const lookBefore = Effect.fnUntraced(function* (round: Round, object: string, batch: ReadonlyArray<Candidate>) {
  const { gate, mapping, parts } = round
  const candidates = batch.filter(({ intent }) => intent === null)
  if (candidates.length === 0) return batch
  const byOwnId = parts.definition.creates === "lookup"
  const hits = yield* lookUp(parts, gate, { mapping, object, candidates, byOwnId, thorough: false })
  if (hits.length === 0) return batch
  const lag = yield* lagOf(parts)
  const isDecided = lag.streams !== null && !lag.hasRecords
  const docs = yield* asWorkerError(parts.connection)(
    parts.state.getMany(hits.map(({ record }) => documentId(parts, "record", recordKey(record)))),
  )
  const taken = new Set<string>()
  const held: Array<Hit> = []
  for (const [i, hit] of hits.entries()) {
    const text = docs[i]
    const state = text === null || text === undefined ? null : (JSON.parse(text) as RecordDoc).state
    const isNews = hit.isNews || !isDecided
    if (!isNews && state === "linked") continue
    taken.add(hit.candidate.key)
    if (isNews) round.soon.add(hit.candidate.entityKey)
    else round.later.add(hit.candidate.entityKey)
    if (!isNews && state !== "parked" && state !== "waiting") held.push(hit)
  }
  if (held.length > 0) yield* tellHeld(round, held, lag)
  return batch.filter((one) => !taken.has(one.key))
})

const tellHeld = Effect.fnUntraced(function* (round: Round, held: ReadonlyArray<Hit>, lag: Lag) {
  const { parts } = round
  const entities = held.map(({ candidate }) => candidate.entity)
  const plans = yield* asWorkerError(parts.connection)(parts.planner.plan(entities))
  const still = held.filter(({ candidate }, i) => {
    const plan = plans[i] ?? null
    return plan !== null && isSame(candidate, plan)
  })
  const begun = yield* begin(
    parts,
    still.map(({ candidate }) => candidate),
    lag.at,
  )
  const startedAt = yield* parts.tick
  const answers = begun.map((one): Answered => {
    const hit = still.find(({ candidate }) => candidate.key === one.candidate.key)!
    const data = refusal(one.intent, {
      code: "uniqueness",
      message: `a record with the same ${Object.keys(one.candidate.sent.lookup).join(" or ")} is there already`,
      effect: "none",
      existing: hit.record.id,
    })
    return { begun: one, settled: { _tag: "Refused", data }, startedAt }
  })
  yield* keepAnswers(parts, answers)
  round.answers.push(...answers)
})
