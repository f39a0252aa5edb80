/**
 * Everything that a worker knows, made again from the journal where the state was dropped. A page of events at a time, and
 * what follows from it is kept with how far that is: it takes as much memory for a million records as for a thousand, and a
 * crash goes on where it was.
 */
import type { PageCommitted, RecordConverted } from "@concordat/model/events/record"
import * as streams from "@concordat/model/streams"
import type { Mapping } from "@concordat/rules/mapping/lens"
import { parseRecordKey, type RecordKey, recordKey, type SeenDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { COMMIT_RECORDS } from "../limits.ts"
import type { RecordedEvent } from "../ports/Journal.ts"
import type { DocumentWrite } from "../ports/State.ts"
import { chunked } from "./batches.ts"
import { documentId, fenceOf, type Parts, put, putFollow, seenDocs } from "./parts.ts"
import { unseen } from "./seen.ts"
import { after, begun, decode, documentOf, noteIntent, type Rebuilt, rebuildCursors } from "./rebuild.ts"
import { type GapsAgain, gapDocuments, gapsAgain, noteGap } from "./rebuild-gaps.ts"
import { asBegun, isBare } from "./rebuild-open.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

const PLACE = "rebuild"

/** Up to where everything is kept. */
interface Place {
  /** null: nothing is. */
  readonly position: string | null
  /** The last revision of the worker's own stream until there. */
  readonly told: number
  /** When the worker's last life ended, ms since 1970; absent: it was kept by a version that did not ask. */
  readonly endedAt?: number
}

type Read = readonly [event: RecordedEvent, data: Record<string, unknown>]

const becameOf = (type: string, data: Record<string, unknown>): ReadonlyArray<RecordKey> => {
  if (type === "RecordConverted") return (data as unknown as RecordConverted).into
  return type === "RecordMerged" ? [{ object: String(data["object"]), id: String(data["into"]) }] : []
}

/** What earlier pages made of the streams that a page goes on with. */
const knownBefore = Effect.fnUntraced(function* (parts: Parts, page: ReadonlyArray<Read>) {
  const firsts = new Map<string, Read>()
  for (const read of page) if (!firsts.has(read[0].stream)) firsts.set(read[0].stream, read)
  const goingOn = [...firsts]
    .filter(([, [{ revision }]]) => revision > 0)
    .map(([stream, [, data]]) => [stream, begun(stream, data)] as const)
    .filter(([, { kind }]) => kind === "seen")
  const docs = yield* asWorkerError(parts.connection)(
    seenDocs(
      parts,
      goingOn.map(([, { key }]) => parseRecordKey(key)),
    ),
  )
  const known = new Map<string, Rebuilt>()
  for (const [index, [stream, first]] of goingOn.entries()) {
    const seen: SeenDoc | null | undefined = docs[index]
    if (seen !== null && seen !== undefined) known.set(stream, { ...first, seen })
  }
  return known
})

/** Makes the documents of one page. `shownAgain`: see `rebuildCursors`, without what was passed already. */
const documentsOf = Effect.fnUntraced(function* (
  parts: Parts,
  mapping: Mapping | null,
  page: ReadonlyArray<Read>,
  shownAgain: Map<string, number>,
  gaps: GapsAgain,
) {
  const known = yield* knownBefore(parts, page)
  const touched = new Map<string, Rebuilt>()
  const intents = new Set<string>()
  const became = new Map<string, RecordKey>()
  const created = new Map<string, number>()
  for (const [event, data] of page) {
    if (event.type === "PageCommitted") {
      const { object } = data as typeof PageCommitted.Type
      if (shownAgain.get(object) === event.revision) shownAgain.delete(object)
      continue
    }
    const before = touched.get(event.stream) ?? known.get(event.stream) ?? begun(event.stream, data)
    const made = after(before, event, data, mapping)
    // What was read under another meaning is to be shown again: it counts for nothing.
    const isForgotten = shownAgain.has(String(data["object"]))
    touched.set(event.stream, isForgotten ? { ...made, seen: { ...made.seen, hashes: {} } } : made)
    yield* noteGap(gaps, [event, data], parts.intents.get(String(data["key"])), before.seen)
    const intent = noteIntent(parts.intents, event, data, before.seen)
    if (intent !== null) intents.add(intent)
    for (const record of becameOf(event.type, data)) became.set(recordKey(record), record)
    if (event.type === "RecordWritten" && data["kind"] === "create")
      created.set(
        recordKey({ object: String(data["object"]), id: String(data["externalId"]) }),
        Date.parse(event.metadata["at"] ?? "") || 0,
      )
  }
  const documents = [...touched.values()].map((one) => documentOf(parts, one))
  for (const key of intents) documents.push(put(parts, "intent", key, parts.intents.get(key) ?? null))
  documents.push(...gapDocuments(gaps))
  documents.push(...(yield* follow(parts, [...touched.values()], became)))
  documents.push(...(yield* answered(parts, [...touched.values()], created)))
  return documents
})

/** Of a record of ours that nobody has read there is the answer to its create alone: it is known, so that its deletion is news. */
const answered = Effect.fnUntraced(function* (
  parts: Parts,
  touched: ReadonlyArray<Rebuilt>,
  created: ReadonlyMap<string, number>,
) {
  const here = new Set(touched.map(({ key }) => key))
  const others = [...created].filter(([key]) => !here.has(key))
  const keys = others.map(([key]) => parseRecordKey(key))
  const docs = yield* asWorkerError(parts.connection)(seenDocs(parts, keys))
  return others.flatMap(([key, factAt], index) =>
    docs[index] === null ? [put(parts, "seen", key, { ...unseen, factAt })] : [],
  )
})

/** What records became is followed until something is known of it: a crash came between that word and the reading of it. */
const follow = Effect.fnUntraced(function* (
  parts: Parts,
  touched: ReadonlyArray<Rebuilt>,
  became: ReadonlyMap<string, RecordKey>,
) {
  const documents: Array<DocumentWrite> = []
  const here = new Set(touched.map(({ key }) => key))
  for (const key of here) if (parts.follows.delete(key)) documents.push(put(parts, "follow", key, null))
  const others = [...became].filter(([key]) => !here.has(key)).map(([, record]) => record)
  const docs = yield* asWorkerError(parts.connection)(seenDocs(parts, others))
  for (const [index, record] of others.entries()) {
    if (docs[index] !== null) continue
    parts.follows.add(recordKey(record))
    documents.push(putFollow(parts, record))
  }
  return documents
})

/** Of a page of open writes. */
const openDocuments = Effect.fnUntraced(function* (parts: Parts, keys: ReadonlyArray<string>) {
  const documents: Array<DocumentWrite> = []
  for (const key of keys) {
    const intent = yield* asBegun(parts, parts.intents.get(key)!)
    parts.intents.set(key, intent)
    documents.push(put(parts, "intent", key, intent))
  }
  return documents
})

/** How far the worker's documents were made when its last life ended; null: they are there. */
const placeOf = Effect.fnUntraced(function* (parts: Parts): Effect.fn.Return<Place | null, WorkerError> {
  const store = asWorkerError(parts.connection)
  const [text] = yield* store(parts.state.getMany([documentId(parts, PLACE, "")]))
  if (text !== null && text !== undefined) return JSON.parse(text) as Place
  if (parts.cursors.size > 0) return null
  const prefix = `${parts.connection}|`
  const seen = yield* store(parts.state.scan({ tenant: parts.tenant, kind: "seen", prefix, after: null, limit: 1 }))
  return seen.length > 0 ? null : { position: null, told: -1 }
})

/** Nothing happens where the documents are there. `endedAt`: when the worker said something last, ms since 1970. */
export const rebuildAll = Effect.fnUntraced(function* (parts: Parts, endedAt: number) {
  const store = asWorkerError(parts.connection)
  const begunAt = yield* placeOf(parts)
  if (begunAt === null) return
  let at: Place = begunAt
  const shownAgain = yield* rebuildCursors(parts)
  for (const [object, revision] of shownAgain) if (revision <= at.told) shownAgain.delete(object)
  const mapping = yield* store(parts.planner.mapping)
  // Begun by a process that died in it, it ended before that one took over, which is the last word by now.
  const ended = at.endedAt ?? endedAt
  const gaps = gapsAgain(parts, ended)
  const place = `${streams.partitionOf(parts.tenant)}.${parts.tenant}.${parts.connection}.`
  const worker = streams.worker(parts.tenant, parts.connection)
  const prefixes = [`record-${place}`, `create-${place}`, worker]
  // One commit for each page: half of it, read again after a crash, would count twice.
  const keep = (documents: ReadonlyArray<DocumentWrite>) =>
    parts.ledger.exclusively(parts.ledger.commit({ entries: [], documents, fence: fenceOf(parts, "changes", "") }))
  for (;;) {
    const { events }: { readonly events: ReadonlyArray<RecordedEvent> } = yield* store(
      parts.journal.readAll({ after: at.position, prefixes, limit: COMMIT_RECORDS }),
    )
    const page: Array<Read> = []
    let { told } = at
    for (const event of events) {
      // The name of another connection may begin like this one's.
      if (event.type === "PageCommitted" && event.stream !== worker) continue
      if (event.stream === worker) told = event.revision
      page.push([event, yield* decode(parts, event)])
    }
    const documents = yield* documentsOf(parts, mapping, page, shownAgain, gaps)
    const isEnd = events.length < COMMIT_RECORDS
    // Asked of those that stay open, and not of each that there ever was.
    const bare = isEnd ? [...parts.intents].flatMap(([key, one]) => (isBare(parts, one) ? [key] : [])) : []
    if (isEnd && bare.length === 0) {
      // Last of all, since they say that everything before them is there.
      for (const [key, cursor] of parts.cursors) documents.push(put(parts, "cursor", key, cursor))
      if (at.position !== null) documents.push(put(parts, PLACE, "", null))
      if (documents.length > 0) yield* keep(documents)
      return
    }
    at = { position: events.at(-1)?.position ?? at.position, told, endedAt: ended }
    yield* keep([...documents, put(parts, PLACE, "", at)])
    for (const some of chunked(bare, COMMIT_RECORDS)) yield* keep(yield* openDocuments(parts, some))
  }
})
