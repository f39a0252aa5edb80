/** What the worker knows of a record, a create or its open writes, rebuilt from the journal where the state lags or is lost. */
import { opened, type Personal } from "@concordat/model/events/envelope"
import type { PageCommitted, RecordConverted } from "@concordat/model/events/record"
import { readEvent } from "@concordat/model/events/stored"
import type { JsonObject } from "@concordat/model/json"
import * as streams from "@concordat/model/streams"
import type { Mapping } from "@concordat/rules/mapping/lens"
import {
  type CursorDoc,
  type OpenIntentDoc,
  type RecordKey,
  recordKey,
  type SeenDoc,
} from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { COMMIT_RECORDS, REBUILD_EVENTS } from "../limits.ts"
import type { RecordedEvent } from "../ports/Journal.ts"
import type { DocumentWrite } from "../ports/State.ts"
import { fenceOf, meaningDoc, meaningKey, type Parts, put, sourcesOf, walkKey } from "./parts.ts"
import { evolve, unseen } from "./seen.ts"
import { asWorkerError, WorkerError } from "./WorkerError.ts"

/** What follows from a record's or a create's stream. `key`: `object:id`, or `type:id` of the entity. */
export interface Rebuilt {
  readonly kind: "seen" | "create"
  readonly key: string
  readonly seen: SeenDoc
  readonly intents: ReadonlyMap<string, OpenIntentDoc>
}

const decode = Effect.fnUntraced(function* (parts: Parts, event: RecordedEvent) {
  const read = readEvent(event.type, event.data, event.metadata)
  if (Result.isSuccess(read)) return read.success as Record<string, unknown>
  const detail = `${event.stream}@${event.revision}: ${read.failure.message}`
  return yield* new WorkerError({ connection: parts.connection, reason: "journal", detail })
})

const started = (event: RecordedEvent): Rebuilt => {
  const data = JSON.parse(event.data) as {
    object: string
    externalId?: string | null
    entity?: { type: string; id: string }
  }
  const isCreate = streams.categoryOf(event.stream) === "create"
  const key = isCreate ? `${data.entity?.type}:${data.entity?.id}` : `${data.object}:${data.externalId}`
  return { kind: isCreate ? "create" : "seen", key, seen: unseen, intents: new Map() }
}

/** Before the mapping is known, the names that were read stand for those that it reads. */
const sourcesFor = (mapping: Mapping | null, data: Record<string, unknown>): ReadonlyArray<string> => {
  if (mapping !== null) return sourcesOf(mapping, String(data["object"]))
  const values = data["values"] as Personal | undefined
  return values === undefined ? [] : Object.keys(opened(values))
}

const after = (known: Rebuilt, event: RecordedEvent, data: Record<string, unknown>, mapping: Mapping | null) => {
  const sources = sourcesFor(mapping, data)
  const at = Date.parse(event.metadata["at"] ?? "") || 0
  const seen = evolve(known.seen, { type: event.type, revision: event.revision, data, at }, sources)
  const intents = new Map(known.intents)
  const key = String(data["key"])
  if (event.type === "WriteIntended")
    intents.set(key, {
      stream: event.stream,
      streamRevision: event.revision,
      data: data as JsonObject,
      attempts: 1,
      nextAt: at,
      job: null,
      until: at,
    })
  if (event.type === "RecordWritten" || event.type === "WriteRefused") intents.delete(key)
  return { ...known, seen, intents }
}

const becameOf = (type: string, data: Record<string, unknown>): ReadonlyArray<RecordKey> => {
  if (type === "RecordConverted") return (data as unknown as RecordConverted).into
  return type === "RecordMerged" ? [{ object: String(data["object"]), id: String(data["into"]) }] : []
}

/** One stream, from its first event on. Null for a stream that has none. */
export const rebuildStream = Effect.fnUntraced(function* (parts: Parts, stream: string) {
  const store = asWorkerError(parts.connection)
  const mapping = yield* store(parts.planner.mapping)
  let known: Rebuilt | null = null
  for (let from = 0; ;) {
    const page: ReadonlyArray<RecordedEvent> = yield* store(
      parts.journal.read(stream, { from, direction: "forward", limit: REBUILD_EVENTS }),
    )
    for (const event of page) {
      const data = yield* decode(parts, event)
      known = after(known ?? started(event), event, data, mapping)
    }
    if (page.length < REBUILD_EVENTS) return known
    from = page.at(-1)!.revision + 1
  }
})

const cursorOf = (parts: Parts, page: typeof PageCommitted.Type, at: number): CursorDoc => ({
  cursor: page.cursor,
  done: page.done,
  total: page.total,
  finished: page.walk === "backfill" && page.cursor === null && page.done > 0,
  startedAt: parts.cursors.get(walkKey(page.walk, page.object))?.startedAt ?? at,
})

/** Where each walk was, as the pages on the worker's stream say. */
export const rebuildCursors = Effect.fnUntraced(function* (parts: Parts) {
  const store = asWorkerError(parts.connection)
  const stream = streams.worker(parts.tenant, parts.connection)
  for (let from = 0; ;) {
    const page: ReadonlyArray<RecordedEvent> = yield* store(
      parts.journal.read(stream, { from, direction: "forward", limit: REBUILD_EVENTS }),
    )
    for (const event of page) {
      const data = (yield* decode(parts, event)) as typeof PageCommitted.Type
      // A fence that only repeats "nowhere yet" says nothing of a walk.
      if (data.cursor === null && data.walk !== "backfill") continue
      const at = Date.parse(event.metadata["at"] ?? "") || 0
      parts.cursors.set(walkKey(data.walk, data.object), cursorOf(parts, data, at))
      if (data.meaning !== undefined)
        parts.cursors.set(meaningKey(data.object), meaningDoc(data.meaning.hash, Math.floor(at)))
    }
    if (page.length < REBUILD_EVENTS) return
    from = page.at(-1)!.revision + 1
  }
})

/** What was read of an object under another meaning has to be shown again: what is known of it counts for nothing. */
const forgotten = (known: Rebuilt, object: string): Rebuilt =>
  known.kind === "seen" && known.key.startsWith(`${object}:`)
    ? { ...known, seen: { ...known.seen, hashes: {} } }
    : known

/** All of the connection's streams, for a state that was dropped. Returns the open writes. */
export const rebuildAll = Effect.fnUntraced(function* (parts: Parts) {
  const store = asWorkerError(parts.connection)
  const mapping = yield* store(parts.planner.mapping)
  const place = `${streams.partitionOf(parts.tenant)}.${parts.tenant}.${parts.connection}.`
  const worker = streams.worker(parts.tenant, parts.connection)
  const all = new Map<string, Rebuilt>()
  /** What records became: where nothing is known of it, a crash came between that word and the reading of it. */
  const became = new Set<string>()
  for (let from: string | null = null; ;) {
    const page: { readonly events: ReadonlyArray<RecordedEvent>; readonly position: string | null } = yield* store(
      parts.journal.readAll({
        after: from,
        prefixes: [`record-${place}`, `create-${place}`, worker],
        limit: REBUILD_EVENTS,
      }),
    )
    for (const event of page.events) {
      // The name of another connection may begin like this one's.
      if (event.type === "PageCommitted" && event.stream !== worker) continue
      const data = yield* decode(parts, event)
      if (event.type === "PageCommitted") {
        const { meaning, object } = data as typeof PageCommitted.Type
        if (meaning?.isChanged === true) for (const [stream, known] of all) all.set(stream, forgotten(known, object))
        continue
      }
      all.set(event.stream, after(all.get(event.stream) ?? started(event), event, data, mapping))
      for (const record of becameOf(event.type, data)) became.add(recordKey(record))
    }
    if (page.events.length < REBUILD_EVENTS) break
    from = page.position
  }
  const known = new Set([...all.values()].map(({ key }) => key))
  const documents: Array<DocumentWrite> = [...parts.cursors].map(([key, cursor]) => put(parts, "cursor", key, cursor))
  for (const record of became)
    if (!known.has(record)) {
      parts.follows.add(record)
      documents.push(put(parts, "follow", record, true))
    }
  for (const { kind, key, seen, intents } of all.values()) {
    documents.push(put(parts, kind, key, kind === "seen" ? seen : { revision: seen.revision }))
    for (const [intent, doc] of intents) {
      parts.intents.set(intent, doc)
      documents.push(put(parts, "intent", intent, doc))
    }
  }
  const fence = fenceOf(parts, "changes", "")
  for (let at = 0; at < documents.length; at += COMMIT_RECORDS)
    yield* parts.ledger.exclusively(
      parts.ledger.commit({ entries: [], documents: documents.slice(at, at + COMMIT_RECORDS), fence }),
    )
})
