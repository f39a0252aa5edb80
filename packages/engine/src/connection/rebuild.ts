/** What the worker knows of a record, a create, its open writes and its walks, as one stream of the journal says. */
import { opened, type Personal } from "@concordat/model/events/envelope"
import type { EntityRef, PageCommitted } from "@concordat/model/events/record"
import { readEvent } from "@concordat/model/events/stored"
import type { JsonObject } from "@concordat/model/json"
import * as streams from "@concordat/model/streams"
import type { Mapping } from "@concordat/rules/mapping/lens"
import type { CursorDoc, OpenIntentDoc, SeenDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { REBUILD_EVENTS } from "../limits.ts"
import type { RecordedEvent } from "../ports/Journal.ts"
import type { DocumentWrite } from "../ports/State.ts"
import { meaningDoc, meaningKey, type Parts, put, sourcesOf, walkKey } from "./parts.ts"
import { evolve, readBefore, unseen } from "./seen.ts"
import { asWorkerError, WorkerError } from "./WorkerError.ts"

/** What follows from a record's or a create's stream. `key`: `object:id`, or `type:id` of the entity. */
export interface Rebuilt {
  readonly kind: "seen" | "create"
  readonly key: string
  readonly seen: SeenDoc
}

export const decode = Effect.fnUntraced(function* (parts: Parts, event: RecordedEvent) {
  const read = readEvent(event.type, event.data, event.metadata)
  if (Result.isSuccess(read)) return read.success as Record<string, unknown>
  const detail = `${event.stream}@${event.revision}: ${read.failure.message}`
  return yield* new WorkerError({ connection: parts.connection, reason: "journal", detail })
})

/** Before its events are known. `data`: of any event of the stream, each of which says what it is of. */
export const begun = (stream: string, data: Record<string, unknown>): Rebuilt => {
  if (streams.categoryOf(stream) !== "create")
    return { kind: "seen", key: `${String(data["object"])}:${String(data["externalId"])}`, seen: unseen }
  const { id, type } = data["entity"] as EntityRef
  return { kind: "create", key: `${type}:${id}`, seen: unseen }
}

export const documentOf = (parts: Parts, { key, kind, seen }: Rebuilt): DocumentWrite =>
  put(parts, kind, key, kind === "seen" ? seen : { revision: seen.revision })

/** Before the mapping is known, the names that were read stand for those that it reads. */
const sourcesFor = (mapping: Mapping | null, data: Record<string, unknown>): ReadonlyArray<string> => {
  if (mapping !== null) return sourcesOf(mapping, String(data["object"]))
  const values = data["values"] as Personal | undefined
  return values === undefined ? [] : Object.keys(opened(values))
}

export const after = (
  known: Rebuilt,
  event: RecordedEvent,
  data: Record<string, unknown>,
  mapping: Mapping | null,
): Rebuilt => {
  const at = Date.parse(event.metadata["at"] ?? "") || 0
  const { revision, type } = event
  return { ...known, seen: evolve(known.seen, { type, revision, data, at }, sourcesFor(mapping, data)) }
}

/**
 * What the event says of writes that are begun and not settled, by key. `seen`: what was known of the record before. Answers the
 * key of the one that it is about.
 */
export const noteIntent = (
  intents: Map<string, OpenIntentDoc>,
  event: RecordedEvent,
  data: Record<string, unknown>,
  seen: SeenDoc,
): string | null => {
  const key = String(data["key"])
  if (event.type === "WriteIntended") {
    const at = Date.parse(event.metadata["at"] ?? "") || 0
    intents.set(key, {
      stream: event.stream,
      streamRevision: event.revision,
      data: data as JsonObject,
      attempts: 1,
      nextAt: at,
      job: null,
      until: at,
      ...(data["externalId"] === null ? {} : readBefore(seen)),
    })
    return key
  }
  if (event.type !== "RecordWritten" && event.type !== "WriteRefused") return null
  intents.delete(key)
  return key
}

/** One stream, from its first event on. Null for a stream that has none. */
export const rebuildStream = Effect.fnUntraced(function* (parts: Parts, stream: string) {
  const store = asWorkerError(parts.connection)
  const mapping = yield* store(parts.planner.mapping)
  const intents = new Map<string, OpenIntentDoc>()
  let known: Rebuilt | null = null
  for (let from = 0; ;) {
    const page: ReadonlyArray<RecordedEvent> = yield* store(
      parts.journal.read(stream, { from, direction: "forward", limit: REBUILD_EVENTS }),
    )
    for (const event of page) {
      const data = yield* decode(parts, event)
      const before: Rebuilt = known ?? begun(stream, data)
      known = after(before, event, data, mapping)
      noteIntent(intents, event, data, before.seen)
    }
    if (page.length < REBUILD_EVENTS) return known === null ? null : { ...known, intents }
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

/**
 * Where each walk was, as the pages on the worker's stream say. Answers which revision of that stream said last of an object
 * that what was read of it until then is to be shown again.
 */
export const rebuildCursors = Effect.fnUntraced(function* (parts: Parts) {
  const store = asWorkerError(parts.connection)
  const stream = streams.worker(parts.tenant, parts.connection)
  const shownAgain = new Map<string, number>()
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
      if (data.meaning?.isChanged === true) shownAgain.set(data.object, event.revision)
    }
    if (page.length < REBUILD_EVENTS) return shownAgain
    from = page.at(-1)!.revision + 1
  }
})
