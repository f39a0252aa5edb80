/**
 * The worker of one connection, and its one owner: it polls, reads and pushes, and says what it found. A crash at any
 * moment loses nothing and repeats nothing that counts: facts are adopted, intents looked for, cursors resumed.
 */
import type { Compilers } from "@concordat/rules/reconcile/context"
import type { CursorDoc, OpenIntentDoc, RecordKey } from "@concordat/rules/state/documents"
import { parseRecordKey, recordKey } from "@concordat/rules/state/documents"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Budget, makeBudget } from "../budget/Budget.ts"
import type { HttpStats } from "../http/ProviderHttp.ts"
import { CENSUS_EVERY_MS, SCAN_DOCUMENTS } from "../limits.ts"
import { Bus } from "../ports/Bus.ts"
import { Commit } from "../ports/Commit.ts"
import { checkpointOf, ShareDigits, shareOf } from "../ownership/shares.ts"
import { Journal } from "../ports/Journal.ts"
import type { LeaseToken } from "../ports/Leases.ts"
import type { Connector, Definition, Hint, RawRecord, Reading } from "../ports/Provider.ts"
import { State } from "../ports/State.ts"
import { Gate } from "./faults.ts"
import { Following } from "./following.ts"
import { Doubts } from "./doubts.ts"
import { type Gap, Gaps } from "./gaps.ts"
import { Held } from "./held.ts"
import { Hinting } from "./hinting.ts"
import { Distance } from "./lag.ts"
import { lastSaid, makeLedger } from "./Ledger.ts"
import { lockOfIntent } from "./locks.ts"
import { News } from "./news.ts"
import { canRead, fenceOf, meaningKey, type Parts } from "./parts.ts"
import { makePlanner } from "./planning.ts"
import { Polling } from "./polling.ts"
import { Pushing } from "./pushing.ts"
import { rebuildAll } from "./rebuild-all.ts"
import { Rota } from "./rota.ts"
import { Settling } from "./settling.ts"
import { Counting, type Stats } from "./stats.ts"
import { makeTaking, type Taking } from "./taking.ts"
import { makeTick } from "./tick.ts"
import { type WorkerView, viewOf } from "./view.ts"
import { makeWatch, type Watch, watched, type Watcher } from "./watch.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

export interface ConnectionOptions {
  readonly tenant: string
  readonly connection: string
  readonly definition: Definition
  readonly connector: Connector
  /** The same functions that the reconciler decides with. */
  readonly compilers: Compilers
  /** The budget that the connector's HTTP waits for; without it pauses hold for the worker alone. */
  readonly budget?: Budget
  readonly http?: HttpStats
  /** Of the process, where it has several connections. Default: one of its own. */
  readonly watch?: Watch
  /** Default: the definition's. In ms. */
  readonly pollEveryMs?: number
  /** Default: 15 minutes. In ms. */
  readonly censusEveryMs?: number
  /** How often objects of which the definition says so are read again, ms; null: never. Default: the definition's. */
  readonly rereadEveryMs?: number | null
  /** Where several processes could own the connection. */
  readonly lease?: LeaseToken
}

export interface Submitted {
  readonly id: string
  /** Of the record's stream, after the record was taken. */
  readonly revision: number
}

export interface ConnectionHandle {
  /** Works for ever; fails only with what it can't go on after. Interrupted, it drains within five seconds. */
  readonly run: Effect.Effect<never, WorkerError>
  /** Takes records from a system that pushes them in; answers when they are in the journal, in the order given. */
  readonly submit: (
    records: ReadonlyArray<RawRecord>,
    options?: { readonly via?: "backfill" | "webhook" },
  ) => Effect.Effect<ReadonlyArray<Submitted>, WorkerError>
  /** The same for records that the system says it has deleted. One that is gone already is no news. */
  readonly gone: (records: ReadonlyArray<RecordKey>) => Effect.Effect<ReadonlyArray<Submitted>, WorkerError>
  readonly hint: (hints: ReadonlyArray<Hint>) => Effect.Effect<void>
  /** Looks at everything that is due, and polls. */
  readonly wake: Effect.Effect<void>
  /** Walks over everything once more, now; before the first sync has ended that is what happens anyway. */
  readonly readAgain: Effect.Effect<void>
  /** A system that fetches what is written to it has asked for it, from a place that is one of this journal or none. */
  readonly followed: (isKnown: boolean) => Effect.Effect<void, WorkerError>
  /** Says that everything is in, for providers that can't be walked; also after `followed(false)`. */
  readonly finishBackfill: Effect.Effect<void, WorkerError>
  readonly stats: Effect.Effect<Stats>
  /** What it does and waits for now, for whoever operates it. */
  readonly view: Effect.Effect<WorkerView, WorkerError>
  /** Nothing queued, nothing due that can be done, nothing in flight. */
  readonly idle: Effect.Effect<boolean, WorkerError>
}

/** Where the worker's own documents say it was; from the journal where the state was dropped. */
const restore = Effect.fnUntraced(function* (parts: Parts, endedAt: number) {
  const store = asWorkerError(parts.connection)
  const all = Effect.fnUntraced(function* (kind: string, each: (key: string, value: string) => void) {
    const prefix = `${parts.connection}|`
    for (let after: string | null = null; ;) {
      const page: ReadonlyArray<{ readonly key: string; readonly value: string }> = yield* store(
        parts.state.scan({ tenant: parts.tenant, kind, prefix, after, limit: SCAN_DOCUMENTS }),
      )
      for (const { key, value } of page) each(key.slice(prefix.length), value)
      if (page.length < SCAN_DOCUMENTS) return
      after = page.at(-1)!.key
    }
  })
  yield* all("cursor", (key, value) => parts.cursors.set(key, JSON.parse(value) as CursorDoc))
  yield* all("follow", (key) => parts.follows.add(key))
  yield* all("gap", (key, value) => parts.gaps.set(key, JSON.parse(value) as Gap))
  yield* all("intent", (key, value) => {
    const intent = JSON.parse(value) as OpenIntentDoc
    const { doubts, intents } = parts
    ;(intent.givenUp === true ? doubts : intents).set(key, intent)
  })
  yield* rebuildAll(parts, endedAt)
  // Asked of the state where they matter: a thousand connections have as many for each of their objects.
  for (const object of Object.keys(parts.definition.objects)) parts.cursors.delete(meaningKey(object))
  for (const intent of parts.intents.values()) {
    const lock = lockOfIntent(intent)
    if (lock !== null) parts.busy.set(lock, intent.until)
  }
})

/** A word on the worker's stream, which moves it on from where a former owner knew it. */
const takeOver = (parts: Parts) =>
  parts.ledger.exclusively(
    parts.ledger.commit({ entries: [], documents: [], fence: fenceOf(parts, "changes", ""), sayFence: true }),
  )

type Via = "backfill" | "webhook"

class Connection implements ConnectionHandle, Watcher {
  readonly parts: Parts
  readonly gate: Gate
  readonly polling: Polling
  readonly hinting: Hinting
  readonly following: Following
  readonly pushing: Pushing
  readonly taking: Taking

  constructor(
    parts: Parts,
    flows: Pick<Connection, "gate" | "polling" | "hinting" | "following" | "pushing" | "taking">,
  ) {
    this.parts = parts
    this.gate = flows.gate
    this.polling = flows.polling
    this.hinting = flows.hinting
    this.following = flows.following
    this.pushing = flows.pushing
    this.taking = flows.taking
  }

  get run(): ConnectionHandle["run"] {
    return this.parts.rota.run
  }

  submit(records: ReadonlyArray<RawRecord>, how?: { readonly via?: Via }) {
    return submit(this, records, how?.via ?? "webhook")
  }

  gone(records: ReadonlyArray<RecordKey>) {
    const readings = records.map(({ object, id }): Reading => ({ _tag: "Gone", object, id, reason: "deleted" }))
    return take(this, records, readings, "webhook")
  }

  hint(hints: ReadonlyArray<Hint>) {
    return this.hinting.add(hints)
  }

  get wake() {
    return Effect.sync(() => {
      this.polling.soon()
      this.pushing.wake()
    })
  }

  get readAgain() {
    return this.polling.readAgain
  }

  followed(isKnown: boolean) {
    return Effect.map(this.following.followed(isKnown), () => this.pushing.wake())
  }

  get finishBackfill() {
    const sent = Effect.andThen(this.polling.finishBackfill, this.following.sentAll)
    return Effect.map(sent, () => this.pushing.wake())
  }

  get stats() {
    return Effect.sync(() => this.parts.counting.now())
  }

  get view() {
    return viewOf(this.parts, { gate: this.gate, polling: this.polling, hinting: this.hinting, isIdle: this.idle })
  }

  get idle() {
    return isIdle(this)
  }

  told() {
    this.parts.news.told()
    this.polling.opening.ring()
    this.pushing.ring()
  }

  delivered() {
    this.hinting.ring()
  }

  decided() {
    this.parts.news.decided()
    this.polling.opening.ring()
    this.pushing.wake()
  }

  lost() {
    this.pushing.wake()
  }
}

const take = Effect.fn("Connection.take")(function* (
  { taking }: Connection,
  records: ReadonlyArray<RecordKey>,
  readings: ReadonlyArray<Reading>,
  via: Via,
) {
  const { revisions } = yield* taking.take({ records, readings, via })
  return records.map((record) => ({ id: record.id, revision: revisions.get(recordKey(record)) ?? -1 }))
})

const submit = Effect.fn("Connection.submit")(function* (
  self: Connection,
  records: ReadonlyArray<RawRecord>,
  via: Via,
) {
  const { parts } = self
  const readings = records.map((record): Reading => ({ _tag: "Found", record }))
  const taken = yield* take(self, records, readings, via)
  // What was pushed in may have crossed a write of ours on its way: where it can be read, it is.
  const crossed = records.filter((record) => canRead(parts, record.object) && parts.busy.has(recordKey(record)))
  if (crossed.length > 0) parts.told.lookAt(crossed)
  return taken
})

const isIdle = Effect.fnUntraced(function* ({ hinting, parts, polling, pushing }: Connection) {
  if (parts.gaps.size > 0 || parts.doubts.size > 0) return false
  return polling.isIdle && (yield* hinting.isIdle) && (yield* pushing.isIdle)
})

export const makeConnection = Effect.fn("makeConnection")(function* (
  options: ConnectionOptions,
): Effect.fn.Return<ConnectionHandle, WorkerError, Journal | State | Bus | Commit | Scope.Scope> {
  const { connection, connector, definition, tenant } = options
  const [journal, state, bus, commit] = [yield* Journal, yield* State, yield* Bus, yield* Commit]
  const watch = options.watch ?? (yield* makeWatch)
  const counting = new Counting(options.http ?? null)
  const last = yield* lastSaid(tenant, connection, journal)
  const endedAt = Date.parse(last?.metadata["at"] ?? "") || 0
  const tick = yield* makeTick(endedAt)
  const checkpoint = checkpointOf(shareOf(yield* ShareDigits, tenant))
  const parts: Parts = {
    tenant,
    connection,
    definition,
    connector,
    planner: makePlanner(state, { tenant, connection, compilers: options.compilers, checkpoint }),
    budget: options.budget ?? (yield* makeBudget(definition.limits)),
    ledger: yield* makeLedger({ tenant, connection, tick, last, lease: options.lease }, { journal, commit }),
    counting,
    distance: new Distance(),
    tick,
    journal,
    state,
    bus,
    commit,
    pollEveryMs: options.pollEveryMs ?? definition.pollEveryMs,
    censusEveryMs: options.censusEveryMs ?? CENSUS_EVERY_MS,
    rereadEveryMs: options.rereadEveryMs,
    busy: new Map(),
    created: new Map(),
    intents: new Map(),
    doubts: new Map(),
    gaps: new Map(),
    starting: watch.starting,
    news: new News(),
    rota: new Rota(),
    follows: new Set(),
    cursors: new Map(),
    held: new Held(),
    toldAt: new Map(),
    told: {
      lookAt: (records) => hinting.addNow(records),
      share: (hints) => hinting.share(hints),
      job: () => settling.ring(),
      gap: () => gaps.ring(),
      doubt: () => doubts.ring(),
    },
  }
  const gate = new Gate(parts)
  // First of all: what a former owner appends after this word is refused, and what it appended before is there to be read.
  if (options.lease !== undefined) yield* takeOver(parts)
  yield* watch.starting(restore(parts, endedAt))
  const polling = new Polling(parts, gate)
  const hinting = new Hinting(parts, gate, (object) => polling.soon(object))
  const following = new Following(parts, gate, yield* parts.tick)
  const pushing = new Pushing(parts, gate, following, () => hinting.ring())
  const settling = new Settling(parts, gate, () => pushing.wake())
  const gaps = new Gaps(parts, gate, () => pushing.isMuch)
  const doubts = new Doubts(parts, gate)
  const taking = yield* makeTaking(parts)
  parts.told.lookAt([...parts.follows].map(parseRecordKey))
  const made = new Connection(parts, { gate, polling, hinting, following, pushing, taking })
  yield* watched(watch, { tenant, connection, checkpoint }, made)
  return made
})
