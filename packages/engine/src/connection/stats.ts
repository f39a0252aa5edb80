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

export class Counting {
  readonly #http: HttpStats | null
  readonly #counts: Record<Counter, number> = {
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
  readonly #backfill: Record<string, Progress> = {}
  #fault: string | null = null
  #faultAt: number | null = null

  constructor(http: HttpStats | null) {
    this.#http = http
  }

  add(counter: Counter, by = 1): void {
    this.#counts[counter] += by
  }

  progress(object: string, progress: Progress): void {
    this.#backfill[object] = progress
  }

  /** `at`: ms since 1970. */
  fault(fault: string | null, at?: number): void {
    this.#fault = fault
    this.#faultAt = fault === null ? null : (at ?? null)
  }

  get facts(): number {
    return this.#counts.facts
  }

  now(): Stats {
    return {
      ...this.#counts,
      fault: this.#fault,
      faultAt: this.#faultAt,
      backfill: { ...this.#backfill },
      http: this.#http === null ? null : { ...this.#http },
    }
  }
}
