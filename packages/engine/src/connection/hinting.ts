/** Looking at what was hinted at: webhooks' deliveries from the journal, and records that another flow wants read. */
import type { DeliveryAccepted } from "@concordat/model/events/record"
import { readEvent } from "@concordat/model/events/stored"
import * as streams from "@concordat/model/streams"
import type { Mapping } from "@concordat/rules/mapping/lens"
import type { CursorDoc, RecordKey } from "@concordat/rules/state/documents"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import {
  CLOCKS_APART_MS,
  DELIVERIES_AT_ONCE,
  DELIVERIES_KEPT,
  DELIVERY_HINTS,
  HINT_GATHER_MS,
  WALK_RETRY_MS,
} from "../limits.ts"
import { Bell } from "./alarm.ts"
import type { JournalWatch } from "./journal-watch.ts"
import { deliveryOf } from "../intake/Intake.ts"
import { appendTo } from "../operations/append.ts"
import { Journal } from "../ports/Journal.ts"
import type { Hint } from "../ports/Provider.ts"
import { chunked } from "./batches.ts"
import { facetOf, FIELDS } from "./facets.ts"
import type { Gate } from "./faults.ts"
import { makeHintBoard, type Taken } from "./hint-board.ts"
import { look } from "./look.ts"
import { canRead, documentId, fenceOf, type Parts, put, seenDocs, sourcesOf } from "./parts.ts"
import { lastRead } from "./seen.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"
import { recordKey } from "@concordat/rules/state/documents"

/** The document that says up to which delivery everything was looked at. */
const CHECKPOINT = "delivery|"

const OF_FIELDS: ReadonlySet<string> = new Set([FIELDS])

/** All that a look at the records has to show; undefined: everything. */
const facetsOf = (records: ReadonlyArray<Taken>): ReadonlySet<string> | undefined => {
  const all = new Set<string>()
  for (const { facets } of records) {
    if (facets === null) return undefined
    for (const facet of facets) all.add(facet)
  }
  return all
}

export interface Hinting {
  readonly run: Effect.Effect<never, WorkerError>
  readonly add: (hints: ReadonlyArray<Hint>) => Effect.Effect<void>
  readonly addNow: (records: ReadonlyArray<RecordKey>) => void
  /**
   * Of the hints that a page brought, those that have to be looked at before its cursor moves. For the others a look at their
   * record is to come soon: they are kept like a delivery, and share it.
   */
  readonly share: (hints: ReadonlyArray<Hint>) => Effect.Effect<ReadonlyArray<Hint>, WorkerError>
  readonly isIdle: Effect.Effect<boolean, WorkerError>
  /** Records that wait to be looked at. */
  readonly waiting: () => number
}

/** `pollSoon`: for hints of objects that can't be read by id. */
export const makeHinting = Effect.fn("Hinting.make")(function* (
  parts: Parts,
  gate: Gate,
  pollSoon: (object: string) => Effect.Effect<void>,
  watch: JournalWatch,
) {
  const store = asWorkerError(parts.connection)
  const board = makeHintBoard(parts.definition.secondLookMs)
  const bell = new Bell()
  const stream = streams.delivery(parts.tenant, parts.connection)
  yield* watch.rings(stream, () => bell.ring())
  let readTo: number | null = null
  let doneTo = -1
  let forgottenTo = 0
  const early: Array<Hint> = []

  const addNow: Hinting["addNow"] = (records) => {
    for (const { object, id } of records) early.push({ object, id, kind: "changed" })
    bell.ring()
  }
  const add: Hinting["add"] = Effect.fnUntraced(function* (hints) {
    const now = yield* parts.tick
    for (const hint of hints) board.add(hint, now, null)
    bell.ring()
  })

  /** Takes up deliveries from the journal, those of an earlier life first. */
  const takeDeliveries = Effect.gen(function* () {
    if (readTo === null) {
      const [text] = yield* store(parts.state.getMany([documentId(parts, "cursor", CHECKPOINT)]))
      const doc = text === null || text === undefined ? null : (JSON.parse(text) as CursorDoc)
      doneTo = doc === null ? -1 : doc.done
      readTo = doneTo
    }
    const events = yield* store(
      parts.journal.read(stream, { from: readTo + 1, direction: "forward", limit: DELIVERIES_AT_ONCE }),
    )
    const now = yield* parts.tick
    // A clock that was set back is behind the worker's own.
    const apart = CLOCKS_APART_MS + Math.max(0, now - (yield* Clock.currentTimeMillis))
    for (const event of events) {
      // Accepted before a crash, and read since: then it needs no look. Whoever accepted it may have another clock.
      const hintedAt = Math.min(now, (Date.parse(event.metadata["at"] ?? "") || now) + apart)
      const read = readEvent(event.type, event.data, event.metadata)
      const hints = Result.isSuccess(read) ? (read.success as typeof DeliveryAccepted.Type).hints : []
      if (Result.isFailure(read)) yield* Effect.logWarning("delivery skipped", { detail: read.failure.message })
      const isTaken = hints.every((hint) => board.add(hint as Hint, now, event.revision, hintedAt))
      // No room: the rest is taken up when there is some.
      if (!isTaken) return false
      readTo = event.revision
    }
    return events.length === DELIVERIES_AT_ONCE
  })

  const saveDone = Effect.gen(function* () {
    const done = board.doneTo(readTo ?? -1)
    if (done <= doneTo) return
    const startedAt = yield* parts.tick
    const doc: CursorDoc = { cursor: null, done, total: null, finished: false, startedAt }
    const unit = {
      entries: [],
      documents: [put(parts, "cursor", CHECKPOINT, doc)],
      fence: fenceOf(parts, "changes", ""),
    }
    yield* parts.ledger.exclusively(parts.ledger.commit(unit))
    doneTo = done
    if (done - forgottenTo < 2 * DELIVERIES_KEPT) return
    forgottenTo = done - DELIVERIES_KEPT
    yield* store(parts.journal.truncate(stream, forgottenTo))
  })

  /** Known records that only changed: somebody has read them since, or it is an association that nobody reads there. */
  const needless = Effect.fnUntraced(function* (mapping: Mapping, records: ReadonlyArray<Taken>) {
    const known = yield* store(seenDocs(parts, records))
    const now = yield* parts.tick
    return records.filter(({ facets, hintedAt, isPlain, object }, i) => {
      const seen = known[i] ?? null
      if (!isPlain || seen === null || seen.gone) return false
      const read = new Set(sourcesOf(mapping, object).map(facetOf))
      const asked = facets === null ? read : facets.intersection(read)
      const readAt = lastRead(seen, asked.isSubsetOf(OF_FIELDS) ? "fields" : "all")
      // Read at a time that is still to come: the clock has been set back since, and it tells nothing.
      return asked.size === 0 || (readAt > hintedAt && readAt <= now)
    })
  })

  const read = Effect.fnUntraced(function* (taken: ReadonlyArray<Taken>) {
    const mapping = yield* store(parts.planner.mapping)
    if (mapping === null) return false
    const skipped = yield* needless(mapping, taken)
    const records = taken.filter((record) => !skipped.includes(record))
    const skippedAt = yield* parts.tick
    for (const record of skipped) board.looked(record, true, skippedAt)
    if (records.length === 0) return true
    const mapped = records.filter(({ object }) => sourcesOf(mapping, object).length > 0)
    const readable = mapped.filter(({ object }) => canRead(parts, object))
    for (const object of new Set(mapped.filter((one) => !readable.includes(one)).map((one) => one.object)))
      yield* pollSoon(object)
    const facets = facetsOf(records)
    const looked = yield* look(parts, gate, { mapping, records: readable, via: "webhook", work: "poll", facets })
    const now = yield* parts.tick
    for (const record of records) {
      const reading = looked.readings.get(recordKey(record))
      const isOverlapped =
        looked.unread.some((one) => recordKey(one) === recordKey(record)) && readable.includes(record)
      if (isOverlapped) board.failed(record, now)
      else board.looked(record, !readable.includes(record) || reading?._tag === "Found", now)
    }
    return true
  })

  const lookAtDue = Effect.gen(function* () {
    const now = yield* parts.tick
    for (const hint of early.splice(0)) board.add(hint, now, null)
    const records = board.take(now, (object) => Math.max(1, parts.definition.objects[object]?.batch.read ?? 1))
    if (records.length === 0) return false
    const giveBack = (wait: number) =>
      Effect.map(parts.tick, (at) => {
        for (const record of records) board.failed(record, at + wait)
        return true
      })
    const isRead = yield* read(records).pipe(
      Effect.catchTag("ProviderError", (error) =>
        Effect.andThen(
          error.transient ? Effect.void : Effect.logWarning("hints can't be read", { fault: error.message }),
          giveBack(error.transient ? 0 : WALK_RETRY_MS),
        ),
      ),
      Effect.onInterrupt(() => giveBack(0)),
    )
    if (!isRead) yield* giveBack(WALK_RETRY_MS / 60)
    return true
  })

  const run = Effect.gen(function* () {
    for (;;) {
      bell.hush()
      const isMore = yield* takeDeliveries
      const wasBusy = yield* lookAtDue
      yield* saveDone
      if (isMore || wasBusy) continue
      const now = yield* parts.tick
      const next = board.nextAt()
      const wait = next === null ? Number.POSITIVE_INFINITY : Math.max(1, next - now)
      const isRung = yield* parts.alarm.untilRung(bell, wait)
      // Webhooks come in bursts: what comes together is read together.
      if (isRung) yield* Effect.sleep(HINT_GATHER_MS)
    }
  })

  const isIdle = Effect.gen(function* () {
    if (early.length > 0 || board.pending() > 0) return false
    const last = yield* store(parts.journal.read(stream, { from: "end", direction: "backward", limit: 1 }))
    return (last[0]?.revision ?? -1) <= (readTo ?? -1)
  })

  const share: Hinting["share"] = Effect.fnUntraced(function* (hints) {
    const shared = hints.filter(board.awaits)
    if (shared.length === 0) return hints
    for (const part of chunked(shared, DELIVERY_HINTS)) {
      const data = deliveryOf(parts.connection, part)
      yield* store(Effect.provideService(appendTo(stream, [{ type: data._tag, data }]), Journal, parts.journal))
    }
    bell.ring()
    return hints.filter((hint) => !shared.includes(hint))
  })

  const hinting: Hinting = {
    run,
    add,
    addNow,
    share,
    isIdle,
    waiting: () => early.length + board.pending(),
  }
  return hinting
})
