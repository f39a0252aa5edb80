/** Readings become facts: judged against what is known, appended with what is known after them, all of a page at once. */
import type { RecordObserved } from "@concordat/model/events/record"
import type { Mapping } from "@concordat/rules/mapping/lens"
import { type CursorDoc, type RecordKey, recordKey, type SeenDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { COMMIT_RECORDS, COMMIT_TRIES, CURSOR_EVENT_EVERY_MS } from "../limits.ts"
import type { RawRecord, Reading } from "../ports/Provider.ts"
import type { DocumentWrite } from "../ports/State.ts"
import { chunked, lastOfEach } from "./batches.ts"
import { heldBack, judge, type Verdict } from "./judge.ts"
import type { Entry } from "./Ledger.ts"
import {
  busyUntil,
  canRead,
  fenceAt,
  fenceOf,
  followed,
  isOpen,
  type Parts,
  put,
  putFollow,
  recordStream,
  seenDocs,
  sourcesOf,
  type Walk,
  walkKey,
} from "./parts.ts"
import { rebuildStream } from "./rebuild.ts"
import { inStretches } from "../right-of-way.ts"
import { asWorkerError, WorkerError } from "./WorkerError.ts"

/** A cursor that moves with a page. `fence` says so in the journal. */
export interface Move {
  readonly walk: Walk
  readonly object: string
  readonly to: CursorDoc
}

export interface Readings {
  readonly mapping: Mapping
  readonly readings: ReadonlyArray<Reading>
  readonly via: RecordObserved["via"]
  /** By the worker's clock, taken before the call. */
  readonly startedAt: number
  /** The readings were made by id: they count whatever their stamp. */
  readonly byId: boolean
  readonly move?: Move
  /** Whether a pushed record counts even though a write is on its way: there is no other reading of it. */
  readonly unconditional?: boolean
}

export interface Ingested {
  /** To be read again by id: stale, or older than what is known. */
  readonly again: ReadonlyArray<RecordKey>
  /** To be read, since another record became them. */
  readonly follow: ReadonlyArray<RecordKey>
  /** Records of which something new was appended, by `object:id`. */
  readonly news: ReadonlySet<string>
  /** Revision of each record's stream, by `object:id`. */
  readonly revisions: ReadonlyMap<string, number>
  readonly moved: boolean
}

export const keyOfReading = (reading: Reading): RecordKey =>
  reading._tag === "Found"
    ? { object: reading.record.object, id: reading.record.id }
    : { object: reading.object, id: reading.id }

/** What was merged into a record comes before it: without that, it would be somebody new. */
export const readingsOf = (records: ReadonlyArray<RawRecord>): ReadonlyArray<Reading> =>
  records.flatMap((record) => [
    ...(record.merged ?? []).map((id): Reading => ({ _tag: "Merged", object: record.object, id, into: record.id })),
    { _tag: "Found", record },
  ])

interface Decided {
  readonly reading: Reading
  readonly record: RecordKey
  /** `object:id`. */
  readonly key: string
  readonly before: SeenDoc | null
  readonly verdict: Verdict
}

/** What the worker remembers after a page: not all of what was unchanged is worth a write. */
const remembers = ({ before, verdict }: Decided, via: RecordObserved["via"]): boolean => {
  if (verdict._tag === "Fact") return true
  if (verdict._tag !== "Unchanged" || verdict.seen === before) return false
  // A walk over everything would write everything each time, only to say when it was read.
  return (
    via === "read" ||
    via === "webhook" ||
    verdict.seen.version !== before?.version ||
    verdict.seen.stamp !== before?.stamp
  )
}

const group = Effect.fnUntraced(function* (
  parts: Parts,
  page: Readings,
  readings: ReadonlyArray<Reading>,
  last: boolean,
) {
  const store = asWorkerError(parts.connection)
  const records = readings.map(keyOfReading)
  const keys = records.map(recordKey)
  const rebuilt = new Map<string, SeenDoc>()
  for (let attempt = 0; attempt < COMMIT_TRIES; attempt++) {
    const known = yield* store(seenDocs(parts, records))
    const now = yield* parts.tick
    const judged = yield* inStretches(parts.tenant, readings, (reading, i): Decided => {
      const record = records[i]!
      const key = keys[i]!
      const before = rebuilt.get(key) ?? known[i] ?? null
      const sources = sourcesOf(page.mapping, record.object)
      const verdict = judge(reading, before, {
        connection: parts.connection,
        sources: sources.length > 0 || reading._tag !== "Found" ? sources : Object.keys(reading.record.values),
        via: page.via,
        startedAt: page.unconditional === true ? now : page.startedAt,
        now,
        busyUntil:
          page.unconditional === true
            ? null
            : busyUntil(parts, key, reading._tag === "Found" ? reading.record.ownId : undefined),
        counts: page.byId || !canRead(parts, record.object),
      })
      return { reading, record, key, before, verdict }
    })
    const decided = heldBack(judged)
    const isClean = decided.every(
      ({ verdict }) =>
        verdict._tag !== "Stale" && verdict._tag !== "Older" && !(verdict._tag === "Fact" && verdict.follow.length > 0),
    )
    const move = last && isClean ? page.move : undefined
    const outcome = yield* keep(parts, page, decided, move, now)
    if (outcome.length === 0) return { decided, moved: move !== undefined }
    for (const one of decided) {
      const stream = recordStream(parts, one.record)
      if (!outcome.includes(stream)) continue
      const found = yield* rebuildStream(parts, stream)
      if (found === null) continue
      rebuilt.set(one.key, found.seen)
      for (const [key, intent] of found.intents) if (!isOpen(parts, key)) parts.intents.set(key, intent)
    }
  }
  const detail = `streams kept moving through ${COMMIT_TRIES} decisions`
  return yield* new WorkerError({ connection: parts.connection, reason: "contended", detail })
})

const keep = Effect.fnUntraced(function* (
  parts: Parts,
  page: Readings,
  decided: ReadonlyArray<Decided>,
  move: Move | undefined,
  now: number,
) {
  const entries: Array<Entry> = []
  const documents: Array<DocumentWrite> = []
  for (const one of decided) {
    const { before, key, record, verdict } = one
    if (verdict._tag === "Fact")
      entries.push({
        stream: recordStream(parts, record),
        expected: before?.revision ?? -1,
        facts: [{ data: verdict.data }],
      })
    if ((verdict._tag === "Fact" || verdict._tag === "Unchanged") && remembers(one, page.via))
      documents.push(put(parts, "seen", key, verdict.seen))
    if (verdict._tag !== "Stale" && verdict._tag !== "Older" && parts.follows.has(key))
      documents.push(put(parts, "follow", key, null))
  }
  // What a record became has to be read, whatever happens between this commit and that read.
  const follows = followed(
    parts,
    page.mapping,
    decided.flatMap(({ verdict }) => (verdict._tag === "Fact" ? verdict.follow : [])),
  )
  for (const record of follows) documents.push(putFollow(parts, record))
  const first = decided[0]?.record.object ?? ""
  const fence =
    move === undefined
      ? fenceOf(parts, page.via === "backfill" ? "backfill" : "changes", first)
      : fenceAt(parts, move.walk, move.object, move.to)
  const place = move === undefined ? null : walkKey(move.walk, move.object)
  if (move !== undefined) documents.push(put(parts, "cursor", place!, move.to))
  if (entries.length === 0 && documents.length === 0) return []
  const isPassed = entries.length === 0 && documents.length === 1 && move?.walk === "reread" && !move.to.finished
  if (isPassed && parts.held.pass(move.object, now)) {
    parts.cursors.set(place!, move.to)
    return []
  }
  const sayFence = move !== undefined && isToBeTold(parts, move, now)
  const conflicts = yield* parts.ledger.commit({ entries, documents, fence, sayFence })
  if (conflicts.length === 0) {
    for (const { key, verdict } of decided)
      if (verdict._tag !== "Stale" && verdict._tag !== "Older") parts.follows.delete(key)
    for (const record of follows) parts.follows.add(recordKey(record))
  }
  if (conflicts.length === 0 && place !== null) {
    parts.cursors.set(place, move!.to)
    if (move!.walk === "changes") parts.held.kept(move!.object)
    if (move!.walk === "changes" && (sayFence || entries.length > 0)) parts.toldAt.set(move!.object, now)
  }
  return conflicts
})

const isToBeTold = ({ toldAt }: Parts, { object, walk }: Move, now: number): boolean =>
  walk === "backfill" || (walk === "changes" && now - (toldAt.get(object) ?? 0) >= CURSOR_EVENT_EVERY_MS)

/** Judges, appends, remembers. The cursor moves with the last group, and only where nothing has to be read again. */
export const ingest = Effect.fn("Connection.ingest")(function* (parts: Parts, page: Readings) {
  const readings = lastOfEach(page.readings, (reading) => recordKey(keyOfReading(reading)))
  const groups = chunked(readings, COMMIT_RECORDS)
  const again: Array<RecordKey> = []
  const follow: Array<RecordKey> = []
  const news = new Set<string>()
  const revisions = new Map<string, number>()
  let moved = false
  for (const [i, part] of (groups.length === 0 ? [[]] : groups).entries()) {
    const last = i >= groups.length - 1 && again.length === 0 && follow.length === 0
    const outcome = yield* parts.ledger.exclusively(group(parts, page, part, last))
    moved = outcome.moved
    for (const { before, key, record, verdict } of outcome.decided) {
      parts.counting.add("reads")
      revisions.set(key, "seen" in verdict ? verdict.seen.revision : (before?.revision ?? -1))
      switch (verdict._tag) {
        case "Fact":
          parts.counting.add("facts")
          news.add(key)
          follow.push(...verdict.follow)
          break
        case "Stale":
        case "Older":
          parts.counting.add("stale")
          again.push(record)
          break
        default:
          parts.counting.add("absorbed")
      }
    }
  }
  const ingested: Ingested = { again, follow, news, revisions, moved }
  return ingested
})
