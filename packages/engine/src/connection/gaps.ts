/**
 * The gap between the read before a write and the write: where the provider keeps a history, what a person did in it is
 * looked for afterwards and becomes a fact. A write that is to be looked after is kept like its answer, in the same commit.
 */
import { clear } from "@concordat/model/events/envelope"
import type { EditOverwritten, EntityRef } from "@concordat/model/events/record"
import type { JsonObject } from "@concordat/model/json"
import { type OpenIntentDoc, type RecordKey, recordKey, type SeenDoc } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { COMMIT_TRIES, GAP_GATHER_MS, GAPS_WAITING } from "../limits.ts"
import type { Overwritten } from "../ports/Provider.ts"
import type { DocumentWrite } from "../ports/State.ts"
import type { Fact } from "./events.ts"
import { facetOf, FIELDS } from "./facets.ts"
import { type Gate, persistently } from "./faults.ts"
import type { Begun } from "./intend.ts"
import type { Entry } from "./Ledger.ts"
import { fenceOf, type Parts, put, recordStream, seenDocs } from "./parts.ts"
import { rebuildStream } from "./rebuild.ts"
import { Flow } from "./rota.ts"
import { unseen } from "./seen.ts"
import { intended, mayBeTaken, sentOf, type Settled } from "./settle.ts"
import { asWorkerError, WorkerError } from "./WorkerError.ts"

export interface Gap {
  /** Of the write. */
  readonly key: string
  readonly record: RecordKey
  readonly entity: EntityRef
  readonly held: JsonObject
  readonly before: JsonObject
  /** When the record was last read before the write. */
  readonly readBefore: number
  /** The provider's time of the record as it was read then. */
  readonly stamp?: number
}

const picked = (values: JsonObject, names: ReadonlyArray<string>): JsonObject =>
  Object.fromEntries(names.map((name) => [name, values[name]!]))

const readOf = ({ readBefore, stamp }: OpenIntentDoc): Pick<Gap, "readBefore" | "stamp"> => ({
  readBefore: readBefore ?? 0,
  ...(stamp === undefined ? {} : { stamp }),
})

/** Null where there is no history, or nothing in it that the write could have stood over. */
export const gapOf = (
  parts: Parts,
  { candidate, intent }: Begun,
  { data, held, outcome }: Extract<Settled, { _tag: "Written" }>,
): Gap | null => {
  const { entity, kind, sent } = candidate
  const { current } = intent
  if (parts.connector.overwritten === undefined || kind !== "update" || current === undefined || data.adopted)
    return null
  if ((outcome.converted?.length ?? 0) > 0) return null
  const refused = new Set(data.refused.map(({ name }) => name))
  const names = Object.keys(sent.values).filter(
    (name) => facetOf(name) === FIELDS && !refused.has(name) && current[name] !== undefined,
  )
  if (names.length === 0) return null
  return {
    key: data.key,
    record: { object: data.object, id: data.externalId },
    entity,
    held: picked({ ...sent.values, ...held }, names),
    before: picked(current, names),
    ...readOf(intent),
  }
}

/**
 * The same for a write without an answer that is not sent again: mostly because a read has shown what was sent. Whether it was
 * taken the history tells too.
 */
export const gapOfLost = (parts: Parts, intent: OpenIntentDoc): Gap | null => {
  const { entity, externalId, key, kind, object } = intended(intent)
  if (parts.connector.overwritten === undefined || kind !== "update" || externalId === null || !mayBeTaken(intent))
    return null
  const { before: shadows, values } = sentOf(intent)
  const before = { ...shadows, ...intent.current }
  const names = Object.keys(values).filter((name) => facetOf(name) === FIELDS && before[name] !== undefined)
  if (names.length === 0) return null
  return {
    key,
    record: { object, id: externalId },
    entity,
    held: picked(values, names),
    before: picked(before, names),
    ...readOf(intent),
  }
}

const factOf = (parts: Parts, gap: Gap, { by, stamp, values }: Overwritten): EditOverwritten => ({
  _tag: "EditOverwritten",
  connection: parts.connection,
  object: gap.record.object,
  externalId: gap.record.id,
  entity: gap.entity,
  key: gap.key,
  values: clear(values),
  readBefore: gap.readBefore,
  stamp: stamp ?? null,
  by: by ?? null,
})

/** A fact that a record's stream is told, beside what is read of it. */
export interface Told {
  readonly record: RecordKey
  readonly data: Fact["data"]
}

/** Facts of records, and documents that are over with them, in one commit. */
export const tell = Effect.fnUntraced(function* (
  parts: Parts,
  told: ReadonlyArray<Told>,
  done: ReadonlyArray<DocumentWrite>,
) {
  const store = asWorkerError(parts.connection)
  const streams = new Map<string, Array<Told>>()
  for (const one of told) {
    const stream = recordStream(parts, one.record)
    streams.set(stream, [...(streams.get(stream) ?? []), one])
  }
  const rebuilt = new Map<string, SeenDoc>()
  for (let attempt = 0; attempt < COMMIT_TRIES; attempt++) {
    const known = yield* store(
      seenDocs(
        parts,
        [...streams.values()].map(([first]) => first!.record),
      ),
    )
    const now = yield* parts.tick
    const entries: Array<Entry> = []
    const documents: Array<DocumentWrite> = [...done]
    for (const [i, [stream, each]] of [...streams].entries()) {
      const seen = rebuilt.get(stream) ?? known[i] ?? unseen
      const after: SeenDoc = { ...seen, revision: seen.revision + each.length, factAt: now }
      entries.push({ stream, expected: seen.revision, facts: each.map(({ data }) => ({ data })) })
      documents.push(put(parts, "seen", recordKey(each[0]!.record), after))
    }
    const moved = yield* parts.ledger.commit({ entries, documents, fence: fenceOf(parts, "changes", "") })
    if (moved.length === 0) return
    for (const stream of moved) {
      const made = yield* rebuildStream(parts, stream)
      if (made !== null) rebuilt.set(stream, made.seen)
    }
  }
  const detail = `streams kept moving through ${COMMIT_TRIES} decisions`
  return yield* new WorkerError({ connection: parts.connection, reason: "contended", detail })
})

/** What was found becomes facts, and all of these writes are done with. */
const keep = (parts: Parts, gaps: ReadonlyArray<Gap>, found: ReadonlyArray<Overwritten>) => {
  const byKey = new Map(found.map((one) => [one.key, one]))
  const told = gaps.flatMap((gap): ReadonlyArray<Told> => {
    const one = byKey.get(gap.key)
    return one === undefined ? [] : [{ record: gap.record, data: factOf(parts, gap, one) }]
  })
  return tell(
    parts,
    told,
    gaps.map(({ key }) => put(parts, "gap", key, null)),
  )
}

/** Looks after one call's worth of writes of one object, the oldest first. */
const lookAfter = Effect.fnUntraced(function* (
  parts: Parts,
  gate: Gate,
  overwritten: NonNullable<Parts["connector"]["overwritten"]>,
  first: Gap,
) {
  const { object } = first.record
  const most = parts.definition.objects[object]?.batch.read ?? 1
  const gaps = [...parts.gaps.values()].filter(({ record }) => record.object === object).slice(0, most)
  const writes = gaps.map(({ before, held, key, record, stamp }) => ({
    key,
    id: record.id,
    held,
    before,
    ...(stamp === undefined ? {} : { stamp }),
  }))
  const found = yield* persistently(gate.call("poll", overwritten(object, writes))).pipe(
    Effect.catchTag("ProviderError", (error) =>
      // Refused as such, it is refused again: what these writes stood over nobody can tell.
      Effect.as(
        Effect.logWarning("a history can't be read", { connection: parts.connection, fault: error.message }),
        [],
      ),
    ),
  )
  yield* parts.ledger.exclusively(keep(parts, gaps, found))
  for (const { key } of gaps) parts.gaps.delete(key)
  if (found.length > 0) parts.counting.add("overwritten", found.length)
})

/** Looks after writes as they are taken; where the provider keeps no history, never. */
export class Gaps extends Flow {
  readonly parts: Parts
  readonly gate: Gate
  /** Whether there is so much to push that its rounds are full. */
  readonly isMuch: () => boolean

  constructor(parts: Parts, gate: Gate, isMuch: () => boolean) {
    super(parts.rota)
    this.parts = parts
    this.gate = gate
    this.isMuch = isMuch
  }

  override turn(isRung: boolean): Effect.Effect<number, WorkerError> {
    return turn(this, isRung)
  }
}

const turn = Effect.fnUntraced(function* (self: Gaps, isRung: boolean) {
  const { gate, isMuch, parts } = self
  const { overwritten } = parts.connector
  if (overwritten === undefined) return Number.POSITIVE_INFINITY
  if (isRung) yield* Effect.sleep(GAP_GATHER_MS)
  for (;;) {
    self.isRung = false
    const [first] = parts.gaps.values()
    if (first === undefined) return Number.POSITIVE_INFINITY
    if (isMuch() && parts.gaps.size < GAPS_WAITING) {
      yield* Effect.sleep(GAP_GATHER_MS)
      continue
    }
    yield* lookAfter(parts, gate, overwritten, first)
  }
})
