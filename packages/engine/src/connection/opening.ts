/** How a connection comes up: what its provider says of itself, where changes start, everything once, and the rest since. */
import { canonicalJson } from "@concordat/model/json"
import type { Metadata } from "@concordat/model/metadata"
import * as streams from "@concordat/model/streams"
import { sha256 } from "@concordat/model/ids"
import type { Mapping } from "@concordat/rules/mapping/lens"
import type { CursorDoc, SeenDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { COMMIT_RECORDS, LAG_WAIT_MS, LISTED_ENTITIES } from "../limits.ts"
import { appendTo } from "../operations/append.ts"
import { Journal } from "../ports/Journal.ts"
import type { ProviderError } from "../ports/ProviderError.ts"
import type { StoredDocument } from "../ports/State.ts"
import { inOrder } from "./batches.ts"
import { bindingDoc, connectionDoc, type Gate } from "./faults.ts"
import { documentId, fenceOf, mappedObjects, meaningDoc, meaningKey, type Parts, put, sourcesOf } from "./parts.ts"
import { backfill, cursorOf, restartBackfill, startChanges } from "./walks.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

export const say = (parts: Parts, type: string, data: Record<string, unknown>) =>
  appendTo(streams.connection(parts.tenant, parts.connection), [
    { type, data: { _tag: type, connection: parts.connection, ...data } },
  ]).pipe(Effect.provideService(Journal, parts.journal), asWorkerError(parts.connection))

/** Says what the provider has, where it is not what was said last. */
export const observeMetadata = Effect.fn("Connection.metadata")(function* (parts: Parts, gate: Gate) {
  const metadata: Metadata = yield* gate.call("poll", parts.connector.metadata)
  const doc = yield* asWorkerError(parts.connection)(bindingDoc(parts))
  if (canonicalJson(doc?.metadata ?? null) === canonicalJson(metadata)) return metadata
  yield* say(parts, "MetadataObserved", { metadata })
  return metadata
})

/** The mapping, once the reconciler knows what the provider said of itself. */
export const untilMapped = Effect.fnUntraced(function* (parts: Parts, metadata: Metadata) {
  const store = asWorkerError(parts.connection)
  const said = canonicalJson(metadata)
  for (;;) {
    const doc = yield* store(bindingDoc(parts))
    if (doc !== null && doc.mapping !== null && canonicalJson(doc.metadata) === said) {
      const mapping = yield* store(parts.planner.mapping)
      if (mapping !== null) return mapping
    }
    yield* Effect.sleep(LAG_WAIT_MS)
  }
})

/** The document that says under what entities were last listed. */
const LISTED = "listed|"

/** What is due here follows from it beside the entities: the mapping with its metadata, and what may be created. */
export const listedUnder = Effect.fnUntraced(function* (parts: Parts) {
  const store = asWorkerError(parts.connection)
  const mapping = yield* store(parts.planner.mapping)
  const doc = yield* store(connectionDoc(parts))
  return sha256(canonicalJson([mapping?.hash ?? null, doc?.opened.create ?? null])).slice(0, 16)
})

/** Has what is due of every entity computed again. */
const listEntities = Effect.fnUntraced(function* (parts: Parts, under: string) {
  for (let after: string | null = null; ;) {
    const page: ReadonlyArray<{ readonly key: string }> = yield* asWorkerError(parts.connection)(
      parts.state.scan({ tenant: parts.tenant, kind: "entity", prefix: "", after, limit: LISTED_ENTITIES }),
    )
    if (page.length > 0) yield* say(parts, "EntitiesListed", { entities: page.map(({ key }) => key) })
    if (page.length < LISTED_ENTITIES) break
    after = page.at(-1)!.key
  }
  const doc: CursorDoc = { cursor: under, done: 0, total: null, finished: false, startedAt: yield* parts.tick }
  const documents = [put(parts, "cursor", LISTED, doc)]
  yield* parts.ledger.exclusively(parts.ledger.commit({ entries: [], documents, fence: fenceOf(parts, "changes", "") }))
})

/** Says that everything was read, and which entities there are that this connection may lack. */
export const finishReading = Effect.fnUntraced(function* (parts: Parts, records: number) {
  yield* say(parts, "BackfillFinished", { records })
  yield* listEntities(parts, yield* listedUnder(parts))
})

/** A new stage or owner, or another admission, makes due what could not be held before, though nothing was read. */
export const listAgain = Effect.fnUntraced(function* (parts: Parts) {
  const under = yield* listedUnder(parts)
  const [text] = yield* asWorkerError(parts.connection)(parts.state.getMany([documentId(parts, "cursor", LISTED)]))
  const known = text === null || text === undefined ? null : (JSON.parse(text) as CursorDoc).cursor
  if (known !== under) yield* listEntities(parts, under)
})

/** Of the names that are read, and of what each group's lens makes of them. */
export const meaningHash = (mapping: Mapping, object: string): string => {
  const lenses = mapping.objects
    .filter((one) => one.object === object)
    .flatMap(({ groups, type }) => groups.map(({ group, signature }) => `${type}.${group} ${signature}`))
  return sha256(canonicalJson([sourcesOf(mapping, object), lenses.toSorted()])).slice(0, 16)
}

/**
 * What stands in a record is news again, though its values are the same: shadows under another lens say nothing, so each
 * record has to be shown once more.
 */
const forgetHashes = Effect.fnUntraced(function* (parts: Parts, object: string) {
  const store = asWorkerError(parts.connection)
  const prefix = `${parts.connection}|${object}:`
  for (let after: string | null = null; ;) {
    const options = { tenant: parts.tenant, kind: "seen", prefix, after, limit: COMMIT_RECORDS }
    const page: ReadonlyArray<StoredDocument> = yield* store(parts.state.scan(options))
    const documents = page.map(({ key, value }) => {
      const seen = JSON.parse(value) as SeenDoc
      return put(parts, "seen", key.slice(parts.connection.length + 1), { ...seen, hashes: {} } satisfies SeenDoc)
    })
    if (documents.length > 0)
      yield* parts.ledger.exclusively(
        parts.ledger.commit({ entries: [], documents, fence: fenceOf(parts, "changes", object) }),
      )
    if (page.length < COMMIT_RECORDS) return
    after = page.at(-1)!.key
  }
})

/** Objects that have never been read whole under today's meaning: new ones, and those whose mapping changed. */
export const unread = Effect.fnUntraced(function* (parts: Parts, mapping: Mapping) {
  const objects = mappedObjects(parts, mapping)
    .filter(([, definition]) => definition.backfill && parts.connector.backfill !== undefined)
    .map(([object]) => object)
  const texts = yield* asWorkerError(parts.connection)(
    parts.state.getMany(objects.map((object) => documentId(parts, "cursor", meaningKey(object)))),
  )
  const stale: Array<string> = []
  for (const [i, object] of objects.entries()) {
    const text = texts[i]
    const before = text === null || text === undefined ? null : (JSON.parse(text) as CursorDoc).cursor
    if (before === meaningHash(mapping, object) && cursorOf(parts, "backfill", object)?.finished === true) continue
    stale.push(object)
    // Begun under another meaning: what was read so far lacks it.
    const isBegun = before !== meaningHash(mapping, object) && cursorOf(parts, "backfill", object) !== null
    // Where the journal says nothing of a meaning, what it holds was shown by the replay.
    const isChanged = isBegun && before !== null
    if (isChanged) yield* forgetHashes(parts, object)
    if (isBegun) yield* restartBackfill(parts, object)
    if (before !== meaningHash(mapping, object)) yield* keepMeaning(parts, mapping, object, isChanged)
  }
  return stale
})

/** In the journal too: a state that is dropped while the mapping changes still knows what was shown under which one. */
const keepMeaning = Effect.fnUntraced(function* (parts: Parts, mapping: Mapping, object: string, isChanged: boolean) {
  const hash = meaningHash(mapping, object)
  const doc = meaningDoc(hash, yield* parts.tick)
  const unit = {
    entries: [],
    documents: [put(parts, "cursor", meaningKey(object), doc)],
    fence: { ...fenceOf(parts, "backfill", object), meaning: { hash, isChanged } },
    sayFence: true,
  }
  yield* parts.ledger.exclusively(parts.ledger.commit(unit))
})

const inReadingOrder = (parts: Parts, objects: ReadonlyArray<string>): ReadonlyArray<string> =>
  inOrder(objects, (object) => parts.definition.objects[object]?.after ?? [])

export interface Walks {
  /** One walk of an object's changes at a time. */
  readonly poll: (mapping: Mapping, object: string) => Effect.Effect<void, ProviderError | WorkerError>
  /** Says whether everything that can be polled was; false holds the backfill open. */
  readonly deltas: (mapping: Mapping) => ReadonlyArray<string>
}

/** Reads the objects whole, those first to which others refer, and then what changed meanwhile. */
export const readAllOf = Effect.fn("Connection.readAll")(function* (
  parts: Parts,
  gate: Gate,
  walks: Walks,
  mapping: Mapping,
  objects: ReadonlyArray<string>,
) {
  for (const object of walks.deltas(mapping)) yield* startChanges(parts, gate, object)
  const ordered = inReadingOrder(parts, objects)
  yield* say(parts, "BackfillStarted", { objects: ordered })
  for (const object of ordered) yield* backfill(parts, gate, mapping, object, "backfill")
  // Each waits for its turn in the budget alone.
  yield* Effect.forEach(walks.deltas(mapping), (object) => walks.poll(mapping, object), {
    concurrency: "unbounded",
    discard: true,
  })
  let records = 0
  for (const object of ordered) records += cursorOf(parts, "backfill", object)?.done ?? 0
  yield* finishReading(parts, records)
})
