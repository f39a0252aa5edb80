/** What a connection's worker has done since it started, and how far its first walk is. */
import type { HttpStats } from "../http/ProviderHttp.ts"

export interface Progress {
  readonly done: number
  readonly total: number | null
  readonly finished: boolean
}

export interface Stats {
  /** Records and readings that came from the provider. */
  readonly reads: number
  /** Observations, disappearances and changes of identity that were appended. */
  readonly facts: number
  /** Readings that changed nothing, our own echo among them. */
  readonly absorbed: number
  /** Readings that overlapped a write or were older than what is known. */
  readonly stale: number
  readonly calls: number
  /** Writes that the provider took. */
  readonly writes: number
  readonly refused: number
  /** Edits that a write of ours stood over, found in the provider's history. */
  readonly overwritten: number
  /** Calls made again: after "too many" or an outage, and writes whose answer was lost or that were refused for now. */
  readonly retries: number
  /** Answers that said "too many". */
  readonly rateLimits: number
  /** The last fault of the connection as a whole, without values; null while it works. */
  readonly fault: string | null
  /** When it was seen, ms since 1970. */
  readonly faultAt: number | null
  /** By object. */
  readonly backfill: Readonly<Record<string, Progress>>
  readonly http: HttpStats | null
}

export type Counter =
  | "reads"
  | "facts"
  | "absorbed"
  | "stale"
  | "calls"
  | "writes"
  | "refused"
  | "overwritten"
  | "retries"
  | "rateLimits"

export interface Counting {
  readonly add: (counter: Counter, by?: number) => void
  readonly progress: (object: string, progress: Progress) => void
  /** `at`: ms since 1970. */
  readonly fault: (fault: string | null, at?: number) => void
  readonly now: () => Stats
}

export const makeCounting = (http: HttpStats | null): Counting => {
  const counts: Record<Counter, number> = {
    reads: 0,
    facts: 0,
    absorbed: 0,
    stale: 0,
    calls: 0,
    writes: 0,
    refused: 0,
    overwritten: 0,
    retries: 0,
    rateLimits: 0,
  }
  const backfill: Record<string, Progress> = {}
  let fault: string | null = null
  let faultAt: number | null = null
  return {
    add: (counter, by = 1) => {
      counts[counter] += by
    },
    progress: (object, progress) => {
      backfill[object] = progress
    },
    fault: (next, at) => {
      fault = next
      faultAt = next === null ? null : (at ?? null)
    },
    now: () => ({ ...counts, fault, faultAt, backfill: { ...backfill }, http: http === null ? null : { ...http } }),
  }
}
