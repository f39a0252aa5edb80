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
  LITTLE,
  WALK_RETRY_MS,
} from "../limits.ts"
import { deliveryOf } from "../intake/Intake.ts"
import { appendTo } from "../operations/append.ts"
import { Journal } from "../ports/Journal.ts"
import type { Hint } from "../ports/Provider.ts"
import { chunked } from "./batches.ts"
import { facetOf, FIELDS } from "./facets.ts"
import type { Gate } from "./faults.ts"
import { type HintBoard, makeHintBoard, type Taken } from "./hint-board.ts"
import { look } from "./look.ts"
import { canRead, documentId, fenceOf, type Parts, put, seenDocs, sourcesOf } from "./parts.ts"
import { Flow } from "./rota.ts"
import { lastRead } from "./seen.ts"
import { goFirst } from "../right-of-way.ts"
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

export class Hinting extends Flow {
  readonly parts: Parts
  readonly gate: Gate
  /** For hints of objects that can't be read by id. */
  readonly pollSoon: (object: string) => void
  readonly board: HintBoard
  /** Records that another flow wants read, until they are on the board. */
  readonly early: Array<Hint> = []
  /** Revisions of the deliveries' stream: up to which it was read, everything was looked at, and is forgotten. */
  readTo: number | null = null
  doneTo = -1
  forgottenTo = 0

  constructor(parts: Parts, gate: Gate, pollSoon: (object: string) => void) {
    super(parts.rota)
    this.parts = parts
    this.gate = gate
    this.pollSoon = pollSoon
    this.board = makeHintBoard(parts.definition.secondLookMs)
  }

  get stream(): string {
    return streams.delivery(this.parts.tenant, this.parts.connection)
  }

  override turn(isRung: boolean): Effect.Effect<number, WorkerError> {
    return turn(this, isRung)
  }

  add(hints: ReadonlyArray<Hint>): Effect.Effect<void> {
    return Effect.map(this.parts.tick, (now) => {
      for (const hint of hints) this.board.add(hint, now, null)
      this.ring()
    })
  }

  addNow(records: ReadonlyArray<RecordKey>): void {
    for (const { object, id } of records) this.early.push({ object, id, kind: "changed" })
    this.ring()
  }

  /**
   * Of the hints that a page brought, those that have to be looked at before its cursor moves. For the others a look at their
   * record is to come soon: they are kept like a delivery, and share it.
   */
  share(hints: ReadonlyArray<Hint>): Effect.Effect<ReadonlyArray<Hint>, WorkerError> {
    return share(this, hints)
  }

  get isIdle(): Effect.Effect<boolean, WorkerError> {
    return isIdle(this)
  }

  /** Records that wait to be looked at. */
  get waiting(): number {
    return this.early.length + this.board.pending()
  }
}

/** True: there is more. */
const step = Effect.fnUntraced(function* (self: Hinting) {
  const isMore = yield* takeDeliveries(self)
  const wasBusy = yield* lookAtDue(self)
  yield* saveDone(self)
  return isMore || wasBusy
})

const turn = Effect.fnUntraced(function* (self: Hinting, isRung: boolean) {
  // Webhooks come in bursts: what comes together is read together.
  if (isRung) yield* Effect.sleep(HINT_GATHER_MS)
  for (let isBusy = true; isBusy;) {
    self.isRung = false
    isBusy = yield* self.waiting <= LITTLE ? goFirst(self.parts.tenant, step(self)) : step(self)
  }
  const now = yield* self.parts.tick
  const next = self.board.nextAt()
  return next === null ? Number.POSITIVE_INFINITY : Math.max(1, next - now)
})

/** Takes up deliveries from the journal, those of an earlier life first. */
const takeDeliveries = Effect.fnUntraced(function* (self: Hinting) {
  const { board, parts, stream } = self
  const store = asWorkerError(parts.connection)
  if (self.readTo === null) {
    const [text] = yield* store(parts.state.getMany([documentId(parts, "cursor", CHECKPOINT)]))
    const doc = text === null || text === undefined ? null : (JSON.parse(text) as CursorDoc)
    self.doneTo = doc === null ? -1 : doc.done
    self.readTo = self.doneTo
  }
  const events = yield* store(
    parts.journal.read(stream, { from: self.readTo + 1, direction: "forward", limit: DELIVERIES_AT_ONCE }),
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
    self.readTo = event.revision
  }
  return events.length === DELIVERIES_AT_ONCE
})

const saveDone = Effect.fnUntraced(function* (self: Hinting) {
  const { parts } = self
  const done = self.board.doneTo(self.readTo ?? -1)
  if (done <= self.doneTo) return
  const startedAt = yield* parts.tick
  const doc: CursorDoc = { cursor: null, done, total: null, finished: false, startedAt }
  const unit = {
    entries: [],
    documents: [put(parts, "cursor", CHECKPOINT, doc)],
    fence: fenceOf(parts, "changes", ""),
  }
  yield* parts.ledger.exclusively(parts.ledger.commit(unit))
  self.doneTo = done
  if (done - self.forgottenTo < 2 * DELIVERIES_KEPT) return
  self.forgottenTo = done - DELIVERIES_KEPT
  yield* asWorkerError(parts.connection)(parts.journal.truncate(self.stream, self.forgottenTo))
})

/** Known records that only changed: somebody has read them since, or it is an association that nobody reads there. */
const needless = Effect.fnUntraced(function* (parts: Parts, mapping: Mapping, records: ReadonlyArray<Taken>) {
  const known = yield* asWorkerError(parts.connection)(seenDocs(parts, records))
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

const read = Effect.fnUntraced(function* ({ board, gate, parts, pollSoon }: Hinting, taken: ReadonlyArray<Taken>) {
  const mapping = yield* asWorkerError(parts.connection)(parts.planner.mapping)
  if (mapping === null) return false
  const skipped = yield* needless(parts, mapping, taken)
  const records = taken.filter((record) => !skipped.includes(record))
  const skippedAt = yield* parts.tick
  for (const record of skipped) board.looked(record, true, skippedAt)
  if (records.length === 0) return true
  const mapped = records.filter(({ object }) => sourcesOf(mapping, object).length > 0)
  const readable = mapped.filter(({ object }) => canRead(parts, object))
  for (const object of new Set(mapped.filter((one) => !readable.includes(one)).map((one) => one.object)))
    pollSoon(object)
  const facets = facetsOf(records)
  const looked = yield* look(parts, gate, { mapping, records: readable, via: "webhook", work: "poll", facets })
  const now = yield* parts.tick
  for (const record of records) {
    const reading = looked.readings.get(recordKey(record))
    const isOverlapped = looked.unread.some((one) => recordKey(one) === recordKey(record)) && readable.includes(record)
    if (isOverlapped) board.failed(record, now)
    else board.looked(record, !readable.includes(record) || reading?._tag === "Found", now)
  }
  return true
})

const lookAtDue = Effect.fnUntraced(function* (self: Hinting) {
  const { board, parts } = self
  const now = yield* parts.tick
  for (const hint of self.early.splice(0)) board.add(hint, now, null)
  const records = board.take(now, (object) => Math.max(1, parts.definition.objects[object]?.batch.read ?? 1))
  if (records.length === 0) return false
  const giveBack = (wait: number) =>
    Effect.map(parts.tick, (at) => {
      for (const record of records) board.failed(record, at + wait)
      return true
    })
  const isRead = yield* read(self, records).pipe(
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

const isIdle = Effect.fnUntraced(function* (self: Hinting) {
  const { parts, stream } = self
  if (self.waiting > 0) return false
  const read = parts.journal.read(stream, { from: "end", direction: "backward", limit: 1 })
  const last = yield* asWorkerError(parts.connection)(read)
  return (last[0]?.revision ?? -1) <= (self.readTo ?? -1)
})

const share = Effect.fnUntraced(function* (self: Hinting, hints: ReadonlyArray<Hint>) {
  const { board, parts, stream } = self
  const shared = hints.filter(board.awaits)
  if (shared.length === 0) return hints
  for (const part of chunked(shared, DELIVERY_HINTS)) {
    const data = deliveryOf(parts.connection, part)
    const said = appendTo(stream, [{ type: data._tag, data }]).pipe(Effect.provideService(Journal, parts.journal))
    yield* asWorkerError(parts.connection)(said)
  }
  self.ring()
  return hints.filter((hint) => !shared.includes(hint))
})
