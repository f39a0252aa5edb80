/** One round of pushing: entities that are due, planned as they are now, read before they are written, sent in batches. */
import { SUPERSEDED } from "@concordat/model/events/record"
import type { Mapping } from "@concordat/rules/mapping/lens"
import type { PlannedWrite } from "@concordat/rules/push/plan"
import {
  type ConnectionDoc,
  type DueDoc,
  parseEntityKey,
  type RecordKey,
  recordKey,
} from "@concordat/rules/state/documents"
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import { type Answered, keepAnswers } from "./answer.ts"
import { chunked, groupedBy } from "./batches.ts"
import { facetOf, FIELDS } from "./facets.ts"
import { again, type Candidate, fresh, isSame } from "./candidate.ts"
import type { Cap } from "./cap.ts"
import { lookBefore, resolveCreates } from "./creating.ts"
import type { Gate } from "./faults.ts"
import { begin, forget, knownOf } from "./intend.ts"
import { type Lag, lagOf } from "./lag.ts"
import { look } from "./look.ts"
import { canRead, documentId, type Parts, recordStream } from "./parts.ts"
import { send } from "./send.ts"
import { mayBeTaken, refusal } from "./settle.ts"
import { asWorkerError } from "./WorkerError.ts"

export interface RoundResult {
  /** Entities whose facts the reconciler has not decided, or whose record was read as another than planned: soon again. */
  readonly soon: ReadonlyArray<string>
  /** Entities for which nothing can be done now; they are looked at with all that is due. */
  readonly later: ReadonlyArray<string>
  readonly answers: ReadonlyArray<Answered>
}

/** What the steps of one round share. */
export interface Round {
  readonly parts: Parts
  readonly gate: Gate
  readonly cap: Cap
  readonly doc: ConnectionDoc
  readonly mapping: Mapping
  readonly lag: Lag
  /** Creates that waited for the reconciler when they were last looked at. */
  readonly waiting: Set<string>
  readonly soon: Set<string>
  readonly later: Set<string>
  readonly answers: Array<Answered>
}

/** A create waits for whatever was seen in the connection: any of it may be the very record. */
const isDecided = (round: Round, entity: string, record: RecordKey | null): boolean => {
  const { lag, parts } = round
  if (lag.streams === null || (record === null && lag.hasRecords)) return false
  if (record !== null && lag.streams.has(recordStream(parts, record))) return false
  return !lag.streams.has(streams.create(parts.tenant, parts.connection, parseEntityKey(entity).id))
}

/** Entities that may be planned: what is not due any more, or waits for the reconciler, is not worth a plan. */
const plannable = Effect.fnUntraced(function* (round: Round, given: ReadonlyArray<string>) {
  const { lag, later, parts, soon, waiting } = round
  // While anything seen is undecided no create may go: hundreds of them are not read again and again to find that.
  const isHeld = lag.streams === null || lag.hasRecords
  if (!isHeld) waiting.clear()
  for (const entity of given) if (waiting.has(entity)) soon.add(entity)
  const entities = given.filter((entity) => !waiting.has(entity))
  const texts = yield* asWorkerError(parts.connection)(
    parts.state.getMany(entities.map((entity) => documentId(parts, "due", entity))),
  )
  const open = new Set([...parts.intents.values()].map((intent) => again(intent).entityKey))
  return entities.filter((entity, i) => {
    const text = texts[i]
    const due = text === null || text === undefined ? null : (JSON.parse(text) as DueDoc)
    if (due === null && !open.has(entity)) {
      later.add(entity)
      return false
    }
    if (due === null || isDecided(round, entity, due.kind === "create" ? null : { object: "", id: "" })) return true
    if (due.kind === "create") waiting.add(entity)
    soon.add(entity)
    return false
  })
})

/** Whether it leaves out what is being created at this moment: written without, it would be written twice. */
const waitsForCreate = ({ lag, parts }: Round, plan: PlannedWrite, creating: ReadonlySet<string>): boolean =>
  plan.kind === "create" &&
  plan.waiting.some(
    (id) =>
      creating.has(id) || lag.streams === null || lag.streams.has(streams.create(parts.tenant, parts.connection, id)),
  )

const mayWrite = (round: Round, object: string, kind: Candidate["kind"]): boolean => {
  const { doc, parts } = round
  if (parts.connector.write === undefined || parts.definition.objects[object]?.write.includes(kind) !== true)
    return false
  return kind !== "create" || doc.backfill.state === "done"
}

/**
 * Of what is not sent any more: a write that certainly never was taken is over, so that nobody's edit is taken for its echo. Any
 * other is so once its record was read.
 */
const giveUp = Effect.fnUntraced(function* (parts: Parts, keys: ReadonlyArray<string>) {
  const startedAt = yield* parts.tick
  const never = keys.flatMap((key): ReadonlyArray<Answered> => {
    const intent = parts.intents.get(key)
    if (intent === undefined || mayBeTaken(intent)) return []
    const message = "nothing of it is due any more"
    const data = refusal(intent, { code: SUPERSEDED, message, effect: "none" })
    const begun = { candidate: again(intent), intent, version: undefined }
    return [{ begun, settled: { _tag: "Refused", data }, startedAt }]
  })
  const over = new Set(never.map(({ begun }) => begun.candidate.key))
  if (never.length > 0) yield* keepAnswers(parts, never)
  yield* forget(
    parts,
    keys.filter((key) => !over.has(key)),
  )
})

/** What is sent for an entity: what its open intent says, where that is still due, else what is planned. */
const candidateOf = (
  parts: Parts,
  open: Candidate | undefined,
  plan: PlannedWrite | null,
  stale: Array<string>,
): Candidate | null => {
  if (open !== undefined && open.kind === "create") return open
  if (open !== undefined && plan !== null && isSame(open, plan)) return open
  if (open !== undefined) stale.push(open.key)
  return plan === null ? null : fresh(parts.definition.provider, parts.connection, plan)
}

const candidatesOf = Effect.fnUntraced(function* (round: Round, entities: ReadonlyArray<string>) {
  const { parts } = round
  const now = yield* parts.tick
  const plans = yield* asWorkerError(parts.connection)(parts.planner.plan(entities.map(parseEntityKey)))
  const open = new Map([...parts.intents.values()].map(again).map((one) => [one.entityKey, one]))
  // A job may take an hour: what refers to its record is written again when it is there.
  const creating = new Set(
    [...open.values()].flatMap(({ entity, intent, kind }) =>
      kind === "create" && intent?.job == null ? [entity.id] : [],
    ),
  )
  const candidates: Array<Candidate> = []
  const stale: Array<string> = []
  for (const [i, entity] of entities.entries()) {
    const begun = open.get(entity)
    // Asked about elsewhere, or not to be sent again yet.
    if (begun?.intent != null && (begun.intent.job !== null || begun.intent.nextAt > now)) continue
    const plan = plans[i] ?? null
    const record = plan === null || plan.id === null ? null : { object: plan.object, id: plan.id }
    // What is begun goes on: two that refer to each other would wait for each other.
    const waits = begun === undefined && plan !== null && waitsForCreate(round, plan, creating)
    if (plan !== null && (waits || !isDecided(round, entity, record))) {
      round.soon.add(entity)
      continue
    }
    const candidate = candidateOf(parts, begun, plan, stale)
    if (candidate === null) round.later.add(entity)
    else if (mayWrite(round, candidate.object, candidate.kind)) candidates.push(candidate)
    else round.later.add(entity)
  }
  yield* giveUp(parts, stale)
  return candidates
})

/**
 * Updates are read directly before, unless a precondition protects the record: for that its version has to be known. A
 * write that may have been taken is read in any case.
 */
const readBefore = Effect.fnUntraced(function* (round: Round, object: string, batch: ReadonlyArray<Candidate>) {
  const { gate, mapping, parts } = round
  if (!canRead(parts, object)) return batch
  const known = yield* knownOf(parts, batch)
  const asked = batch.filter(
    ({ intent }, i) =>
      !parts.definition.preconditions || known[i]!.version === undefined || (intent !== null && intent.attempts > 0),
  )
  if (asked.length === 0) return batch
  const records = asked.flatMap(({ record }) => (record === null ? [] : [record]))
  // An association that is not written can't be overwritten.
  const facets = new Set(
    asked.flatMap(({ sent }) => Object.keys(sent.values).filter((name) => facetOf(name) !== FIELDS)),
  )
  const looked = yield* look(parts, gate, { mapping, records, via: "read", work: "push", facets })
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

/** Somebody was quicker: what he did is read, and what is left to write is planned again. */
const readOvertaken = Effect.fnUntraced(function* (round: Round, answers: ReadonlyArray<Answered>) {
  const { gate, mapping, parts } = round
  const overtaken = answers.filter(({ settled }) => settled._tag === "Overtaken").map(({ begun }) => begun.candidate)
  if (overtaken.length === 0) return
  const records = overtaken.flatMap(({ record }) => (record === null ? [] : [record]))
  yield* look(parts, gate, { mapping, records, via: "read", work: "push" })
  for (const { entityKey } of overtaken) round.soon.add(entityKey)
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
  if (allowed === 0) return
  if (!(yield* gate.isRunning)) {
    for (const one of ready) round.soon.add(one.entityKey)
    return
  }
  const begun = yield* begin(parts, ready.slice(0, allowed), lag.at)
  const started = new Set(begun.map(({ candidate }) => candidate.key))
  for (const one of ready.slice(0, allowed)) if (!started.has(one.key)) round.soon.add(one.entityKey)
  if (begun.length === 0) return
  const answers = yield* send(parts, gate, object, begun)
  round.answers.push(...answers)
  yield* readOvertaken(round, answers)
})

/** Entities by `type:id`, at most as many as are planned at once. `waiting`: kept from round to round. */
export const pushRound = Effect.fn("Connection.push")(function* (
  parts: Parts,
  gate: Gate,
  cap: Cap,
  doc: ConnectionDoc,
  entities: ReadonlyArray<string>,
  waiting: Set<string>,
) {
  const mapping = yield* asWorkerError(parts.connection)(parts.planner.mapping)
  const lag = yield* lagOf(parts)
  const soon = new Set<string>()
  const later = new Set<string>()
  const answers: Array<Answered> = []
  const result: RoundResult = { soon: [], later: [], answers }
  if (mapping === null) return { ...result, later: entities }
  const round: Round = { parts, gate, cap, doc, mapping, lag, waiting, soon, later, answers }
  const candidates = yield* candidatesOf(round, yield* plannable(round, entities))
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
