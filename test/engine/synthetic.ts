/**
 * A provider in memory with the habits of the hard ones (`synthetic-traits.ts`): opaque cursors, snapshots only, ids derived
 * from values, no times, answers that hold nothing or come later, lossy values, verbs, conversions, lost answers.
 */
import { CallPriority, type Work } from "@concordat/engine/budget/priority"
import type {
  Connector,
  Hint,
  LookupKey,
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
import { JOB_VERB, PERSON, type Traits, TRAITS } from "./synthetic-traits.ts"

interface Stored {
  readonly object: string
  readonly id: string
  readonly values: Record<string, Json>
  readonly ownId: string | null
  readonly version: number
  readonly stamp: number
  readonly gone: boolean
  readonly into: string | null
  readonly became: { readonly object: string; readonly id: string } | null
}

export type Fault = "lost" | "down" | "limited" | "unauthorised" | "refuse" | "busy" | "expired"

const error = (operation: string, reason: ProviderError["reason"]) =>
  new ProviderError({ provider: "synthetic", operation, reason })

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
  readonly #away = new Map<string, { readonly id: string; times: number }>()
  #hidden: string | null = null
  #unready = 0
  #circles = false
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

  /**
   * A record is gone while the next calls of an operation are answered, and there again right after each. Neither moves a date, and
   * no list of changes tells.
   */
  awayDuring(operation: string, id: string, times = 1): void {
    this.#away.set(operation, { id, times })
  }

  /** Gone, or there again, and no date moves. */
  setGone(id: string, gone: boolean): void {
    this.records.set(id, { ...this.records.get(id)!, gone })
  }

  #answer<A>(operation: string, answered: () => A): A {
    const away = this.#away.get(operation)
    if (away === undefined || away.times === 0) return answered()
    away.times -= 1
    this.setGone(away.id, true)
    const answer = answered()
    this.setGone(away.id, false)
    return answer
  }

  /** So many pages of the next list, but for its first, are not ready when they are asked for. */
  prepareFor(pages: number): void {
    this.#unready = pages
  }

  /** From now on, or no longer: what would be a list's third page is its second again, and changes have no end. */
  goInCircles(does: boolean): void {
    this.#circles = does
  }

  /** The next list leaves a record out, as flaky lists do. */
  hideOnce(id: string): void {
    this.#hidden = id
  }

  /** A person's edit; null deletes. Returns the id. */
  put(id: string | null, values: Record<string, Json> | null, stamp?: number, object = PERSON): string {
    const name = id ?? this.#newId(values ?? {})
    const before = this.records.get(name)
    this.#clock += 1
    this.records.set(name, {
      object: before?.object ?? object,
      id: name,
      values: { ...before?.values, ...this.#stored(values ?? {}) },
      ownId: before?.ownId ?? null,
      version: (before?.version ?? 0) + 1,
      stamp: stamp ?? this.#clock,
      gone: values === null,
      into: null,
      became: null,
    })
    return values === null ? name : this.#renamed(name)
  }

  /** Where ids are made of the e-mail, a record with another e-mail is another record, and the old one is not there. */
  #renamed(id: string): string {
    const one = this.records.get(id)!
    if (!this.traits.derivedIds) return id
    const now = this.#newId(one.values)
    if (now === id) return id
    this.records.delete(id)
    this.records.set(now, { ...one, id: now })
    return now
  }

  /** A lead becomes a person. Returns the person's id. */
  convert(id: string): string {
    const lead = this.records.get(id)!
    const person = this.#newId(lead.values)
    this.#clock += 1
    this.records.set(person, { ...lead, object: PERSON, id: person, version: 1, stamp: this.#clock })
    this.#clock += 1
    const became = { object: PERSON, id: person }
    this.records.set(id, { ...lead, gone: true, became, stamp: this.#clock, version: lead.version + 1 })
    return person
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

  #shown({ values }: Stored): Record<string, Json> {
    if (!this.traits.verbs) return { ...values }
    const { job, ...fields } = values
    return { ...fields, [JOB_VERB]: job ?? null }
  }

  #raw(one: Stored): RawRecord {
    return {
      object: one.object,
      id: one.id,
      values: this.#shown(one),
      version: String(one.version),
      ...(this.traits.stamps ? { stamp: one.stamp } : {}),
      ...(one.ownId === null ? {} : { ownId: one.ownId }),
    }
  }

  #reading(object: string, id: string): Reading {
    const one = this.records.get(id)
    if (one === undefined || one.object !== object) return { _tag: "Gone", object, id, reason: "invisible" }
    if (one.into !== null) return { _tag: "Merged", object, id, into: one.into }
    if (one.became !== null) return { _tag: "Converted", object, id, into: [one.became] }
    if (one.gone) return { _tag: "Gone", object, id, reason: "deleted" }
    return { _tag: "Found", record: this.#raw(one) }
  }

  #write(row: WriteRow): WriteOutcome {
    const before = row.id === undefined ? undefined : this.records.get(row.id)
    if (row.kind !== "create" && (before === undefined || before.gone))
      return { _tag: "Refused", code: "missing", message: "no such person", effect: "none", retry: false }
    const named = Object.keys(row.values).filter((name) => name.startsWith("@"))
    const targets = named.flatMap((name) => row.values[name] as ReadonlyArray<{ readonly id: string }>)
    if (targets.some(({ id }) => this.get(id) === null))
      return { _tag: "Refused", code: "reference", message: "no such person", effect: "none", retry: false }
    if (this.traits.preconditions && row.version !== undefined && row.version !== String(before?.version))
      return { _tag: "Refused", code: "precondition", message: "changed", effect: "none", retry: false }
    const own =
      row.kind === "create" && this.traits.creates === "ownId"
        ? this.live().find((one) => one.ownId === row.ownId)
        : undefined
    if (own !== undefined) return { _tag: "Written", id: own.id, adopted: true, made: Object.keys(row.values) }
    const values = this.#given(row, before)
    if (values === null)
      return { _tag: "Refused", code: "precondition", message: "the job has moved", effect: "none", retry: false }
    const id = row.id ?? this.#newId(values)
    const ownId = row.kind === "create" ? row.ownId : (before?.ownId ?? null)
    const became = this.put(id, row.kind === "archive" ? null : values)
    const now = { ...this.records.get(became)!, ownId }
    this.records.set(became, now)
    this.writes.push({ kind: row.kind, id, key: row.key, values: row.values })
    return {
      _tag: "Written",
      id,
      ...(this.traits.answers === "nothing" ? {} : { version: String(now.version) }),
      ...(this.traits.stamps ? { stamp: now.stamp } : {}),
      ...(this.traits.answers === "held" && row.kind !== "archive" ? { held: this.#shown(now) } : {}),
      ...(became === id ? {} : { converted: [{ object: PERSON, id: became }] }),
    }
  }

  /** The values to be stored; null: the verb was told of another job than the record has, and moves nothing. */
  #given({ before, kind, values }: WriteRow, stored: Stored | undefined): Record<string, Json> | null {
    const { [JOB_VERB]: job, ...fields } = values as Record<string, Json>
    if (job === undefined) return fields
    if (kind === "update" && (before[JOB_VERB] ?? null) !== (stored?.values["job"] ?? null)) return null
    return { ...fields, job }
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
      const answer = this.#answer(operation, answered)
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
    const liveOf = (object: string) => this.live().filter((one) => one.object === object)
    const since = (object: string, cursor: Json): ReadonlyArray<Stored> =>
      [...this.records.values()]
        .filter((one) => one.object === object && one.stamp > (cursor as { t: number }).t)
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
      backfill: (object, cursor) =>
        this.#call(
          "backfill",
          (): Page => {
            if (cursor !== null && this.#unready > 0) {
              this.#unready -= 1
              return { records: [], hints: [], next: cursor, more: false }
            }
            const { at, isLast, part } = page(liveOf(object), cursor === null ? 0 : (cursor as { n: number }).n)
            const shown = part.filter(({ id }) => id !== this.#hidden)
            if (shown.length < part.length) this.#hidden = null
            return {
              records: shown.map((one) => this.#raw(one)),
              hints: [],
              next: isLast ? null : { n: this.#circles && cursor !== null ? traits.listBatch : at },
              more: !isLast && this.#unready === 0,
              total: liveOf(object).length,
            }
          },
          cursor,
        ),
      changesFrom: () => this.#call("changesFrom", () => ({ t: this.#clock })),
      changes: (object, cursor) =>
        this.#call("changes", (): Page => {
          const { isLast, part } = page(since(object, cursor), 0)
          const hints = part.map(({ gone, id }): Hint => ({ object, id, kind: gone ? "gone" : "changed" }))
          const records =
            traits.changes === "delta" ? part.filter(({ gone }) => !gone).map((one) => this.#raw(one)) : []
          return {
            records,
            hints: traits.changes === "delta" ? hints.filter(({ kind }) => kind === "gone") : hints,
            next: this.#circles ? cursor : { t: part.at(-1)?.stamp ?? (cursor as { t: number }).t },
            more: !isLast || this.#circles,
          }
        }),
      read: (object, ids) =>
        this.#call("read", () => {
          this.read.push(...ids)
          return ids.map((id) => this.#reading(object, id))
        }),
      census: (object) =>
        this.#call("census", (): Page => ({
          records: [],
          hints: liveOf(object).map(({ id }): Hint => ({ object, id, kind: "changed" })),
          next: null,
          more: false,
        })),
      write: (_object, rows) => this.#call("write", () => answers(rows)),
      settle: (_object, jobs) =>
        this.#call("settle", () => jobs.map(({ key }): WriteAnswer => ({ key, outcome: this.jobs.get(key)! }))),
      ...(traits.lookup
        ? {
            lookup: (object: string, keys: ReadonlyArray<LookupKey>) =>
              this.#call("lookup", () =>
                keys.flatMap(({ fields, ownId }, key) =>
                  liveOf(object)
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
