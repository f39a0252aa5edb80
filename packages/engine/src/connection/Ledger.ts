/**
 * Where the worker's facts become durable: one commit at a time, fenced by the worker's stream, repeated until its
 * outcome is known. What is found in the journal already, after a crash or a lost answer, is adopted.
 */
import type { PageCommitted } from "@concordat/model/events/record"
import * as streams from "@concordat/model/streams"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { COMMIT_TRIES } from "../limits.ts"
import type { Commit } from "../ports/Commit.ts"
import type { Append, Journal, RecordedEvent } from "../ports/Journal.ts"
import type { LeaseToken } from "../ports/Leases.ts"
import type { DocumentWrite } from "../ports/State.ts"
import { inStretches } from "../right-of-way.ts"
import { appendOf, type Fact } from "./events.ts"
import type { Tick } from "./tick.ts"
import { Turnstile } from "./turnstile.ts"
import { asWorkerError, WorkerError } from "./WorkerError.ts"

export type Fence = typeof PageCommitted.Type

/** Facts for one stream, after the revision that they were decided at. */
export interface Entry {
  readonly stream: string
  readonly expected: number
  readonly facts: ReadonlyArray<Fact>
}

/** What is to be kept as a whole. */
export interface Kept {
  readonly entries: ReadonlyArray<Entry>
  readonly documents: ReadonlyArray<DocumentWrite>
  readonly fence: Fence
  /** Whether the fence is said even where there is nothing else to append. */
  readonly sayFence?: boolean
  /** Where other walks are, said after the fence wherever that is said. */
  readonly beside?: ReadonlyArray<Fence>
}

interface Stores {
  readonly journal: Context.Service.Shape<typeof Journal>
  readonly commit: Context.Service.Shape<typeof Commit>
}

/** What the worker's last life said last; null: it is the first. */
export const lastSaid = Effect.fnUntraced(function* (
  tenant: string,
  connection: string,
  journal: Stores["journal"],
): Effect.fn.Return<RecordedEvent | null, WorkerError> {
  const stream = streams.worker(tenant, connection)
  const read = journal.read(stream, { from: "end", direction: "backward", limit: 1 })
  return (yield* asWorkerError(connection)(read))[0] ?? null
})

export interface LedgerOptions {
  readonly tenant: string
  readonly connection: string
  readonly tick: Tick
  readonly last: RecordedEvent | null
  /** Under which the connection is owned, where several processes could; its epoch is the worker's then. */
  readonly lease?: LeaseToken | undefined
}

export class Ledger {
  readonly tenant: string
  readonly connection: string
  readonly stream: string
  readonly tick: Tick
  readonly stores: Stores
  /** Another worker's fence can say the same; it must not be taken for ours. */
  readonly epoch: string
  readonly leased: { readonly lease?: LeaseToken }
  /** Of the worker's stream. */
  revision: number
  /** Facts that it has made durable so far. */
  facts = 0
  readonly #one = new Turnstile()

  constructor({ connection, last, lease, tenant, tick }: LedgerOptions, stores: Stores, life: string) {
    this.tenant = tenant
    this.connection = connection
    this.stream = streams.worker(tenant, connection)
    this.tick = tick
    this.stores = stores
    this.epoch = lease === undefined ? life : `${lease.epoch}.${life}`
    this.leased = lease === undefined ? {} : { lease }
    this.revision = last?.revision ?? -1
  }

  /** Decisions are made and committed one after the other: what one reads no other changes meanwhile. */
  exclusively<A, E, R>(decision: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return this.#one.within(decision)
  }

  /**
   * Answers the streams that have moved on, in which case nothing was committed; none: all is durable. Only within
   * `exclusively`. Fails with `fenced` when the worker's own stream has moved on.
   */
  commit(kept: Kept): Effect.Effect<ReadonlyArray<string>, WorkerError> {
    return commit(this, kept)
  }
}

const isOurs = Effect.fnUntraced(function* ({ journal }: Stores, append: Append) {
  const { expected, events } = append
  const tail = yield* journal.read(append.stream, {
    from: expected + 1,
    direction: "forward",
    limit: events.length,
  })
  return tail.length === events.length && tail.every((event, i) => event.id === events[i]!.id)
})

const commit = Effect.fnUntraced(function* (ledger: Ledger, kept: Kept) {
  const { beside = [], documents, entries, fence, sayFence } = kept
  const { connection, epoch, leased, stores, stream } = ledger
  const store = asWorkerError(connection)
  const at = Math.floor(yield* ledger.tick)
  const appends = [
    ...(yield* inStretches(ledger.tenant, entries, (entry) => appendOf(entry.stream, entry.expected, entry.facts, at))),
  ]
  if (appends.length > 0 || sayFence === true)
    appends.push(
      appendOf(
        stream,
        ledger.revision,
        [fence, ...beside].map((data) => ({ data, epoch })),
        at,
      ),
    )
  let unit = { appends, documents, commands: [], checkpoint: null, ...leased }
  for (let attempt = 0; attempt < COMMIT_TRIES; attempt++) {
    const result = yield* store(stores.commit.commit(unit))
    if (result._tag === "Appended") {
      const said = appends.at(-1)
      if (said?.stream === stream) ledger.revision += said.events.length
      for (const entry of entries) ledger.facts += entry.facts.length
      return []
    }
    if (result._tag === "Indeterminate") continue
    const others: Array<string> = []
    for (const append of unit.appends)
      if (result.streams.includes(append.stream) && !(yield* store(isOurs(stores, append)))) others.push(append.stream)
    if (others.includes(stream))
      return yield* new WorkerError({
        connection,
        reason: "fenced",
        detail: `${stream} is written by another worker`,
      })
    if (others.length > 0) return others
    // The events are there; what was not done is the rest.
    unit = { ...unit, appends: unit.appends.filter((append) => !result.streams.includes(append.stream)) }
  }
  return yield* new WorkerError({
    connection,
    reason: "contended",
    detail: `no outcome after ${COMMIT_TRIES} commits`,
  })
})

export const makeLedger = (options: LedgerOptions, stores: Stores): Effect.Effect<Ledger> =>
  Effect.map(
    Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER),
    (life) => new Ledger(options, stores, life.toString(36)),
  )
