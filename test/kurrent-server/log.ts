/**
 * The server's log over a journal: its rules of expected revisions and of repeated ids, as weak as the real ones, and its
 * streams' metadata. Truncated events are hidden from reads of their stream only.
 *
 * The rules are those of `IndexWriter.CheckCommit` (github.com/kurrent-io/KurrentDB, 23.10 to 26.1).
 */
import type { Journal, NewEvent, RecordedEvent } from "@concordat/engine/ports/Journal"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"

export const NO_STREAM = -1
export const ANY = -2
export const EXISTS = -4

export interface Proposed {
  readonly id: string
  readonly type: string
  readonly isJson: boolean
  readonly data: Buffer
  readonly metadata: Buffer
}
export interface Write {
  readonly stream: string
  readonly expected: number
  readonly records: ReadonlyArray<Proposed>
}
export interface Recorded extends Proposed {
  readonly stream: string
  readonly revision: number
  readonly position: bigint
  readonly created: string
}
export type Written =
  | { readonly _tag: "Done"; readonly revisions: ReadonlyArray<number>; readonly position: bigint }
  | { readonly _tag: "Conflict"; readonly index: number; readonly current: number }

/** Positions have gaps, as in a log of bytes. */
const STEP = 100n
const OFFSET = 7n
export const toWire = (position: string): bigint => BigInt(Number(position)) * STEP + OFFSET
/** The number of the first event at or after a place in the log, less one: what the journal calls "after". */
export const before = (wire: bigint): string | null => {
  const n = (wire - OFFSET + STEP - 1n) / STEP - 1n
  return n <= 0n ? null : n.toString().padStart(16, "0")
}

/** Ids of the newest events: the real server keeps 8 MiB of them, in memory only. */
const REMEMBERED = 5_000
const EPOCH_TICKS = 621_355_968_000_000_000n

const stored = (record: Proposed): NewEvent => ({
  id: record.id,
  type: record.type,
  data: record.data.toString(record.isJson ? "utf8" : "base64"),
  metadata: {
    own: record.metadata.toString("utf8"),
    json: String(record.isJson),
    created: (BigInt(Date.now()) * 10_000n + EPOCH_TICKS).toString(),
  },
})
export const recorded = (event: RecordedEvent): Recorded => {
  const isJson = event.metadata["json"] === "true"
  return {
    stream: event.stream,
    revision: event.revision,
    position: toWire(event.position),
    created: event.metadata["created"]!,
    id: event.id,
    type: event.type,
    isJson,
    data: Buffer.from(event.data, isJson ? "utf8" : "base64"),
    metadata: Buffer.from(event.metadata["own"]!, "utf8"),
  }
}

type Check =
  | { readonly _tag: "Ok"; readonly current: number }
  | { readonly _tag: "Idempotent"; readonly last: number; readonly position: bigint }
  | { readonly _tag: "Wrong"; readonly current: number }

export class Log {
  readonly #journal: Context.Service.Shape<typeof Journal>
  #turn: Promise<unknown> = Promise.resolve()
  readonly #recent = new Map<
    string,
    { readonly stream: string; readonly revision: number; readonly position: bigint }
  >()

  constructor(journal: Context.Service.Shape<typeof Journal>) {
    this.#journal = journal
  }

  get journal(): Context.Service.Shape<typeof Journal> {
    return this.#journal
  }

  async head(stream: string): Promise<number> {
    const [event] = await Effect.runPromise(
      this.#journal.read(stream, { from: "end", direction: "backward", limit: 1 }),
    )
    return event?.revision ?? -1
  }

  async end(): Promise<bigint | null> {
    const end = await Effect.runPromise(this.#journal.end)
    return end === null ? null : toWire(end)
  }

  /** The first revision that reads of the stream show; beyond all there can be where it was deleted. */
  async firstVisible(stream: string): Promise<number> {
    const [event] = await Effect.runPromise(
      this.#journal.read(`$$${stream}`, { from: "end", direction: "backward", limit: 1 }),
    )
    if (event === undefined) return 0
    const { $tb = 0 } = JSON.parse(event.data) as { $tb?: number }
    return $tb
  }

  async read(stream: string, from: number | "end", backward: boolean, limit: number): Promise<ReadonlyArray<Recorded>> {
    const events = await Effect.runPromise(
      this.#journal.read(stream, { from, direction: backward ? "backward" : "forward", limit }),
    )
    return events.map(recorded)
  }

  /** All of the writes or none, one after the other. */
  write(writes: ReadonlyArray<Write>): Promise<Written> {
    const result = this.#turn.then(() => this.#write(writes))
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #check({ stream, expected, records }: Write): Promise<Check> {
    const current = await this.head(stream)
    const isDeleted = (await this.firstVisible(stream)) > Number.MAX_SAFE_INTEGER
    if (expected === EXISTS && (isDeleted || (current < 0 && (await this.head(`$$${stream}`)) < 0)))
      return { _tag: "Wrong", current }
    if (expected === ANY || expected === EXISTS) {
      // Weak: only what was written lately is compared, and nothing of it survives a restart.
      const known = records.map(({ id }) => this.#recent.get(id))
      const count = known.findIndex((one) => one?.stream !== stream)
      if (count === 0 || records.length === 0) return { _tag: "Ok", current }
      if (count > 0) return { _tag: "Wrong", current }
      const last = known.at(-1)!
      return { _tag: "Idempotent", last: last.revision, position: last.position }
    }
    // Strong: the ids at exactly these revisions. At the head itself nothing is compared.
    if (expected === current) return { _tag: "Ok", current }
    if (expected > current) return { _tag: "Wrong", current }
    const there = await this.read(stream, expected + 1, false, records.length)
    const isSame = there.length === records.length && there.every(({ id }, i) => id === records[i]!.id)
    if (isSame && records.length > 0)
      return { _tag: "Idempotent", last: there.at(-1)!.revision, position: there.at(-1)!.position }
    if (there[0]?.id !== records[0]?.id && expected === NO_STREAM && isDeleted) return { _tag: "Ok", current }
    return { _tag: "Wrong", current }
  }

  async #write(writes: ReadonlyArray<Write>): Promise<Written> {
    const checks: Array<Check> = []
    for (const write of writes) checks.push(await this.#check(write))
    const done = checks.flatMap((check) => (check._tag === "Idempotent" ? [check] : []))
    if (done.length === writes.length) {
      const position = done.reduce((max, check) => (check.position > max ? check.position : max), 0n)
      return { _tag: "Done", revisions: done.map(({ last }) => last), position }
    }
    const index = checks.findIndex(({ _tag }) => _tag !== "Ok")
    if (index !== -1) {
      const check = checks[index]!
      return { _tag: "Conflict", index, current: check._tag === "Idempotent" ? check.last : check.current }
    }
    const heads = checks.map((check) => (check._tag === "Ok" ? check.current : -1))
    const result = await Effect.runPromise(
      this.#journal.appendMany(
        writes.map(({ stream, records }, i) => ({ stream, expected: heads[i]!, events: records.map(stored) })),
      ),
    )
    if (result._tag !== "Appended") throw new Error(`the log's own journal answered ${result._tag}`)
    const position = toWire(result.position)
    writes.forEach(({ stream, records }, i) => this.#remember(stream, heads[i]!, records, position))
    return { _tag: "Done", revisions: writes.map(({ records }, i) => heads[i]! + records.length), position }
  }

  #remember(stream: string, head: number, records: ReadonlyArray<Proposed>, position: bigint): void {
    records.forEach(({ id }, i) => this.#recent.set(id, { stream, revision: head + 1 + i, position }))
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= REMEMBERED) break
      this.#recent.delete(oldest)
    }
  }
}
