/**
 * A provider in memory with the habits of the hard ones, each switched on by itself: opaque cursors, snapshots only, ids
 * derived from values, no times, answers that hold nothing or come later, lossy values, conversions, lost answers.
 */
import { CallPriority, type Work } from "@concordat/engine/budget/priority"
import type {
  Connector,
  Definition,
  Hint,
  LookupKey,
  ObjectDefinition,
  Page,
  RawRecord,
  Reading,
  WriteAnswer,
  WriteOutcome,
  WriteRow,
} from "@concordat/engine/ports/Provider"
import { AuthLost, CursorExpired, ProviderError, RateLimited, Unavailable } from "@concordat/engine/ports/ProviderError"
import type { Json, JsonObject } from "@concordat/model/json"
import { emptyMetadata } from "@concordat/model/metadata"
import * as Effect from "effect/Effect"

export interface Traits {
  readonly changes: ObjectDefinition["changes"]
  readonly read: boolean
  readonly census: boolean
  /** Whether records carry the provider's own time of change. */
  readonly stamps: boolean
  readonly creates: Definition["creates"]
  readonly lookup: boolean
  readonly preconditions: boolean
  readonly answers: "held" | "nothing" | "pending"
  /** Ids are made of the e-mail: there are none of the provider's own. */
  readonly derivedIds: boolean
  /** What is stored is lower-cased. */
  readonly lossy: boolean
  readonly indexLagMs: number
  readonly secondLookMs: number
  readonly latencyMs: number
  readonly listBatch: number
  /** How often everything is read again beside the delta; null: never. */
  readonly rereadEveryMs: number | null
}

export const TRAITS: Traits = {
  changes: "delta",
  read: true,
  census: false,
  stamps: true,
  creates: "lookup",
  lookup: true,
  preconditions: false,
  answers: "held",
  derivedIds: false,
  lossy: false,
  indexLagMs: 1_000,
  secondLookMs: 0,
  latencyMs: 0,
  listBatch: 3,
  rereadEveryMs: null,
}

interface Stored {
  readonly id: string
  readonly values: Record<string, Json>
  readonly ownId: string | null
  readonly version: number
  readonly stamp: number
  readonly gone: boolean
  readonly into: string | null
}

export type Fault = "lost" | "down" | "limited" | "unauthorised" | "refuse" | "busy" | "expired"

export const PERSON = "person"

const error = (operation: string, reason: ProviderError["reason"]) =>
  new ProviderError({ provider: "synthetic", operation, reason })

export const definitionOf = (traits: Traits): Definition => ({
  provider: "synthetic",
  class: "peer",
  objects: {
    [PERSON]: {
      backfill: true,
      changes: traits.changes,
      read: traits.read,
      write: ["create", "update", "archive"],
      census: traits.census,
      ...(traits.rereadEveryMs === null ? {} : { rereadEveryMs: traits.rereadEveryMs }),
      batch: { list: traits.listBatch, read: 2, write: 3 },
    },
  },
  limits: { buckets: { default: { capacity: 1_000, perSecond: 1_000 } }, concurrency: 4, timeoutMs: 30_000 },
  pollEveryMs: 5_000,
  secondLookMs: traits.secondLookMs,
  indexLagMs: traits.indexLagMs,
  creates: traits.creates,
  preconditions: traits.preconditions,
  settings: {},
  credentials: {},
})

export const MAPPING = `
objects:
  person:
    type: contact
    lookup: [email]
    fields:
      email: mail
      firstName: first
      lastName: last
      title: job
`

export class World {
  readonly traits: Traits
  readonly records = new Map<string, Stored>()
  /** Every write that took effect, in order. */
  readonly writes: Array<{
    readonly kind: WriteRow["kind"]
    readonly id: string
    readonly key: string
    readonly values: JsonObject
  }> = []
  readonly calls = new Map<string, number>()
  /** Every id that was read. */
  readonly read: Array<string> = []
  /** Every page of a walk over everything that was asked for: from where, and whose turn it was. */
  readonly pages: Array<{ readonly cursor: Json; readonly work: Work }> = []
  readonly jobs = new Map<string, WriteOutcome>()
  /** Called before a call reaches the provider and after it has answered; a test lets the process die here. */
  onStep: Effect.Effect<void> = Effect.void
  #faults = new Map<string, Array<Fault>>()
  #delays = new Map<string, number>()
  #hidden: string | null = null
  #unready = 0
  #clock = 1
  #ids = 0

  constructor(traits: Partial<Traits> = {}) {
    this.traits = { ...TRAITS, ...traits }
  }

  /** What happens at the next calls of an operation: `read`, `write`, `changes`, `backfill`, `census`, `lookup`. */
  failNext(operation: string, ...faults: ReadonlyArray<Fault>): void {
    this.#faults.set(operation, [...(this.#faults.get(operation) ?? []), ...faults])
  }

  /** The next call of an operation is answered at once and the answer takes its time. */
  delayNext(operation: string, ms: number): void {
    this.#delays.set(operation, ms)
  }

  /** So many pages of the next list, but for its first, are not ready when they are asked for. */
  prepareFor(pages: number): void {
    this.#unready = pages
  }

  /** The next list leaves a record out, as flaky lists do. */
  hideOnce(id: string): void {
    this.#hidden = id
  }

  /** A person's edit; null deletes. Returns the id. */
  put(id: string | null, values: Record<string, Json> | null, stamp?: number): string {
    const name = id ?? this.#newId(values ?? {})
    const before = this.records.get(name)
    this.#clock += 1
    this.records.set(name, {
      id: name,
      values: { ...before?.values, ...this.#stored(values ?? {}) },
      ownId: before?.ownId ?? null,
      version: (before?.version ?? 0) + 1,
      stamp: stamp ?? this.#clock,
      gone: values === null,
      into: null,
    })
    return name
  }

  merge(id: string, into: string): void {
    const before = this.records.get(id)!
    this.#clock += 1
    this.records.set(id, { ...before, gone: true, into, stamp: this.#clock, version: before.version + 1 })
  }

  get(id: string): Record<string, Json> | null {
    const found = this.records.get(id)
    return found === undefined || found.gone ? null : found.values
  }

  live(): ReadonlyArray<Stored> {
    return [...this.records.values()].filter(({ gone }) => !gone)
  }

  #newId(values: Record<string, Json>): string {
    this.#ids += 1
    return this.traits.derivedIds
      ? `m${Buffer.from(String(values["mail"] ?? this.#ids)).toString("hex")}`
      : `${this.#ids}`
  }

  #stored(values: Record<string, Json>): Record<string, Json> {
    if (!this.traits.lossy) return values
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? value.toLowerCase() : value]),
    )
  }

  #raw(one: Stored): RawRecord {
    return {
      object: PERSON,
      id: one.id,
      values: { ...one.values },
      version: String(one.version),
      ...(this.traits.stamps ? { stamp: one.stamp } : {}),
      ...(one.ownId === null ? {} : { ownId: one.ownId }),
    }
  }

  #reading(id: string): Reading {
    const one = this.records.get(id)
    if (one === undefined) return { _tag: "Gone", object: PERSON, id, reason: "invisible" }
    if (one.into !== null) return { _tag: "Merged", object: PERSON, id, into: one.into }
    if (one.gone) return { _tag: "Gone", object: PERSON, id, reason: "deleted" }
    return { _tag: "Found", record: this.#raw(one) }
  }

  #write(row: WriteRow): WriteOutcome {
    const before = row.id === undefined ? undefined : this.records.get(row.id)
    if (row.kind !== "create" && (before === undefined || before.gone))
      return { _tag: "Refused", code: "missing", message: "no such person", effect: "none", retry: false }
    if (this.traits.preconditions && row.version !== undefined && row.version !== String(before?.version))
      return { _tag: "Refused", code: "precondition", message: "changed", effect: "none", retry: false }
    const own =
      row.kind === "create" && this.traits.creates === "ownId"
        ? this.live().find((one) => one.ownId === row.ownId)
        : undefined
    if (own !== undefined) return { _tag: "Written", id: own.id, adopted: true }
    const id = row.id ?? this.#newId(row.values as Record<string, Json>)
    this.put(id, row.kind === "archive" ? null : (row.values as Record<string, Json>))
    const now = this.records.get(id)!
    this.records.set(id, { ...now, ownId: row.kind === "create" ? row.ownId : now.ownId })
    this.writes.push({ kind: row.kind, id, key: row.key, values: row.values })
    return {
      _tag: "Written",
      id,
      ...(this.traits.answers === "nothing" ? {} : { version: String(now.version) }),
      ...(this.traits.stamps ? { stamp: now.stamp } : {}),
      ...(this.traits.answers === "held" && row.kind !== "archive" ? { held: { ...now.values } } : {}),
    }
  }

  /** Waits, counts, and fails where it was told to. `answered` runs what the call does, at the provider's moment. */
  #call<A>(operation: string, answered: () => A, cursor?: Json): Effect.Effect<A, ProviderError> {
    return Effect.gen({ self: this }, function* () {
      this.calls.set(operation, (this.calls.get(operation) ?? 0) + 1)
      if (cursor !== undefined) this.pages.push({ cursor, work: yield* CallPriority })
      yield* this.onStep
      if (this.traits.latencyMs > 0) yield* Effect.sleep(this.traits.latencyMs)
      const [fault, ...rest] = this.#faults.get(operation) ?? []
      this.#faults.set(operation, rest)
      switch (fault) {
        case "down":
          return yield* error(operation, new Unavailable({ detail: "down", effect: "none" }))
        case "limited":
          return yield* error(operation, new RateLimited({ retryAfterMs: 3_000, scope: "connection", bucket: null }))
        case "unauthorised":
          return yield* error(operation, new AuthLost({ detail: "token revoked" }))
        case "expired":
          return yield* error(operation, new CursorExpired({ object: PERSON }))
        case "lost":
          answered()
          return yield* error(operation, new Unavailable({ detail: "no answer", effect: "unknown" }))
      }
      const answer = answered()
      const delay = this.#delays.get(operation) ?? 0
      this.#delays.delete(operation)
      if (delay > 0) yield* Effect.sleep(delay)
      if (this.traits.latencyMs > 0) yield* Effect.sleep(this.traits.latencyMs)
      yield* this.onStep
      return answer
    })
  }

  #takeWriteFault(): Fault | undefined {
    const [fault, ...rest] = this.#faults.get("row") ?? []
    this.#faults.set("row", rest)
    return fault
  }

  connector(): Connector {
    const { traits } = this
    const page = (
      all: ReadonlyArray<Stored>,
      from: number,
    ): { at: number; part: ReadonlyArray<Stored>; isLast: boolean } => {
      const part = all.slice(from, from + traits.listBatch)
      return { at: from + part.length, part, isLast: from + part.length >= all.length }
    }
    const since = (cursor: Json): ReadonlyArray<Stored> =>
      [...this.records.values()]
        .filter(({ stamp }) => stamp > (cursor as { t: number }).t)
        .toSorted((a, b) => a.stamp - b.stamp)
    const answers = (rows: ReadonlyArray<WriteRow>): ReadonlyArray<WriteAnswer> =>
      rows.map((row): WriteAnswer => {
        const fault = this.#takeWriteFault()
        if (fault === "refuse" || fault === "busy")
          return {
            key: row.key,
            outcome: {
              _tag: "Refused",
              code: fault === "busy" ? "busy" : "validation",
              message: "the provider's words",
              effect: "none",
              retry: fault === "busy",
            },
          }
        if (traits.answers !== "pending") return { key: row.key, outcome: this.#write(row) }
        this.jobs.set(row.key, this.#write(row))
        return { key: row.key, outcome: { _tag: "Pending", job: { ticket: row.key } } }
      })
    return {
      metadata: Effect.succeed(emptyMetadata),
      backfill: (_object, cursor) =>
        this.#call(
          "backfill",
          (): Page => {
            if (cursor !== null && this.#unready > 0) {
              this.#unready -= 1
              return { records: [], hints: [], next: cursor, more: false }
            }
            const { at, isLast, part } = page(this.live(), cursor === null ? 0 : (cursor as { n: number }).n)
            const shown = part.filter(({ id }) => id !== this.#hidden)
            if (shown.length < part.length) this.#hidden = null
            return {
              records: shown.map((one) => this.#raw(one)),
              hints: [],
              next: isLast ? null : { n: at },
              more: !isLast && this.#unready === 0,
              total: this.live().length,
            }
          },
          cursor,
        ),
      changesFrom: () => this.#call("changesFrom", () => ({ t: this.#clock })),
      changes: (_object, cursor) =>
        this.#call("changes", (): Page => {
          const { isLast, part } = page(since(cursor), 0)
          const hints = part.map(({ gone, id }): Hint => ({ object: PERSON, id, kind: gone ? "gone" : "changed" }))
          const records =
            traits.changes === "delta" ? part.filter(({ gone }) => !gone).map((one) => this.#raw(one)) : []
          return {
            records,
            hints: traits.changes === "delta" ? hints.filter(({ kind }) => kind === "gone") : hints,
            next: { t: part.at(-1)?.stamp ?? (cursor as { t: number }).t },
            more: !isLast,
          }
        }),
      read: (_object, ids) =>
        this.#call("read", () => {
          this.read.push(...ids)
          return ids.map((id) => this.#reading(id))
        }),
      census: () =>
        this.#call("census", (): Page => ({
          records: [],
          hints: this.live().map(({ id }): Hint => ({ object: PERSON, id, kind: "changed" })),
          next: null,
          more: false,
        })),
      write: (_object, rows) => this.#call("write", () => answers(rows)),
      settle: (_object, jobs) =>
        this.#call("settle", () => jobs.map(({ key }): WriteAnswer => ({ key, outcome: this.jobs.get(key)! }))),
      ...(traits.lookup
        ? {
            lookup: (_object: string, keys: ReadonlyArray<LookupKey>) =>
              this.#call("lookup", () =>
                keys.flatMap(({ fields, ownId }, key) =>
                  this.live()
                    .filter(
                      (one) =>
                        (ownId !== undefined && one.ownId === ownId) ||
                        Object.entries(fields).some(([name, value]) => one.values[name] === value),
                    )
                    .map((one) => ({ key, record: this.#raw(one) })),
                ),
              ),
          }
        : {}),
    }
  }
}
