/**
 * People, providers and a network that drops, repeats, delays and reorders, around the pure core: one seed, no clock. The
 * worker here follows the contract of the real one in its shortest form (hash, stale read, intent first, read-back).
 */
import { canonicalJson, type JsonObject } from "@concordat/model/json"
import { clear } from "@concordat/model/events/envelope"
import { sha256 } from "@concordat/model/ids"
import type { PlannedWrite } from "../src/push/plan.ts"
import type { Core } from "./core.ts"

/** mulberry32: small, seeded, good enough for choosing. */
export const random = (seed: number) => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    next,
    below: (n: number) => Math.floor(next() * n),
    chance: (p: number) => next() < p,
    pick: <A>(list: ReadonlyArray<A>): A => list[Math.floor(next() * list.length)]!,
  }
}

export interface Store {
  readonly connection: string
  readonly object: string
  readonly type: "contact" | "company" | "deal" | "activity"
  readonly records: Map<string, { values: Record<string, unknown>; stamp: number }>
  /** What this provider makes of values. */
  readonly store: (values: Record<string, unknown>) => Record<string, unknown>
  readonly hasStamps: boolean
  readonly answersValues: boolean
}

/** A provider shows every field of a record, also those that nobody gave it. */
const BLANK = { email: null, phone: null, firstName: null, lastName: null, title: null, otherEmails: [] }

interface Seen {
  hash: string | null
  factAt: number
  readAt: number
  gone: boolean
  writing: PlannedWrite | null
}
interface Read {
  readonly store: Store
  readonly id: string
  readonly values: JsonObject | null
  readonly stamp: number
  readonly startedAt: number
}
interface Flight {
  readonly store: Store
  readonly plan: PlannedWrite
  readonly key: string
  applied: boolean
  id: string | null
}

export interface Faults {
  readonly drop: number
  readonly repeat: number
  readonly lostAnswer: number
  readonly staleReads: number
  readonly crash: number
}
export const calm: Faults = { drop: 0, repeat: 0, lostAnswer: 0, staleReads: 0, crash: 0 }
export const storm: Faults = { drop: 0.4, repeat: 0.2, lostAnswer: 0.25, staleReads: 0.4, crash: 0.05 }

/** Rules of the worker that a test takes away to see that something fails without them. */
export interface Broken {
  readonly staleRead?: boolean
  readonly keepHashOnWrite?: boolean
}

export class World {
  readonly core: Core
  readonly stores: ReadonlyArray<Store>
  readonly rng: ReturnType<typeof random>
  readonly faults: Faults
  readonly broken: Broken
  now = 10_000
  writes = 0
  readonly log: Array<string> = []
  readonly #seen = new Map<string, Seen>()
  #reads: Array<Read> = []
  #flights: Array<Flight> = []
  #ids = 0

  constructor(core: Core, stores: ReadonlyArray<Store>, seed: number, faults: Faults, broken: Broken = {}) {
    this.core = core
    this.stores = stores
    this.rng = random(seed)
    this.faults = faults
    this.broken = broken
  }

  tick(ms = 1 + this.rng.below(2_000)): number {
    this.now += ms
    return this.now
  }

  #of(store: Store, id: string): Seen {
    const key = `${store.connection}|${store.object}:${id}`
    const seen = this.#seen.get(key) ?? { hash: null, factAt: 0, readAt: 0, gone: false, writing: null }
    this.#seen.set(key, seen)
    return seen
  }

  /** A person edits. */
  edit(store: Store, id: string, values: Record<string, unknown>): void {
    const record = store.records.get(id) ?? { values: {}, stamp: 0 }
    store.records.set(id, { values: { ...record.values, ...store.store(values) }, stamp: this.tick() })
    this.log.push(`${this.now} ${store.connection}:${id} edited ${canonicalJson(values)}`)
    if (!this.rng.chance(this.faults.drop)) this.read(store, id)
    if (this.rng.chance(this.faults.repeat)) this.read(store, id)
  }

  /** A read begins; its answer may come later than others. */
  read(store: Store, id: string): void {
    const record = store.records.get(id)
    this.#reads.push({
      store,
      id,
      values: record === undefined ? null : ({ ...record.values } as JsonObject),
      stamp: record?.stamp ?? 0,
      startedAt: this.tick(1),
    })
    if (!this.rng.chance(this.faults.staleReads)) this.deliverReads()
  }

  deliverReads(): void {
    const order = this.#reads.toSorted(() => this.rng.next() - 0.5)
    this.#reads = []
    for (const read of order) this.#ingest(read)
  }

  #ingest(read: Read): void {
    const { id, store } = read
    const seen = this.#of(store, id)
    if (this.broken.staleRead !== true && (seen.writing !== null || read.startedAt <= seen.factAt)) {
      if (seen.writing === null) this.#again(store, id)
      return
    }
    const at = this.tick(1)
    const common = { connection: store.connection, object: store.object, externalId: id }
    if (read.values === null) {
      if (seen.gone) return
      Object.assign(seen, { gone: true, hash: null, factAt: at })
      this.core.append(at, { _tag: "RecordGone", ...common, reason: "deleted", readStartedAt: read.startedAt })
      return
    }
    const hash = sha256(canonicalJson(read.values))
    const before = seen.readAt
    seen.readAt = read.startedAt
    if (seen.hash === hash && !seen.gone) return
    Object.assign(seen, { hash, gone: false, factAt: at })
    const { ownId, ...values } = read.values
    this.log.push(`${at} observed ${store.connection}:${id} ${canonicalJson(values)}`)
    this.core.append(at, {
      _tag: "RecordObserved",
      ...common,
      values: clear(values),
      readStartedAt: read.startedAt,
      readBefore: before,
      stamp: store.hasStamps ? read.stamp : null,
      by: null,
      via: "poll",
      ownId: typeof ownId === "string" ? ownId : null,
    })
  }

  #again(store: Store, id: string): void {
    const record = store.records.get(id)
    this.#ingest({
      store,
      id,
      values: record === undefined ? null : ({ ...record.values } as JsonObject),
      stamp: record?.stamp ?? 0,
      startedAt: this.tick(1),
    })
  }

  poll(store: Store): void {
    for (const id of [...store.records.keys()].toSorted()) this.read(store, id)
  }

  /** Sends what is due in a connection. Returns how many writes began. */
  push(store: Store): number {
    let begun = 0
    for (const { id, type } of this.core.due(store.connection)) {
      const plan = this.core.plan(store.connection, type, id)
      if (plan === null || plan.object !== store.object) continue
      if (this.#flights.some((flight) => flight.plan.entity === plan.entity && flight.store === store)) continue
      if (plan.id !== null) {
        // No preconditions: read directly before, and a difference is an observation first.
        const record = store.records.get(plan.id)
        const seen = this.#of(store, plan.id)
        if (record === undefined || seen.hash !== sha256(canonicalJson(record.values))) {
          const known = seen.hash
          this.#again(store, plan.id)
          if (known !== null || record === undefined) continue
          const fresh = this.core.plan(store.connection, type, id)
          if (fresh === null || canonicalJson(fresh.groups) !== canonicalJson(plan.groups)) continue
        }
        seen.writing = plan
      }
      const key = sha256(canonicalJson([store.connection, plan.object, plan.entity, plan.values, plan.due])).slice(
        0,
        24,
      )
      const at = this.tick(1)
      this.core.append(at, {
        _tag: "WriteIntended",
        connection: store.connection,
        object: plan.object,
        externalId: plan.id,
        entity: { type, id },
        due: plan.due,
        key,
        kind: plan.kind,
        sent: clear({ groups: plan.groups as unknown as JsonObject, values: plan.values }),
      })
      const flight: Flight = { store, plan, key, applied: false, id: plan.id }
      this.#flights.push(flight)
      begun++
      this.#send(flight)
      if (!this.rng.chance(this.faults.lostAnswer)) this.#answer(flight)
    }
    return begun
  }

  #send(flight: Flight): void {
    const { plan, store } = flight
    if (flight.id === null) {
      // Our id is unique there: a repeat finds the record.
      const found = [...store.records].find(([, record]) => record.values["ownId"] === plan.ownId)
      flight.id = found?.[0] ?? `${store.connection}-n${this.#ids++}`
      if (found !== undefined) return
    }
    const record = store.records.get(flight.id) ?? { values: { ...BLANK, ownId: plan.ownId }, stamp: 0 }
    store.records.set(flight.id, { values: { ...record.values, ...store.store(plan.values) }, stamp: this.tick(1) })
    flight.applied = true
    this.writes++
    this.log.push(`${this.now} wrote ${store.connection}:${flight.id} ${canonicalJson(plan.values)}`)
  }

  #answer(flight: Flight): void {
    const { key, plan, store } = flight
    const { type } = plan
    this.#flights = this.#flights.filter((one) => one !== flight)
    const seen = this.#of(store, flight.id!)
    const at = this.tick(1)
    const held = store.answersValues && flight.applied ? store.store(plan.values) : null
    Object.assign(seen, { factAt: at, writing: null, ...(this.broken.keepHashOnWrite === true ? {} : { hash: null }) })
    this.core.append(at, {
      _tag: "RecordWritten",
      connection: store.connection,
      object: plan.object,
      externalId: flight.id!,
      entity: { type, id: plan.entity },
      due: plan.due,
      key,
      kind: plan.kind,
      held: held === null ? null : clear(held as JsonObject),
      stamp: null,
      adopted: plan.kind === "create" && !flight.applied,
      refused: [],
      attempts: 1,
    })
  }

  /** Writes whose answer was lost are sent again with their key; the provider does what it did. */
  settle(): void {
    const flights = this.#flights.slice()
    for (const flight of flights) {
      const current =
        flight.id === null ? undefined : this.stores.find((store) => store === flight.store)?.records.get(flight.id)
      const isChanged =
        flight.plan.kind === "update" &&
        current !== undefined &&
        Object.entries(flight.store.store(flight.plan.values)).some(
          ([name, value]) => canonicalJson(current.values[name]) !== canonicalJson(value),
        )
      if (isChanged && flight.applied) {
        // Somebody has edited since: the write had its effect, and what is there now is read as an observation.
        this.#answer(flight)
        this.#again(flight.store, flight.id!)
        continue
      }
      if (flight.plan.kind === "create" || !flight.applied) this.#send(flight)
      this.#answer(flight)
    }
  }

  /** Everything is delivered, read and pushed until nothing moves. Throws after too many rounds. */
  quiesce(rounds = 60): void {
    for (let round = 0; round < rounds; round++) {
      this.tick(300_000)
      this.deliverReads()
      this.settle()
      const before = this.core.inputs.length
      for (const store of this.stores) {
        this.poll(store)
        this.deliverReads()
      }
      for (const store of this.stores) this.push(store)
      this.settle()
      if (this.core.inputs.length === before) return
    }
    throw new Error(`no quiescence after ${rounds} rounds:\n${this.log.slice(-20).join("\n")}`)
  }
}

export const store = (connection: string, options: Partial<Store> = {}): Store => ({
  connection,
  object: "person",
  type: "contact",
  records: new Map(),
  store: (values) => values,
  hasStamps: true,
  answersValues: true,
  ...options,
})
