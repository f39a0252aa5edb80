/** Walks over an object, page by page: its backfill, and what has changed since. A cursor moves only after its page. */
import type { RecordObserved } from "@concordat/model/events/record"
import type { Mapping } from "@concordat/rules/mapping/lens"
import { type CursorDoc, recordKey, type RecordKey } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import type { Work } from "../budget/priority.ts"
import { READ_AGAIN_MS } from "../limits.ts"
import type { Page, Reading } from "../ports/Provider.ts"
import type { Gate } from "./faults.ts"
import { ingest, type Move } from "./ingest.ts"
import type { Fence } from "./Ledger.ts"
import { look } from "./look.ts"
import { canRead, type Parts, put, sourcesOf, walkKey } from "./parts.ts"

export const cursorOf = (parts: Parts, walk: Fence["walk"], object: string): CursorDoc | null =>
  parts.cursors.get(walkKey(walk, object)) ?? null

/** Sets a walk's cursor outside of a page: where it starts, or that it starts anew. */
export const setCursor = Effect.fnUntraced(function* (parts: Parts, move: Move, sayFence: boolean) {
  const { walk, object, to } = move
  const key = walkKey(walk, object)
  const fence: Fence = {
    _tag: "PageCommitted",
    connection: parts.connection,
    walk,
    object,
    cursor: to.cursor,
    done: to.done,
    total: to.total,
  }
  const unit = { entries: [], documents: [put(parts, "cursor", key, to)], fence, sayFence }
  yield* parts.ledger.exclusively(parts.ledger.commit(unit))
  parts.cursors.set(key, to)
})

interface Taken {
  readonly mapping: Mapping
  /** Null for a walk that is begun anew after a crash. */
  readonly move: Move | null
  readonly page: Page
  readonly startedAt: number
  readonly via: RecordObserved["via"]
  readonly work: Work
}

/** Makes a page durable and then moves the cursor. False: the page has to be fetched again, for a write overlapped it. */
const takePage = Effect.fnUntraced(function* (parts: Parts, gate: Gate, taken: Taken) {
  const { mapping, move, page, startedAt, via, work } = taken
  const readings = page.records.map((record): Reading => ({ _tag: "Found", record }))
  const listed = new Set(page.records.map(recordKey))
  const hinted: ReadonlyArray<RecordKey> = page.hints.filter(
    (hint) => !listed.has(recordKey(hint)) && sourcesOf(mapping, hint.object).length > 0,
  )
  const base = { mapping, readings, via, startedAt, byId: false }
  const ingested = yield* ingest(parts, move !== null && hinted.length === 0 ? { ...base, move } : base)
  if (ingested.moved) return true
  const records = [...ingested.again, ...ingested.follow, ...hinted]
  const looked = yield* look(parts, gate, { mapping, records, via, work })
  // A hint of what can't be read by id is answered by the object's own walk.
  if (looked.unread.some((record) => canRead(parts, record.object) || listed.has(recordKey(record)))) return false
  if (move !== null) yield* setCursor(parts, move, move.walk === "backfill")
  return true
})

/** Where the changes of an object start: taken before anything of it is read. */
export const startChanges = Effect.fnUntraced(function* (parts: Parts, gate: Gate, object: string) {
  if (parts.connector.changesFrom === undefined || cursorOf(parts, "changes", object) !== null) return
  const startedAt = yield* parts.tick
  const cursor = yield* gate.call("poll", parts.connector.changesFrom(object))
  const to: CursorDoc = { cursor, done: 0, total: null, finished: false, startedAt }
  yield* setCursor(parts, { walk: "changes", object, to }, true)
})

/** Everything that changed since the last poll. */
export const poll = Effect.fn("Connection.poll")(function* (
  parts: Parts,
  gate: Gate,
  mapping: Mapping,
  object: string,
) {
  const fields = sourcesOf(mapping, object)
  const limit = parts.definition.objects[object]!.batch.list
  for (;;) {
    yield* startChanges(parts, gate, object)
    const from = cursorOf(parts, "changes", object)
    if (from === null || parts.connector.changes === undefined) return
    yield* gate.untilRunning
    const startedAt = yield* parts.tick
    const page = yield* gate.callNow("poll", parts.connector.changes(object, from.cursor, { fields, limit }))
    const to: CursorDoc = {
      ...from,
      cursor: page.next ?? from.cursor,
      done: from.done + page.records.length + page.hints.length,
      total: page.total ?? null,
    }
    const move: Move = { walk: "changes", object, to }
    const taken = yield* takePage(parts, gate, { mapping, move, page, startedAt, via: "poll", work: "poll" })
    if (!taken) yield* Effect.sleep(READ_AGAIN_MS)
    else if (!page.more) return
  }
})

/**
 * Every record of an object. `resumed`: from where the walk was left, and its cursor is kept; else a walk for itself,
 * from the start. Answers the ids that this call has seen.
 */
export const backfill = Effect.fn("Connection.backfill")(function* (
  parts: Parts,
  gate: Gate,
  mapping: Mapping,
  object: string,
  resumed: boolean,
) {
  const ids = new Set<string>()
  const walk = parts.connector.backfill
  if (walk === undefined) return ids
  const fields = sourcesOf(mapping, object)
  const limit = parts.definition.objects[object]!.batch.list
  const begin: CursorDoc = { cursor: null, done: 0, total: null, finished: false, startedAt: yield* parts.tick }
  let from: CursorDoc = (resumed ? cursorOf(parts, "backfill", object) : null) ?? begin
  while (!from.finished) {
    yield* gate.untilRunning
    const startedAt = yield* parts.tick
    const page = yield* gate.callNow("backfill", walk(object, from.cursor, { fields, limit })).pipe(
      Effect.catchIf(
        (error) => error._tag === "ProviderError" && error.reason._tag === "CursorExpired" && from.cursor !== null,
        () => Effect.succeed(null),
      ),
    )
    if (page === null) {
      ids.clear()
      from = begin
      if (resumed) yield* setCursor(parts, { walk: "backfill", object, to: begin }, true)
      continue
    }
    const to: CursorDoc = {
      ...from,
      cursor: page.next,
      done: from.done + page.records.length,
      total: page.total ?? from.total,
      finished: page.next === null,
    }
    const move: Move | null = resumed ? { walk: "backfill", object, to } : null
    const work = resumed ? "backfill" : "poll"
    const taken = yield* takePage(parts, gate, { mapping, move, page, startedAt, via: work, work })
    if (!taken) {
      yield* Effect.sleep(READ_AGAIN_MS)
      continue
    }
    for (const record of page.records) if (record.object === object) ids.add(record.id)
    from = to
    if (resumed) parts.counting.progress(object, { done: to.done, total: to.total, finished: to.finished })
  }
  return ids
})

/** Forgets where the backfill of an object was, so that the next one begins anew. */
export const restartBackfill = Effect.fnUntraced(function* (parts: Parts, object: string) {
  const startedAt = yield* parts.tick
  const to: CursorDoc = { cursor: null, done: 0, total: null, finished: false, startedAt }
  yield* setCursor(parts, { walk: "backfill", object, to }, false)
})
