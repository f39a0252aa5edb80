/** Answers become facts: written, refused, or still open; with what is known of the record after them, in one commit. */
import { clear } from "@concordat/model/events/envelope"
import { type RecordConverted, type RecordObserved, SUPERSEDED } from "@concordat/model/events/record"
import { type JsonObject, sameJson } from "@concordat/model/json"
import { type RecordKey, recordKey, type SeenDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { COMMIT_TRIES } from "../limits.ts"
import type { DocumentWrite } from "../ports/State.ts"
import { type Fact, factId } from "./events.ts"
import { type Gap, gapOf } from "./gaps.ts"
import { type Begun, knownOf, streamOf } from "./intend.ts"
import type { Entry } from "./Ledger.ts"
import { canRead, fenceOf, lockOf, type Parts, put, putFollow, recordStream, seenDocs, sourcesOf } from "./parts.ts"
import { rebuildStream } from "./rebuild.ts"
import { unseen, vanished, written } from "./seen.ts"
import { type Settled, targetsOf } from "./settle.ts"
import { inStretches } from "../right-of-way.ts"
import { asWorkerError, WorkerError } from "./WorkerError.ts"

export interface Answered {
  readonly begun: Begun
  readonly settled: Settled
  /** When the call began, by the worker's clock. */
  readonly startedAt: number
}

type Written = Extract<Settled, { _tag: "Written" }>

/** What the answer held beside what was sent, where the mapping uses it and it is not what was just read. */
const besideOf = (answered: Answered, settled: Written, sources: ReadonlyArray<string>): JsonObject | null => {
  const { current } = answered.begun.candidate
  const names = Object.keys(settled.beside).filter((name) => sources.includes(name))
  if (names.every((name) => current !== null && sameJson(current[name], settled.beside[name]))) return null
  return Object.fromEntries(names.map((name) => [name, settled.beside[name]!]))
}

/** Records of which nothing is known yet: somebody else's that was taken for ours, and what a write made of the record. */
const toFollow = (parts: Parts, { data, outcome }: Written): ReadonlyArray<RecordKey> =>
  [...(data.adopted ? [{ object: data.object, id: data.externalId }] : []), ...(outcome.converted ?? [])].filter(
    ({ object }) => canRead(parts, object),
  )

interface Known {
  /** Of the record or, for a create, of the create's stream. */
  readonly stream: SeenDoc
  /** Of the record that the answer names. */
  readonly record: SeenDoc
}

interface Kept {
  readonly entries: ReadonlyArray<Entry>
  readonly documents: ReadonlyArray<DocumentWrite>
  readonly gap?: Gap | null
}

const keepWritten = (
  parts: Parts,
  answered: Answered,
  settled: Written,
  known: Known,
  sources: ReadonlyArray<string>,
  now: number,
): Kept => {
  const { candidate, intent } = answered.begun
  const { outcome } = settled
  const cause = factId(intent.stream, intent.streamRevision - 1, intent.data)
  const told = (data: Fact["data"]): Fact => ({ data, correlation: cause, cause })
  const record: RecordKey = { object: settled.data.object, id: settled.data.externalId }
  const isCreate = candidate.record === null
  const stream = streamOf(parts, candidate)
  const onRecord: Array<Fact> = isCreate ? [] : [told(settled.data)]
  const beside = candidate.kind === "archive" || settled.data.adopted ? null : besideOf(answered, settled, sources)
  if (beside !== null) {
    const data: RecordObserved = {
      _tag: "RecordObserved",
      connection: parts.connection,
      object: record.object,
      externalId: record.id,
      values: clear(beside),
      readStartedAt: Math.floor(answered.startedAt),
      readBefore: Math.floor(known.record.readAt),
      stamp: outcome.stamp ?? null,
      by: null,
      via: "write",
      ownId: null,
    }
    onRecord.push(told(data))
  }
  if (outcome.converted !== undefined && outcome.converted.length > 0) {
    const data: RecordConverted = {
      _tag: "RecordConverted",
      connection: parts.connection,
      object: record.object,
      externalId: record.id,
      into: outcome.converted,
      readStartedAt: Math.floor(answered.startedAt),
    }
    onRecord.push(told(data))
  }
  const isOver = candidate.kind === "archive" || (outcome.converted?.length ?? 0) > 0
  const after = isOver
    ? vanished(known.record, answered.startedAt, now)
    : written(
        known.record,
        candidate.sent.values,
        // Somebody else's record: nothing of it is known before it is read.
        settled.data.adopted ? undefined : settled.held,
        { stamp: settled.data.stamp, version: outcome.version },
        sources,
        now,
      )
  const seen: SeenDoc = { ...after, revision: known.record.revision + onRecord.length }
  const entries: Array<Entry> = []
  if (isCreate) entries.push({ stream, expected: known.stream.revision, facts: [told(settled.data)] })
  if (onRecord.length > 0)
    entries.push({ stream: recordStream(parts, record), expected: known.record.revision, facts: onRecord })
  const documents = [put(parts, "intent", candidate.key, null), put(parts, "seen", recordKey(record), seen)]
  for (const one of toFollow(parts, settled)) documents.push(putFollow(parts, one))
  const gap = gapOf(parts, answered.begun, settled)
  if (gap !== null) documents.push(put(parts, "gap", candidate.key, gap))
  if (isCreate) documents.push(put(parts, "create", candidate.entityKey, { revision: known.stream.revision + 1 }))
  return { entries, documents, gap }
}

const keepRefused = (
  parts: Parts,
  answered: Answered,
  data: Extract<Settled, { _tag: "Refused" }>["data"],
  known: Known,
  now: number,
): Kept => {
  const { candidate, intent } = answered.begun
  const cause = factId(intent.stream, intent.streamRevision - 1, intent.data)
  const revision = known.stream.revision + 1
  return {
    entries: [
      {
        stream: streamOf(parts, candidate),
        expected: known.stream.revision,
        facts: [{ data, correlation: cause, cause }],
      },
    ],
    documents: [
      put(parts, "intent", candidate.key, null),
      candidate.record === null
        ? put(parts, "create", candidate.entityKey, { revision })
        : put(parts, "seen", recordKey(candidate.record), { ...known.stream, revision, factAt: now }),
    ],
  }
}

/** Records that may be gone without our knowing, as a refusal says: the written one, or those that it refers to. */
const absent = ({ begun: { candidate, intent }, settled }: Answered): ReadonlyArray<RecordKey> => {
  switch (settled._tag) {
    case "Written":
      return settled.data.refused.some(({ code }) => code === "reference") ? targetsOf(intent) : []
    case "Refused":
      if (settled.data.code === "reference") return targetsOf(intent)
      return settled.data.code === "missing" && candidate.record !== null ? [candidate.record] : []
    default:
      return []
  }
}

const nameOf = (answered: Answered): RecordKey | null => {
  const { settled } = answered
  return settled._tag === "Written"
    ? { object: settled.data.object, id: settled.data.externalId }
    : answered.begun.candidate.record
}

/** Two rows of a batch that name one record (an adopted create) are kept one after the other. */
const apart = (answers: ReadonlyArray<Answered>): ReadonlyArray<ReadonlyArray<Answered>> => {
  const rounds: Array<{ readonly names: Set<string>; readonly answers: Array<Answered> }> = []
  for (const answered of answers) {
    const record = nameOf(answered)
    const name = record === null ? answered.begun.candidate.key : recordKey(record)
    const round = rounds.find(({ names }) => !names.has(name))
    if (round === undefined) rounds.push({ names: new Set([name]), answers: [answered] })
    else {
      round.names.add(name)
      round.answers.push(answered)
    }
  }
  return rounds.map((round) => round.answers)
}

const keepRound = Effect.fnUntraced(function* (parts: Parts, answers: ReadonlyArray<Answered>) {
  const store = asWorkerError(parts.connection)
  const mapping = yield* store(parts.planner.mapping)
  const rebuilt = new Map<string, SeenDoc>()
  for (let attempt = 0; attempt < COMMIT_TRIES; attempt++) {
    const streams = yield* knownOf(
      parts,
      answers.map(({ begun }) => begun.candidate),
    )
    const names = answers.map((answered) => nameOf(answered) ?? { object: "", id: "" })
    const records = yield* store(seenDocs(parts, names))
    const now = yield* parts.tick
    const kept = yield* inStretches(parts.tenant, answers, (answered, i): Kept => {
      const { candidate } = answered.begun
      const { settled } = answered
      const stream = rebuilt.get(streamOf(parts, candidate)) ?? streams[i]!
      const record = rebuilt.get(recordStream(parts, names[i]!)) ?? records[i] ?? unseen
      const sources = mapping === null ? [] : sourcesOf(mapping, names[i]!.object)
      switch (settled._tag) {
        case "Written":
          return keepWritten(parts, answered, settled, { stream, record }, sources, now)
        case "Refused":
          return keepRefused(parts, answered, settled.data, { stream, record }, now)
        case "Open":
          return { entries: [], documents: [put(parts, "intent", candidate.key, settled.intent)] }
        case "Overtaken":
          return { entries: [], documents: [put(parts, "intent", candidate.key, null)] }
      }
    })
    const moved = yield* parts.ledger.commit({
      entries: kept.flatMap(({ entries }) => entries),
      documents: kept.flatMap(({ documents }) => documents),
      fence: fenceOf(parts, "changes", answers[0]?.begun.candidate.object ?? ""),
    })
    if (moved.length === 0) {
      for (const { gap } of kept)
        if (gap != null) {
          parts.gaps.set(gap.key, gap)
          parts.told.gap()
        }
      return
    }
    for (const stream of moved) {
      const found = yield* rebuildStream(parts, stream)
      if (found !== null) rebuilt.set(stream, found.seen)
    }
  }
  const detail = `streams kept moving through ${COMMIT_TRIES} decisions`
  return yield* new WorkerError({ connection: parts.connection, reason: "contended", detail })
})

/** Keeps what came of a batch and unlocks its records. */
export const keepAnswers = Effect.fn("Connection.answers")(function* (parts: Parts, answers: ReadonlyArray<Answered>) {
  for (const round of apart(answers)) yield* parts.ledger.exclusively(keepRound(parts, round))
  for (const answered of answers) {
    const { begun, settled } = answered
    const { key, record } = begun.candidate
    if (settled._tag === "Open") {
      parts.intents.set(key, settled.intent)
      if (settled.intent.job !== null) parts.told.job()
    } else {
      parts.intents.delete(key)
      parts.doubts.delete(key)
    }
    const lock = lockOf(record, begun.candidate.sent.ownId)
    if (lock !== null) {
      if (settled._tag === "Open") parts.busy.set(lock, settled.intent.until)
      else parts.busy.delete(lock)
    }
    if (settled._tag === "Written") {
      parts.counting.add("writes")
      const follows = toFollow(parts, settled)
      for (const one of follows) parts.follows.add(recordKey(one))
      parts.told.lookAt(follows)
    }
    if (settled._tag === "Refused" && settled.data.code !== SUPERSEDED) {
      parts.counting.add("refused")
      const { existing, object } = settled.data
      if (existing !== null) parts.told.lookAt([{ object, id: existing }])
    }
    const looks = absent(answered)
    if (looks.length > 0) parts.told.lookAt(looks)
  }
})
