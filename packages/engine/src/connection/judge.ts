/** What one reading of a record is: news, nothing new, or too old to count. Pure: of the reading and what is known. */
import { clear } from "@concordat/model/events/envelope"
import type { RecordConverted, RecordGone, RecordMerged, RecordObserved } from "@concordat/model/events/record"
import type { JsonObject } from "@concordat/model/json"
import { type RecordKey, recordKey, type SeenDoc } from "@concordat/rules/state/documents"
import type { Reading } from "../ports/Provider.ts"
import { coversAll, facetOf, FIELDS, hashFacets, isKnown } from "./facets.ts"
import { confirmed, lastRead, type Observation, observed, unseen, vanished } from "./seen.ts"

export interface Circumstances {
  readonly connection: string
  /** The provider's names that the mapping reads of this object. */
  readonly sources: ReadonlyArray<string>
  readonly via: RecordObserved["via"]
  /** When the read began, by the worker's clock. */
  readonly startedAt: number
  /** Now, by the worker's clock. */
  readonly now: number
  /** Until when a write of ours to the record is on its way, or may still take effect; null for none. */
  readonly busyUntil: number | null
  /** A read by id counts whatever its stamp: imports backdate. A list's older stamp asks for one. */
  readonly counts: boolean
}

type Fact = RecordObserved | RecordGone | RecordMerged | RecordConverted

export type Verdict =
  /** Nothing to know: a record never seen that is not there, or one that is gone already. */
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "Unchanged"; readonly seen: SeenDoc }
  /** Began before the newest fact, or overlaps a write of ours: says nothing, and the record has to be read again. */
  | { readonly _tag: "Stale" }
  /** An older stamp than the last known: one read by id decides. */
  | { readonly _tag: "Older" }
  | {
      readonly _tag: "Fact"
      readonly data: Fact
      /** `revision` is that of the fact itself. */
      readonly seen: SeenDoc
      /** Records to read now, since this one became them. */
      readonly follow: ReadonlyArray<RecordKey>
    }

const isStale = (seen: SeenDoc, at: Circumstances): boolean =>
  at.startedAt <= seen.factAt || (at.busyUntil !== null && at.startedAt <= at.busyUntil)

const isOfFields = (values: JsonObject): boolean => Object.keys(values).every((name) => facetOf(name) === FIELDS)

const fact = (data: Fact, seen: SeenDoc, follow: ReadonlyArray<RecordKey> = []): Verdict => ({
  _tag: "Fact",
  data,
  seen: { ...seen, revision: seen.revision + 1 },
  follow,
})

export const judge = (reading: Reading, known: SeenDoc | null, at: Circumstances): Verdict => {
  const seen = known ?? unseen
  const readStartedAt = Math.floor(at.startedAt)
  if (reading._tag === "Found") {
    const { record } = reading
    const read: Observation = {
      hashes: hashFacets(record.values, at.sources),
      stamp: record.stamp ?? null,
      version: record.version,
      startedAt: at.startedAt,
      isWhole: coversAll(record.values, at.sources),
    }
    // Old or not, it says nothing that is not known.
    if (!seen.gone && known !== null && isKnown(read.hashes, seen.hashes))
      return { _tag: "Unchanged", seen: isStale(seen, at) ? seen : confirmed(seen, read) }
    if (isStale(seen, at)) return { _tag: "Stale" }
    if (!at.counts && read.stamp !== null && seen.stamp !== null && read.stamp < seen.stamp) return { _tag: "Older" }
    const data: RecordObserved = {
      _tag: "RecordObserved",
      connection: at.connection,
      object: record.object,
      externalId: record.id,
      values: clear(record.values),
      readStartedAt,
      readBefore: Math.floor(lastRead(seen, isOfFields(record.values) ? "fields" : "all")),
      stamp: read.stamp,
      by: record.by ?? null,
      via: at.via,
      ownId: record.ownId ?? null,
    }
    return fact(data, observed(seen, read, at.now))
  }
  if (known === null || seen.gone) return { _tag: "Nothing" }
  if (isStale(seen, at)) return { _tag: "Stale" }
  const place = { connection: at.connection, object: reading.object, externalId: reading.id, readStartedAt }
  const after = vanished(seen, at.startedAt, at.now)
  switch (reading._tag) {
    case "Gone":
      return fact({ _tag: "RecordGone", ...place, reason: reading.reason }, after)
    case "Merged":
      return fact({ _tag: "RecordMerged", ...place, into: reading.into }, after, [
        { object: reading.object, id: reading.into },
      ])
    case "Converted":
      return fact({ _tag: "RecordConverted", ...place, into: reading.into }, after, reading.into)
  }
}

interface Judged {
  readonly reading: Reading
  readonly before: SeenDoc | null
  readonly verdict: Verdict
}

/**
 * A record that nobody knows, and that others became part of, would be somebody new before they are known to have: where one of
 * them has to be read again, it is too.
 */
export const heldBack = <A extends Judged>(judged: ReadonlyArray<A>): ReadonlyArray<A> => {
  const early = new Set(
    judged.flatMap(({ reading, verdict }) =>
      reading._tag === "Merged" && verdict._tag === "Stale"
        ? [recordKey({ object: reading.object, id: reading.into })]
        : [],
    ),
  )
  if (early.size === 0) return judged
  const isEarly = ({ before, reading }: A): boolean =>
    before === null && reading._tag === "Found" && early.has(recordKey(reading.record))
  return judged.map((one) => (isEarly(one) ? { ...one, verdict: { _tag: "Stale" } } : one))
}
