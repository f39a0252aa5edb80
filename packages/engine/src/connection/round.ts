/** One round of pushing: entities that are due, planned as they are now, read before they are written, sent in batches. */
import type { Mapping } from "@concordat/rules/mapping/lens"
import type { PlannedWrite } from "@concordat/rules/push/plan"
import { type ConnectionDoc, parseEntityKey, type RecordKey, recordKey } from "@concordat/rules/state/documents"
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import { type Answered, keepAnswers } from "./answer.ts"
import { chunked, groupedBy } from "./batches.ts"
import { again, type Candidate, fresh, isSame } from "./candidate.ts"
import type { Cap } from "./cap.ts"
import { canLookUp, type Hit, lookUp } from "./creates.ts"
import type { Gate } from "./faults.ts"
import { begin, forget } from "./intend.ts"
import { type Lag, lagOf } from "./lag.ts"
import { look } from "./look.ts"
import { canRead, type Parts, recordStream } from "./parts.ts"
import { send } from "./send.ts"
import { refusal, type Settled } from "./settle.ts"
import { asWorkerError } from "./WorkerError.ts"

export interface RoundResult {
  /** Entities whose facts the reconciler has not decided, or whose record was read as another than planned: soon again. */
  readonly soon: ReadonlyArray<string>
  /** Entities for which nothing can be done now; they are looked at with all that is due. */
  readonly later: ReadonlyArray<string>
  readonly answers: ReadonlyArray<Answered>
}

interface Round {
  readonly parts: Parts
  readonly gate: Gate
  readonly cap: Cap
  readonly doc: ConnectionDoc
  readonly mapping: Mapping
  readonly lag: Lag
  readonly soon: Set<string>
  readonly later: Set<string>
  readonly answers: Array<Answered>
}

/** A create waits for whatever was seen in the connection: any of it may be the very record. */
const isDecided = (round: Round, entity: string, record: RecordKey | null): boolean => {
  const { lag, parts } = round
  if (lag.streams === null) return false
  if (record === null) return lag.streams.size === 0
  return (
    !lag.streams.has(recordStream(parts, record)) &&
    !lag.streams.has(streams.create(parts.tenant, parts.connection, parseEntityKey(entity).id))
  )
}

const mayWrite = (round: Round, object: string, kind: Candidate["kind"]): boolean => {
  const { doc, parts } = round
  if (parts.connector.write === undefined || parts.definition.objects[object]?.write.includes(kind) !== true)
    return false
  return kind !== "create" || doc.backfill.state === "done"
}

/** What is sent for an entity: what its open intent says, where that is still due, else what is planned. */
const candidateOf = (
  round: Round,
  entity: string,
  plan: PlannedWrite | null,
  stale: Array<string>,
): Candidate | null => {
  const { parts } = round
  const open = [...parts.intents.values()].map(again).find((one) => one.entityKey === entity)
  if (open !== undefined && open.kind === "create") return open
  if (open !== undefined && plan !== null && isSame(open, plan)) return open
  if (open !== undefined) stale.push(open.key)
  return plan === null ? null : fresh(parts.definition.provider, parts.connection, plan)
}

const candidatesOf = Effect.fnUntraced(function* (round: Round, entities: ReadonlyArray<string>) {
  const { parts } = round
  const now = yield* parts.tick
  const plans = yield* asWorkerError(parts.connection)(parts.planner.plan(entities.map(parseEntityKey)))
  const waiting = new Set(
    [...parts.intents.values()]
      .filter(({ job, nextAt }) => job !== null || nextAt > now)
      .map((intent) => again(intent).entityKey),
  )
  const candidates: Array<Candidate> = []
  const stale: Array<string> = []
  for (const [i, entity] of entities.entries()) {
    if (waiting.has(entity)) continue
    const plan = plans[i] ?? null
    const record = plan === null || plan.id === null ? null : { object: plan.object, id: plan.id }
    if (plan !== null && !isDecided(round, entity, record)) {
      round.soon.add(entity)
      continue
    }
    const candidate = candidateOf(round, entity, plan, stale)
    if (candidate === null) round.later.add(entity)
    else if (mayWrite(round, candidate.object, candidate.kind)) candidates.push(candidate)
    else round.later.add(entity)
  }
  yield* forget(parts, stale)
  return candidates
})

/** Updates are read directly before where the provider can't refuse them by a precondition, or may have taken them. */
const readBefore = Effect.fnUntraced(function* (round: Round, object: string, batch: ReadonlyArray<Candidate>) {
  const { gate, mapping, parts } = round
  const isNeeded = ({ intent }: Candidate): boolean =>
    canRead(parts, object) && (!parts.definition.preconditions || (intent !== null && intent.attempts > 0))
  const asked = batch.filter(isNeeded)
  if (asked.length === 0) return batch
  const records = asked.flatMap(({ record }) => (record === null ? [] : [record]))
  const looked = yield* look(parts, gate, { mapping, records, via: "read", work: "push" })
  const unread = new Set(looked.unread.map(recordKey))
  return batch.flatMap((candidate) => {
    if (!asked.includes(candidate) || candidate.record === null) return [candidate]
    const key = recordKey(candidate.record)
    const reading = looked.readings.get(key)
    if (reading?._tag === "Found" && !looked.news.has(key) && !unread.has(key))
      return [{ ...candidate, current: reading.record.values }]
    round.soon.add(candidate.entityKey)
    return []
  })
})

const settledAs = (candidate: Candidate, settled: Settled, startedAt: number): Answered => ({
  begun: { candidate, intent: candidate.intent!, version: undefined },
  settled,
  startedAt,
})

/** Creates of unknown outcome are looked for; what is found is their answer, what can't be looked for is given up. */
const resolveCreates = Effect.fnUntraced(function* (round: Round, object: string, batch: ReadonlyArray<Candidate>) {
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
 * Where that was decided long ago, and the entity is still to be created, people are told who holds its match key.
 */
const lookBefore = Effect.fnUntraced(function* (round: Round, object: string, batch: ReadonlyArray<Candidate>) {
  const { gate, mapping, parts } = round
  const candidates = batch.filter(({ intent }) => intent === null)
  if (candidates.length === 0) return batch
  const byOwnId = parts.definition.creates === "lookup"
  const hits = yield* lookUp(parts, gate, { mapping, object, candidates, byOwnId, thorough: false })
  if (hits.length === 0) return batch
  const held = hits.filter(({ isNews }) => !isNews)
  for (const { candidate } of hits) round.soon.add(candidate.entityKey)
  if (held.length > 0) yield* tellHeld(round, held)
  const taken = new Set(hits.map(({ candidate }) => candidate.key))
  return batch.filter((one) => !taken.has(one.key))
})

const tellHeld = Effect.fnUntraced(function* (round: Round, held: ReadonlyArray<Hit>) {
  const { parts } = round
  const lag = yield* lagOf(parts)
  if (lag.streams === null || lag.streams.size > 0) return
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

const writeBatch = Effect.fnUntraced(function* (round: Round, object: string, batch: ReadonlyArray<Candidate>) {
  const { cap, gate, lag, parts } = round
  const kind = batch[0]!.kind
  const ready =
    kind === "create"
      ? yield* Effect.flatMap(resolveCreates(round, object, batch), (left) => lookBefore(round, object, left))
      : yield* readBefore(round, object, batch)
  const allowed = yield* cap.take(parts, round.doc, ready.length)
  for (const one of ready.slice(allowed)) round.later.add(one.entityKey)
  if (allowed === 0 || !(yield* gate.isRunning)) return
  const begun = yield* begin(parts, ready.slice(0, allowed), lag.at)
  const started = new Set(begun.map(({ candidate }) => candidate.key))
  for (const one of ready.slice(0, allowed)) if (!started.has(one.key)) round.soon.add(one.entityKey)
  if (begun.length === 0) return
  round.answers.push(...(yield* send(parts, gate, object, begun)))
})

/** Entities by `type:id`, at most as many as are planned at once. */
export const pushRound = Effect.fn("Connection.push")(function* (
  parts: Parts,
  gate: Gate,
  cap: Cap,
  doc: ConnectionDoc,
  entities: ReadonlyArray<string>,
) {
  const mapping = yield* asWorkerError(parts.connection)(parts.planner.mapping)
  const lag = yield* lagOf(parts)
  const soon = new Set<string>()
  const later = new Set<string>()
  const answers: Array<Answered> = []
  const result: RoundResult = { soon: [], later: [], answers }
  if (mapping === null) return { ...result, later: entities }
  const round: Round = { parts, gate, cap, doc, mapping, lag, soon, later, answers }
  const candidates = yield* candidatesOf(round, entities)
  const batches: Array<readonly [object: string, batch: ReadonlyArray<Candidate>]> = []
  for (const [, group] of groupedBy(candidates, ({ kind, object }) => `${object} ${kind}`)) {
    const { object } = group[0]!
    for (const batch of chunked(group, parts.definition.objects[object]!.batch.write)) batches.push([object, batch])
  }
  const guarded = (object: string, batch: ReadonlyArray<Candidate>) =>
    writeBatch(round, object, batch).pipe(
      // A read or a lookup failed before anything was sent: the connection waits, the batch comes again.
      Effect.catchTag("ProviderError", (error) =>
        Effect.gen(function* () {
          for (const { entityKey } of batch) (error.transient ? round.soon : round.later).add(entityKey)
          if (!error.transient)
            yield* Effect.logWarning("push put off", { connection: parts.connection, fault: error.message })
        }),
      ),
    )
  yield* Effect.forEach(batches, ([object, batch]) => guarded(object, batch), {
    concurrency: Math.max(1, parts.definition.limits.concurrency),
    discard: true,
  })
  return { ...result, soon: [...soon], later: [...later] }
})
