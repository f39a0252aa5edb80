/**
 * The facts beyond the checkpoint that the reconciler has read, and which of them are decided next. Order matters within a
 * tenant alone: who has few goes first, and who has many gets on in small parts, each of those in its turn. Where one tenant's
 * facts fill it, the tenant gets a lane of its own, so that those of the others are seen.
 */
import { tenantOf } from "@concordat/model/streams"
import { CONTENDED_FACTS, DECIDED_EVENTS, LANE_FACTS, LANES, LITTLE, SHARED_EVENTS, WINDOW_FACTS } from "../limits.ts"
import type { RecordedEvent } from "../ports/Journal.ts"
import type { Checkpoint, Place } from "../ports/State.ts"
import { Lane } from "./Lane.ts"
import { Boundary } from "./reached.ts"

interface Fact {
  readonly tenant: string
  readonly position: string
  readonly eventId: string
  /** `left`: it is not decided, and does not hold back the checkpoint: its tenant's lane brings it. */
  state: "waiting" | "taken" | "decided" | "left"
}

export type Reached = Pick<Checkpoint, "position" | "eventId" | "ahead" | "behind">

export class Window {
  /** All that lies beyond the checkpoint, in the order of the journal. */
  readonly #facts: Array<Fact> = []
  readonly #at = new Map<string, Fact>()
  /** What waits, by tenant; who has not been served for longest first. */
  readonly #queues = new Map<string, Array<RecordedEvent>>()
  readonly #lanes = new Map<string, Lane>()
  readonly #boundary: Boundary
  #reached: Pick<Checkpoint, "position" | "eventId"> | null
  /** How far each tenant is decided that is decided beyond the checkpoint. */
  readonly #ahead: Map<string, Place>
  /** Whoever's turn it is goes before those who have few: at first, since a checkpoint has a position. */
  #isTurn = true
  /** Facts taken since two tenants waited at once. */
  #alone = CONTENDED_FACTS

  /** `checkpoint`: from which on is read; what it says is decided ahead of it is not handed out again. */
  constructor(checkpoint: Checkpoint | null) {
    const { ahead = [], behind = [] } = checkpoint ?? {}
    this.#reached = checkpoint === null ? null : { position: checkpoint.position, eventId: checkpoint.eventId }
    this.#ahead = new Map(ahead.map((one) => [one.tenant, one]))
    this.#boundary = new Boundary({ position: null, ahead })
    for (const one of behind) this.#lanes.set(one.tenant, Lane.resumed(one))
  }

  /** Facts that may still be added. */
  get room(): number {
    return Math.max(0, WINDOW_FACTS - this.#facts.length)
  }

  /** Whether something waits. */
  get hasWaiting(): boolean {
    return this.#queues.size > 0
  }

  /** Tenants of which the checkpoint says more than what was read: at the journal's end it is another journal's. */
  get unmet(): ReadonlyArray<string> {
    return this.#boundary.unmet
  }

  /** Whether facts of some tenant are still to be read by themselves. */
  get isLeft(): boolean {
    for (const lane of this.#lanes.values()) if (lane.after !== null) return true
    return false
  }

  /** A tenant that is to be read by itself, and the fact after which; null: nobody has little enough waiting. */
  get wanted(): { readonly tenant: string; readonly after: string } | null {
    for (const [tenant, { after }] of this.#lanes)
      if (after !== null && (this.#queues.get(tenant)?.length ?? 0) <= LANE_FACTS / 2) return { tenant, after }
    return null
  }

  /** In the order of the journal. */
  add(events: ReadonlyArray<RecordedEvent>): void {
    for (const event of events) {
      const { id: eventId, position } = event
      const tenant = tenantOf(event.stream)
      const lane = this.#lanes.get(tenant)
      const state = this.#boundary.isDecided(event) ? "decided" : (lane?.after ?? null) === null ? "waiting" : "left"
      const fact: Fact = { tenant, position, eventId, state }
      this.#facts.push(fact)
      this.#at.set(position, fact)
      if (state === "left") lane!.leave(position)
      if (state === "waiting") this.#wait(tenant, event)
    }
    this.#pass()
  }

  /** The tenant's next facts, read by themselves. */
  addOf(tenant: string, events: ReadonlyArray<RecordedEvent>): void {
    const lane = this.#lanes.get(tenant)
    for (const event of events) {
      // What comes after the last one that was left out comes with everybody's.
      if (lane === undefined || lane.after === null) return
      lane.read(event.position)
      this.#wait(tenant, event)
    }
  }

  #wait(tenant: string, event: RecordedEvent): void {
    const queue = this.#queues.get(tenant)
    if (queue === undefined) this.#queues.set(tenant, [event])
    else queue.push(event)
  }

  /** Leaves most of what waits of one tenant to a lane, where that is much: for when there is no room. */
  leaveOut(): void {
    // Who is behind has a place to be told of.
    if (this.#reached === null) return
    const [most] = [...this.#queues].toSorted(([, a], [, b]) => b.length - a.length)
    if (most === undefined || most[1].length <= LANE_FACTS) return
    const [tenant, queue] = most
    const known = this.#lanes.get(tenant)
    if (known === undefined && this.#lanes.size >= LANES) return
    const gone = queue.splice(LANE_FACTS)
    const [after, end] = [queue.at(-1)!.position, gone.at(-1)!.position]
    if (known === undefined) this.#lanes.set(tenant, new Lane(tenant, after, end))
    else known.leaveAgain(after, end)
    for (const fact of this.#facts) if (fact.tenant === tenant && fact.state === "waiting") fact.state = "left"
    this.#pass()
  }

  /** What is decided next, each tenant's in its order, and committed together; empty: nothing waits. */
  take(): ReadonlyArray<RecordedEvent> {
    const [turn] = this.#queues.keys()
    if (turn === undefined) return []
    if (this.#queues.size > 1) this.#alone = 0
    const limit = this.isContended ? SHARED_EVENTS : DECIDED_EVENTS
    const first = this.#isTurn ? [turn] : []
    const others = [...this.#queues].toSorted(([, a], [, b]) => a.length - b.length).map(([tenant]) => tenant)
    const part: Array<RecordedEvent> = []
    for (const tenant of new Set([...first, ...others])) {
      // What does not fit whole begins a part of its own: it is not to make the few wait.
      if (part.length > 0 && part.length + this.#queues.get(tenant)!.length > limit) break
      if (!this.#takeFrom(tenant, part, limit)) break
    }
    this.#isTurn = !part.some(({ stream }) => tenantOf(stream) === turn)
    this.#alone += part.length
    return part
  }

  /** Whether others than these have something waiting that is little. */
  hasLittle(but: ReadonlySet<string>): boolean {
    for (const [tenant, { length }] of this.#queues) if (length <= LITTLE && !but.has(tenant)) return true
    return false
  }

  /** What others than these have waiting where it is little, to be decided before a part that was taken; empty: nothing. */
  takeLittle(but: ReadonlySet<string>): ReadonlyArray<RecordedEvent> {
    const part: Array<RecordedEvent> = []
    // The first part of all has the oldest fact, since a checkpoint has a position.
    if (this.#reached === null) return part
    for (const [tenant, { length }] of this.#queues) {
      if (length > LITTLE || but.has(tenant)) continue
      if (part.length + length > SHARED_EVENTS || !this.#takeFrom(tenant, part, SHARED_EVENTS)) break
    }
    if (part.length > 0) this.#alone = 0
    return part
  }

  /** Whether several tenants have had facts waiting lately. */
  get isContended(): boolean {
    return this.#alone < CONTENDED_FACTS
  }

  /** Whether more fits into the part. An event that names hundreds of entities loads them all, and is a part of its own. */
  #takeFrom(tenant: string, part: Array<RecordedEvent>, limit: number): boolean {
    const queue = this.#queues.get(tenant)!
    let count = 0
    let isClosed = false
    while (count < queue.length && part.length < limit && !isClosed) {
      const event = queue[count]!
      isClosed = event.type === "EntitiesListed"
      if (isClosed && part.length > 0) break
      const fact = this.#at.get(event.position)
      if (fact?.state === "waiting") fact.state = "taken"
      part.push(event)
      count += 1
    }
    // Who still has some has had its turn, and goes to the end.
    if (count > 0) this.#queues.delete(tenant)
    queue.splice(0, count)
    if (count > 0 && queue.length > 0) this.#queues.set(tenant, queue)
    return !isClosed && part.length < limit
  }

  /**
   * A part is decided: what is to be committed with it. A tenant's parts are told in the order in which they were taken, and no
   * part before those told before it are committed.
   */
  decided(part: ReadonlyArray<RecordedEvent>): Reached {
    for (const { id: eventId, position, stream } of part) {
      const tenant = tenantOf(stream)
      const place: Place = { tenant, position, eventId }
      const [fact, lane] = [this.#at.get(position), this.#lanes.get(tenant)]
      if (fact === undefined) lane?.decidedBehind(place)
      else {
        fact.state = "decided"
        this.#ahead.set(tenant, place)
      }
      if (lane?.endsWith(position) === true) this.#lanes.delete(tenant)
    }
    this.#pass()
    const { eventId, position } = this.#reached!
    const behind = [...this.#lanes.values()].flatMap((lane) => lane.behind ?? [])
    return {
      position,
      eventId,
      ...(this.#ahead.size === 0 ? {} : { ahead: [...this.#ahead.values()] }),
      ...(behind.length === 0 ? {} : { behind }),
    }
  }

  /** Moves the checkpoint on over what no longer holds it back. */
  #pass(): void {
    const held = this.#facts.findIndex(({ state }) => state === "waiting" || state === "taken")
    for (const { eventId, position, state, tenant } of this.#facts.splice(0, held === -1 ? this.#facts.length : held)) {
      this.#at.delete(position)
      if (state === "left") {
        this.#lanes.get(tenant)!.passed(position, this.#ahead.get(tenant) ?? this.#reached!)
        this.#ahead.delete(tenant)
      } else if (this.#ahead.get(tenant)?.position === position) this.#ahead.delete(tenant)
      this.#reached = { position, eventId }
    }
  }
}
