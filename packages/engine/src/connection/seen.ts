/** What the worker knows of a record, as it follows from the facts of the record's stream. */
import { opened, type Personal } from "@concordat/model/events/envelope"
import type { JsonObject } from "@concordat/model/json"
import type { SeenDoc } from "@concordat/rules/state/documents"
import { coversAll, facetOf, hashFacets, wholeFacets } from "./facets.ts"

export const unseen: SeenDoc = {
  revision: -1,
  hashes: {},
  factAt: 0,
  readAt: 0,
  stamp: null,
  gone: false,
}

const without = (
  hashes: Readonly<Record<string, string>>,
  facets: ReadonlySet<string>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(hashes).filter(([facet]) => !facets.has(facet)))

export interface Observation {
  /** Of what was read, by facet. */
  readonly hashes: Readonly<Record<string, string>>
  readonly stamp: number | null
  readonly version: string | undefined
  readonly startedAt: number
  /** Whether it says something of every facet. */
  readonly isWhole: boolean
}

/** When the record was last read: its own fields, or all of it. */
export const lastRead = (seen: SeenDoc, of: "fields" | "all"): number =>
  of === "all" ? seen.readAt : Math.max(seen.readAt, seen.fieldsReadAt ?? 0)

/** When its own fields were last read, and the provider's time of the record then, where it tells one: before a write. */
export const readBefore = (seen: SeenDoc): { readonly readBefore: number; readonly stamp?: number } => ({
  readBefore: Math.floor(lastRead(seen, "fields")),
  ...(seen.stamp === null ? {} : { stamp: seen.stamp }),
})

const afterRead = (seen: SeenDoc, read: Observation): Pick<SeenDoc, "readAt" | "fieldsReadAt"> =>
  read.isWhole
    ? { readAt: Math.max(seen.readAt, read.startedAt) }
    : { readAt: seen.readAt, fieldsReadAt: Math.max(seen.fieldsReadAt ?? 0, read.startedAt) }

const versioned = (seen: SeenDoc, version: string | undefined): SeenDoc =>
  version === undefined ? seen : { ...seen, version }

/** After an observation of the values was appended. */
export const observed = (seen: SeenDoc, read: Observation, factAt: number): SeenDoc =>
  versioned(
    {
      ...seen,
      hashes: { ...seen.hashes, ...read.hashes },
      factAt,
      ...afterRead(seen, read),
      stamp: read.stamp ?? seen.stamp,
      gone: false,
    },
    read.version,
  )

/** After a reading that was no news. */
export const confirmed = (seen: SeenDoc, read: Observation): SeenDoc =>
  versioned({ ...seen, ...afterRead(seen, read), stamp: read.stamp ?? seen.stamp }, read.version)

/** After the record was found gone, merged away or converted. */
export const vanished = (seen: SeenDoc, startedAt: number, factAt: number): SeenDoc => {
  const { version: _, ...rest } = seen
  return { ...rest, hashes: {}, factAt, readAt: Math.max(seen.readAt, startedAt), gone: true }
}

/**
 * After our write was answered. A facet of which something was sent is known only where the answer held all of it;
 * elsewhere its hash is cleared, so that what the provider made of the write is news.
 */
export const written = (
  seen: SeenDoc,
  sent: JsonObject,
  held: JsonObject | undefined,
  answer: { readonly stamp: number | null; readonly version: string | undefined },
  sources: ReadonlyArray<string>,
  factAt: number,
): SeenDoc => {
  const touched = new Set(Object.keys(sent).map(facetOf))
  const whole = held === undefined ? new Set<string>() : wholeFacets(held, sources)
  const known = held === undefined ? {} : hashFacets(held, sources)
  const hashes: Record<string, string> = { ...without(seen.hashes, touched) }
  for (const facet of whole) hashes[facet] = known[facet]!
  const { version: _, ...rest } = seen
  return versioned({ ...rest, hashes, factAt, stamp: answer.stamp ?? seen.stamp, gone: false }, answer.version)
}

/** What a stored event of the record's stream does to what is known; used to rebuild it from the stream. */
export const evolve = (
  seen: SeenDoc,
  event: { readonly type: string; readonly revision: number; readonly data: unknown; readonly at: number },
  sources: ReadonlyArray<string>,
): SeenDoc => {
  const next = { ...seen, revision: event.revision, factAt: Math.max(seen.factAt, event.at) }
  switch (event.type) {
    case "RecordObserved": {
      const data = event.data as { values: Personal; stamp: number | null; readStartedAt: number }
      const values = opened(data.values)
      const hashes = hashFacets(values, sources)
      const isWhole = coversAll(values, sources)
      const read = { hashes, stamp: data.stamp, version: undefined, startedAt: data.readStartedAt, isWhole }
      return observed(next, read, next.factAt)
    }
    case "RecordWritten": {
      // What the answer held of facets that were not sent is not in the event: every facet is looked at again.
      const { version: _, ...rest } = next
      return { ...rest, hashes: {}, stamp: (event.data as { stamp: number | null }).stamp ?? seen.stamp, gone: false }
    }
    case "RecordGone":
    case "RecordMerged":
    case "RecordConverted":
      return vanished(next, (event.data as { readStartedAt: number }).readStartedAt, next.factAt)
    default:
      return next
  }
}
