/** Intents: in the journal before the call, a page of them in one commit, with a lock on each record until the answer. */
import * as streams from "@concordat/model/streams"
import { type CreateDoc, type OpenIntentDoc, recordKey, type SeenDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import type { DocumentWrite } from "../ports/State.ts"
import type { Candidate } from "./candidate.ts"
import { facetOf, FIELDS } from "./facets.ts"
import { doubtOf } from "./doubts.ts"
import { gapOfLost } from "./gaps.ts"
import type { Entry } from "./Ledger.ts"
import { dropLocks } from "./locks.ts"
import { documentId, fenceOf, isOpen, lockOf, type Parts, put, recordStream } from "./parts.ts"
import { rebuildStream } from "./rebuild.ts"
import { asBegun } from "./rebuild-open.ts"
import { readBefore, unseen } from "./seen.ts"
import { asWorkerError } from "./WorkerError.ts"

/** A candidate whose intent is durable and whose record is locked, with the version that it was read at. */
export interface Begun {
  readonly candidate: Candidate
  readonly intent: OpenIntentDoc
  readonly version: string | undefined
}

export const streamOf = (parts: Parts, candidate: Candidate): string =>
  candidate.record === null
    ? streams.create(parts.tenant, parts.connection, candidate.entity.id)
    : recordStream(parts, candidate.record)

/** What is known of the stream that a candidate's facts go to. */
export const knownOf = Effect.fnUntraced(function* (parts: Parts, candidates: ReadonlyArray<Candidate>) {
  const texts = yield* asWorkerError(parts.connection)(
    parts.state.getMany(
      candidates.map(({ entityKey, record }) =>
        record === null ? documentId(parts, "create", entityKey) : documentId(parts, "seen", recordKey(record)),
      ),
    ),
  )
  return texts.map((text, i): SeenDoc => {
    if (text === null) return unseen
    const doc: unknown = JSON.parse(text)
    return candidates[i]!.record === null ? { ...unseen, revision: (doc as CreateDoc).revision } : (doc as SeenDoc)
  })
})

/** The state lags behind the journal: what the streams say is kept, so that the next round goes on from there. */
const repair = Effect.fnUntraced(function* (parts: Parts, moved: ReadonlyArray<string>) {
  const documents: Array<DocumentWrite> = []
  for (const stream of moved) {
    const found = yield* rebuildStream(parts, stream)
    if (found === null) continue
    documents.push(
      put(parts, found.kind, found.key, found.kind === "seen" ? found.seen : { revision: found.seen.revision }),
    )
    for (const [key, begun] of found.intents) {
      if (isOpen(parts, key)) continue
      const intent = yield* asBegun(parts, begun)
      parts.intents.set(key, intent)
      documents.push(put(parts, "intent", key, intent))
    }
  }
  yield* parts.ledger.commit({ entries: [], documents, fence: fenceOf(parts, "changes", "") })
})

/** What is known of the record must not be newer than what the plan was made from. */
const isCurrent = (parts: Parts, candidate: Candidate, seen: SeenDoc, plannedAt: number): boolean => {
  if (candidate.record === null) return true
  return (
    seen.factAt < plannedAt && !seen.gone && parts.busy.get(recordKey(candidate.record)) !== Number.POSITIVE_INFINITY
  )
}

/** What was read directly before, where a history may be asked afterwards: the shadow says it as the mapping would write it. */
const currentOf = ({ connector }: Parts, { current, sent }: Candidate): Pick<OpenIntentDoc, "current"> => {
  if (connector.overwritten === undefined || current === null) return {}
  const names = Object.keys(sent.values).filter((name) => facetOf(name) === FIELDS && current[name] !== undefined)
  return { current: Object.fromEntries(names.map((name) => [name, current[name]!])) }
}

/**
 * Begins those writes that may begin; the others wait for the next round. `plannedAt`: by the worker's clock, before
 * the plan was made.
 */
export const begin = Effect.fn("Connection.intend")(function* (
  parts: Parts,
  candidates: ReadonlyArray<Candidate>,
  plannedAt: number,
) {
  const decision = Effect.gen(function* () {
    const known = yield* knownOf(parts, candidates)
    const now = yield* parts.tick
    const entries: Array<Entry> = []
    const documents: Array<DocumentWrite> = []
    const begun: Array<Begun> = []
    for (const [i, candidate] of candidates.entries()) {
      const seen = known[i]!
      if (!isCurrent(parts, candidate, seen, plannedAt)) continue
      const { data, key, record } = candidate
      const stream = streamOf(parts, candidate)
      const revision = candidate.intent === null ? seen.revision + 1 : candidate.intent.streamRevision
      const intent: OpenIntentDoc = {
        stream,
        streamRevision: revision,
        data: { ...data },
        attempts: (candidate.intent?.attempts ?? 0) + 1,
        ...(candidate.intent?.untaken === undefined ? {} : { untaken: candidate.intent.untaken }),
        nextAt: now,
        job: null,
        until: now,
        ...(candidate.record === null ? {} : readBefore(seen)),
        ...currentOf(parts, candidate),
      }
      if (candidate.intent === null) {
        entries.push({ stream, expected: seen.revision, facts: [{ data }] })
        documents.push(
          record === null
            ? put(parts, "create", candidate.entityKey, { revision })
            : put(parts, "seen", recordKey(record), { ...seen, revision, factAt: now }),
        )
      }
      documents.push(put(parts, "intent", key, intent))
      begun.push({ candidate, intent, version: seen.version })
    }
    if (begun.length === 0) return begun
    const fence = fenceOf(parts, "changes", begun[0]!.candidate.object)
    const moved = yield* parts.ledger.commit({ entries, documents, fence })
    if (moved.length > 0) {
      yield* repair(parts, moved)
      return []
    }
    for (const { candidate, intent } of begun) {
      parts.intents.set(candidate.key, intent)
      parts.doubts.delete(candidate.key)
      const lock = lockOf(candidate.record, candidate.sent.ownId)
      if (lock !== null) parts.busy.set(lock, Number.POSITIVE_INFINITY)
    }
    return begun
  })
  return yield* parts.ledger.exclusively(decision)
})

/**
 * Forgets an intent that nothing will be sent for any more: what is due instead gets one of its own. It may have been taken, and
 * so have stood over an edit, and be there to be read.
 */
export const forget = Effect.fnUntraced(function* (parts: Parts, keys: ReadonlyArray<string>) {
  if (keys.length === 0) return
  const gaps = keys.flatMap((key) => {
    const intent = parts.intents.get(key)
    return (intent === undefined ? null : gapOfLost(parts, intent)) ?? []
  })
  const doubts = new Map(
    keys.flatMap((key) => {
      const intent = parts.intents.get(key)
      const doubt = intent === undefined ? null : doubtOf(parts, intent)
      return doubt === null ? [] : [[key, doubt] as const]
    }),
  )
  const documents = keys.map((key) => put(parts, "intent", key, doubts.get(key) ?? null))
  for (const gap of gaps) documents.push(put(parts, "gap", gap.key, gap))
  const fence = fenceOf(parts, "changes", "")
  yield* parts.ledger.exclusively(parts.ledger.commit({ entries: [], documents, fence }))
  for (const key of keys) parts.intents.delete(key)
  for (const gap of gaps) parts.gaps.set(gap.key, gap)
  if (gaps.length > 0) parts.told.gap()
  for (const [key, doubt] of doubts) parts.doubts.set(key, doubt)
  if (doubts.size > 0) parts.told.doubt()
  dropLocks(parts, yield* parts.tick)
})
