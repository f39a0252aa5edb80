/** Reading records by id, in batches, again where a write of ours overlapped, until each reading counts. */
import type { RecordObserved } from "@concordat/model/events/record"
import type { Mapping } from "@concordat/rules/mapping/lens"
import { type RecordKey, recordKey } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import { READ_AGAIN_MS, READ_AGAIN_TRIES } from "../limits.ts"
import type { Work } from "../budget/priority.ts"
import type { Reading } from "../ports/Provider.ts"
import { chunked, groupedBy, lastOfEach } from "./batches.ts"
import type { Gate } from "./faults.ts"
import { ingest, keyOfReading } from "./ingest.ts"
import { facetOf, FIELDS } from "./facets.ts"
import { tellShown } from "./lost-answers.ts"
import { canRead, type Parts, seenDocs, sourcesOf, untilFree } from "./parts.ts"
import { asWorkerError } from "./WorkerError.ts"

export interface Look {
  readonly mapping: Mapping
  readonly records: ReadonlyArray<RecordKey>
  readonly via: RecordObserved["via"]
  readonly work: Work
  /** Which associations are read beside the own fields of records of which all is known; absent: all. */
  readonly facets?: ReadonlySet<string> | undefined
}

export const NO_FACETS: ReadonlySet<string> = new Set()

export interface Looked {
  readonly readings: ReadonlyMap<string, Reading>
  /** Records of which something new was appended. */
  readonly news: ReadonlySet<string>
  /** Records that could not be read: their object has no read by id, or writes kept overlapping. */
  readonly unread: ReadonlyArray<RecordKey>
}

/** A record that its provider leaves out of the answer can't be seen by us any more. */
const missing = (asked: ReadonlyArray<RecordKey>, answered: ReadonlyArray<Reading>): ReadonlyArray<Reading> => {
  const ids = new Set(answered.map((reading) => recordKey(keyOfReading(reading))))
  return asked
    .filter((record) => !ids.has(recordKey(record)))
    .map(({ object, id }): Reading => ({ _tag: "Gone", object, id, reason: "invisible" }))
}

/** Of which records some facet is not known: an association of which nobody told would not be read for long. */
const unknownOf = Effect.fnUntraced(function* (parts: Parts, mapping: Mapping, records: ReadonlyArray<RecordKey>) {
  const known = yield* asWorkerError(parts.connection)(seenDocs(parts, records))
  return records.filter(({ object }, i) => {
    const seen = known[i] ?? null
    return seen === null || seen.gone || sourcesOf(mapping, object).some((name) => !(facetOf(name) in seen.hashes))
  })
})

export const look = Effect.fn("Connection.look")(function* (parts: Parts, gate: Gate, what: Look) {
  const readings = new Map<string, Reading>()
  const news = new Set<string>()
  const isReadable = (record: RecordKey): boolean =>
    canRead(parts, record.object) && sourcesOf(what.mapping, record.object).length > 0
  const unread = what.records.filter((record) => !isReadable(record))
  let left: ReadonlyArray<RecordKey> = lastOfEach(what.records.filter(isReadable), recordKey)
  const { facets } = what
  const isWhole = facets === undefined || (yield* unknownOf(parts, what.mapping, left)).length > 0
  const given = new Set(left.map(recordKey))
  for (let round = 0; left.length > 0 && round < READ_AGAIN_TRIES; round++) {
    if (round > 0) yield* Effect.sleep(READ_AGAIN_MS)
    const next: Array<RecordKey> = []
    for (const [object, records] of groupedBy(left, (record) => record.object)) {
      const limit = parts.definition.objects[object]!.batch.read
      for (const batch of chunked(records, limit)) {
        yield* untilFree(parts, batch)
        yield* gate.untilRunning
        const startedAt = yield* parts.tick
        const all = sourcesOf(what.mapping, object)
        // What another record became is read as a whole.
        const fields =
          isWhole || batch.some((record) => !given.has(recordKey(record)))
            ? all
            : all.filter((name) => facetOf(name) === FIELDS || facets.has(name))
        const ids = batch.map(({ id }) => id)
        const answered = yield* gate.callNow(what.work, parts.connector.read!(object, ids, { fields, limit }))
        const found = [...answered, ...missing(batch, answered)]
        yield* tellShown(parts, gate, object, answered, what.work)
        const page = { mapping: what.mapping, readings: found, via: what.via, startedAt, byId: true }
        const ingested = yield* ingest(parts, page)
        const again = new Set(ingested.again.map(recordKey))
        for (const reading of found) {
          const key = recordKey(keyOfReading(reading))
          if (!again.has(key)) readings.set(key, reading)
        }
        for (const key of ingested.news) news.add(key)
        next.push(...ingested.again, ...ingested.follow.filter(isReadable))
      }
    }
    left = next
  }
  const looked: Looked = { readings, news, unread: [...unread, ...left] }
  return looked
})
