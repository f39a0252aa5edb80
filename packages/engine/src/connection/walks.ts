/** Walks over an object, page by page: its backfill, and what has changed since. A cursor moves only after its page. */
import type { RecordObserved } from "@concordat/model/events/record"
import type { Mapping } from "@concordat/rules/mapping/lens"
import { type CursorDoc, recordKey, type RecordKey } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import type { Work } from "../budget/priority.ts"
import { PAGE_WAIT_MAX_MS, PAGE_WAIT_MS, PAGE_WAITS, READ_AGAIN_MS } from "../limits.ts"
import type { Page } from "../ports/Provider.ts"
import { Ahead, type Reads } from "./ahead.ts"
import { groupedBy } from "./batches.ts"
import { Circle, goesInCircles } from "./circling.ts"
import type { Gate } from "./faults.ts"
import { holdOrKeep } from "./held.ts"
import { ingest, keyOfReading, type Move, readingsOf } from "./ingest.ts"
import { untilDecided } from "./lag.ts"
import type { ListedIds } from "./listed-ids.ts"
import { look, NO_FACETS } from "./look.ts"
import { tellShown } from "./lost-answers.ts"
import { canRead, fenceAt, type Parts, put, sourcesOf, type Walk, walkKey } from "./parts.ts"

export const cursorOf = (parts: Parts, walk: Walk, object: string): CursorDoc | null =>
  parts.cursors.get(walkKey(walk, object)) ?? null

/** Sets a walk's cursor outside of a page: where it starts, or that it starts anew. */
export const setCursor = Effect.fnUntraced(function* (parts: Parts, move: Move, sayFence: boolean) {
  const { walk, object, to } = move
  const key = walkKey(walk, object)
  const fence = fenceAt(parts, walk, object, to)
  const unit = { entries: [], documents: [put(parts, "cursor", key, to)], fence, sayFence }
  yield* parts.ledger.exclusively(parts.ledger.commit(unit))
  parts.cursors.set(key, to)
  if (walk === "changes") parts.held.kept(object)
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
  const isEmpty = page.records.length === 0 && page.hints.length === 0
  if (isEmpty && move?.walk === "changes") {
    yield* holdOrKeep(parts, move.object, move.to)
    return true
  }
  const readings = readingsOf(page.records)
  let listed: ReadonlySet<string> | null = null
  const isListed = (record: RecordKey): boolean =>
    (listed ??= new Set(page.records.map(recordKey))).has(recordKey(record))
  const hinted = yield* parts.told.share(
    page.hints.filter((hint) => !isListed(hint) && sourcesOf(mapping, hint.object).length > 0),
  )
  if (parts.intents.size > 0 || parts.doubts.size > 0)
    for (const [object, some] of groupedBy(readings, (reading) => keyOfReading(reading).object))
      yield* tellShown(parts, gate, object, some, work)
  const base = { mapping, readings, via, startedAt, byId: false }
  const ingested = yield* ingest(parts, move !== null && hinted.length === 0 ? { ...base, move } : base)
  if (ingested.moved) return true
  const records: ReadonlyArray<RecordKey> = [...ingested.again, ...ingested.follow, ...hinted]
  const isOfFields = records.length === hinted.length && hinted.every(({ about }) => about === "fields")
  const facets = isOfFields ? NO_FACETS : undefined
  const looked = yield* look(parts, gate, { mapping, records, via, work, facets })
  // A hint of what can't be read by id is answered by the object's own walk.
  if (looked.unread.some((record) => canRead(parts, record.object) || isListed(record))) return false
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
  let circle: Circle | null = null
  for (;;) {
    yield* startChanges(parts, gate, object)
    const from = cursorOf(parts, "changes", object)
    if (from === null || parts.connector.changes === undefined) return undefined
    circle ??= new Circle(from.cursor)
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
    else if (!page.more) return undefined
    else if (circle.leadsBack(to.cursor)) return yield* goesInCircles(parts, object)
  }
})

/**
 * Walks over everything: a first sync and a walk made again go on where they were left; a snapshot, which is compared as
 * a whole, begins anew.
 */
export type Whole = "backfill" | "snapshot" | "reread" | "asked"

const WHOLES = {
  backfill: { walk: "backfill", via: "backfill", work: "backfill" },
  snapshot: { walk: null, via: "poll", work: "poll" },
  reread: { walk: "reread", via: "census", work: "census" },
  /** The same, and somebody waits for it. */
  asked: { walk: "reread", via: "census", work: "backfill" },
} as const satisfies Record<Whole, Pick<Taken, "via" | "work"> & { readonly walk: Walk | null }>

export interface Step {
  /** Where the walk goes on. */
  readonly to: CursorDoc
  /** Of the object's records on the page. */
  readonly ids: ReadonlyArray<string>
  /** The cursor was too old: `to` is the beginning. */
  readonly isLost: boolean
  /** False: there is a next page, and the provider has not got it ready. */
  readonly isReady: boolean
}

export const beginning: (parts: Parts) => Effect.Effect<CursorDoc> = Effect.fnUntraced(function* (parts) {
  return { cursor: null, done: 0, total: null, finished: false, startedAt: yield* parts.tick }
})

/** The walk begins anew: its cursor is worth nothing any more. */
export const lost = Effect.fnUntraced(function* (parts: Parts, whole: Whole, object: string) {
  const { walk } = WHOLES[whole]
  const to = yield* beginning(parts)
  if (walk !== null) yield* setCursor(parts, { walk, object, to }, walk === "backfill")
  const step: Step = { to, ids: [], isLost: true, isReady: true }
  return step
})

/** Reads the page at a place, when there is leave to. */
const pageAt = Effect.fnUntraced(function* (
  parts: Parts,
  gate: Gate,
  mapping: Mapping,
  object: string,
  whole: Whole,
  { cursor }: CursorDoc,
) {
  const { walk, work } = WHOLES[whole]
  const fields = sourcesOf(mapping, object)
  const limit = parts.definition.objects[object]!.batch.list
  yield* gate.untilRunning
  yield* untilDecided(parts)
  const startedAt = yield* parts.tick
  const options = { fields, limit, counted: walk !== "reread" }
  const page = yield* gate.callNow(work, parts.connector.backfill!(object, cursor, options)).pipe(
    Effect.catchIf(
      (error) => error._tag === "ProviderError" && error.reason._tag === "CursorExpired" && cursor !== null,
      () => Effect.succeed(null),
    ),
  )
  return { page, startedAt }
})

/** One page of a walk over everything; the one after it is read meanwhile. */
export const step = Effect.fn("Connection.step")(function* (
  parts: Parts,
  gate: Gate,
  mapping: Mapping,
  object: string,
  whole: Whole,
  from: CursorDoc,
  ahead: Ahead,
) {
  const { via, walk, work } = WHOLES[whole]
  const reading = (at: CursorDoc): Reads => pageAt(parts, gate, mapping, object, whole, at)
  const { page, startedAt } = yield* ahead.take({ from, mapping }, reading(from))
  if (page === null) return yield* lost(parts, whole, object)
  const to: CursorDoc = {
    ...from,
    cursor: page.next,
    done: from.done + page.records.length,
    total: page.total ?? from.total,
    finished: page.next === null,
  }
  if (page.more && !to.finished) yield* ahead.begin({ from: to, mapping }, reading(to))
  const move: Move | null = walk === null ? null : { walk, object, to }
  const taken = yield* takePage(parts, gate, { mapping, move, page, startedAt, via, work })
  if (!taken) {
    yield* Effect.sleep(READ_AGAIN_MS)
    const again: Step = { to: from, ids: [], isLost: false, isReady: true }
    return again
  }
  const ids = page.records.flatMap((record) => (record.object === object ? [record.id] : []))
  const done: Step = { to, ids, isLost: false, isReady: page.more || to.finished }
  return done
})

/** Whether a page was taken, and the provider says that another follows and is there. */
export const hasMoved = ({ isLost, isReady, to }: Step, from: CursorDoc): boolean =>
  isReady && !isLost && !to.finished && to !== from

/** Waits for a page that the provider still prepares; false: it has waited long enough for this cursor. */
export const untilReady = (waits: number): Effect.Effect<boolean> =>
  waits > PAGE_WAITS
    ? Effect.succeed(false)
    : Effect.as(Effect.sleep(Math.min(PAGE_WAIT_MAX_MS, PAGE_WAIT_MS * 2 ** (waits - 1))), true)

/** Every record of an object, to the end. `listed`: is given the ids, where somebody compares them; of a first sync there may be millions. */
export const backfill = Effect.fn("Connection.backfill")(function* (
  parts: Parts,
  gate: Gate,
  mapping: Mapping,
  object: string,
  whole: "backfill" | "snapshot",
  listed?: ListedIds,
) {
  if (parts.connector.backfill === undefined) return undefined
  const ahead = new Ahead(parts.tick)
  return yield* Effect.ensuring(toTheEnd(parts, gate, mapping, object, whole, ahead, listed), ahead.drop)
})

const toTheEnd = Effect.fnUntraced(function* (
  parts: Parts,
  gate: Gate,
  mapping: Mapping,
  object: string,
  whole: "backfill" | "snapshot",
  ahead: Ahead,
  listed: ListedIds | undefined,
) {
  let from = (whole === "backfill" ? cursorOf(parts, "backfill", object) : null) ?? (yield* beginning(parts))
  let circle = new Circle(from.cursor)
  for (let waits = 0; !from.finished;) {
    let next: Step = yield* step(parts, gate, mapping, object, whole, from, ahead)
    waits = next.isReady ? 0 : waits + 1
    if (waits > 0 && !(yield* untilReady(waits))) {
      yield* Effect.logWarning(`${object}: no further page was ever ready, the walk begins anew`)
      next = yield* lost(parts, whole, object)
      waits = 0
    }
    if (next.isLost) {
      listed?.clear()
      circle = new Circle(next.to.cursor)
    }
    if (listed !== undefined) for (const id of next.ids) listed.add(id)
    const isInCircles = hasMoved(next, from) && circle.leadsBack(next.to.cursor)
    from = next.to
    if (isInCircles) return yield* goesInCircles(parts, object)
    if (whole === "backfill")
      parts.counting.progress(object, { done: from.done, total: from.total, finished: from.finished })
  }
  return undefined
})

/** Forgets where the backfill of an object was, so that the next one begins anew. */
export const restartBackfill = Effect.fnUntraced(function* (parts: Parts, object: string) {
  const startedAt = yield* parts.tick
  const to: CursorDoc = { cursor: null, done: 0, total: null, finished: false, startedAt }
  yield* setCursor(parts, { walk: "backfill", object, to }, false)
})
