/** What a verification has found so far, by tenant. It holds counts, and the first of each kind. */
import { tenantOf } from "@concordat/model/streams"
import { SHOWN_DIFFERENCES, SHOWN_FORGOTTEN, UNEXPLAINED_EVENTS } from "../limits.ts"
import type { Difference } from "./difference.ts"

export interface TenantVerified {
  readonly tenant: string
  /** Facts that were decided again. */
  readonly facts: number
  /** Decided events that were compared. */
  readonly events: number
  /** Streams that they are in. */
  readonly streams: number
  /** Places where the journal holds something else than its facts say. */
  readonly drift: number
  /** The same, of a tenant of whose facts some are forgotten: nobody can say any more what was decided from them. */
  readonly untold: number
  /** The first of both. */
  readonly differences: ReadonlyArray<Difference>
  /** Events that were decided from facts that came since the verification began; they were not compared. */
  readonly later: number
  /** Streams of facts whose beginning is forgotten, and facts that events name as their cause and that are not there. */
  readonly forgotten: { readonly count: number; readonly first: ReadonlyArray<string> }
}

class Found {
  facts = 0
  events = 0
  differing = 0
  later = 0
  forgotten = 0
  readonly differences: Array<Difference> = []
  readonly first: Array<string> = []
}

export class Findings {
  readonly #tenants = new Map<string, Found>()
  /** Facts that events name as their cause where another fact decides; the first of them, each with its tenant. */
  readonly suspects = new Map<string, string>()

  #of(tenant: string): Found {
    const known = this.#tenants.get(tenant) ?? new Found()
    this.#tenants.set(tenant, known)
    return known
  }
  fact(stream: string): void {
    this.#of(tenantOf(stream)).facts += 1
  }
  compared(stream: string, events: number): void {
    this.#of(tenantOf(stream)).events += events
  }
  differs(difference: Difference): void {
    const found = this.#of(tenantOf(difference.stream))
    found.differing += 1
    if (found.differences.length < SHOWN_DIFFERENCES) found.differences.push(difference)
  }
  suspect(stream: string, cause: string): void {
    if (this.suspects.size < UNEXPLAINED_EVENTS) this.suspects.set(cause, tenantOf(stream))
  }
  later(stream: string): void {
    this.#of(tenantOf(stream)).later += 1
  }
  forgotten(tenant: string, what: string): void {
    const found = this.#of(tenant)
    found.forgotten += 1
    if (found.first.length < SHOWN_FORGOTTEN) found.first.push(what)
  }
  get facts(): number {
    let all = 0
    for (const { facts } of this.#tenants.values()) all += facts
    return all
  }
  get tenants(): ReadonlyArray<string> {
    return [...this.#tenants.keys()].toSorted()
  }
  tenant(tenant: string, streams: number): TenantVerified {
    const { differences, differing, events, facts, first, forgotten, later } = this.#of(tenant)
    const isWhole = forgotten === 0
    return {
      tenant,
      facts,
      events,
      streams,
      drift: isWhole ? differing : 0,
      untold: isWhole ? 0 : differing,
      differences,
      later,
      forgotten: { count: forgotten, first },
    }
  }
}
