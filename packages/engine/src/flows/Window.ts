/**
 * The facts beyond the checkpoint that the reconciler has read, and which of them are decided next. Order matters within a
 * tenant alone: who has few goes first, and who has many gets on in small parts. No fact waits for more than what
 * the window holds, since the oldest one's tenant has every second part.
 */
import { tenantOf } from "@concordat/model/streams"
import { CONTENDED_FACTS, DECIDED_EVENTS, SHARED_EVENTS, WINDOW_FACTS } from "../limits.ts"
import type { RecordedEvent } from "../ports/Journal.ts"
import type { Ahead, Checkpoint } from "../ports/State.ts"
import { Boundary } from "./reached.ts"

interface Fact {
  readonly event: RecordedEvent
  readonly tenant: string
  state: "waiting" | "taken" | "decided"
}

export type Reached = Pick<Checkpoint, "position" | "eventId" | "ahead">

export class Window {
  /** All that lies beyond the checkpoint, in the order of the journal. */
  #facts: Array<Fact> = []
  /** What waits, by tenant. */
  readonly #queues = new Map<string, Array<Fact>>()
  readonly #boundary: Boundary
  #reached: Pick<Checkpoint, "position" | "eventId"> | null
  /** How far each tenant is decided that is decided beyond the checkpoint. */
  readonly #ahead: Map<string, Ahead>
  /** The oldest fact is in the next part: at first, since a checkpoint has a position. */
  #isOldestNext = true
  /** Facts taken since two tenants waited at once. */
  #alone = CONTENDED_FACTS

  /** `checkpoint`: from which on is read; what it says is decided ahead of it is not handed out again. */
  constructor(checkpoint: Checkpoint | null) {
    this.#reached = checkpoint
    this.#ahead = new Map(checkpoint?.ahead?.map((one) => [one.tenant, one]))
    this.#boundary = new Boundary(null, checkpoint?.ahead)
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

  /** In the order of the journal. */
  add(events: ReadonlyArray<RecordedEvent>): void {
    for (const event of events) {
      const tenant = tenantOf(event.stream)
      const isDecided = this.#boundary.isDecided(event)
      const fact: Fact = { event, tenant, state: isDecided ? "decided" : "waiting" }
      this.#facts.push(fact)
      if (isDecided) continue
      const queue = this.#queues.get(tenant)
      if (queue === undefined) this.#queues.set(tenant, [fact])
      else queue.push(fact)
    }
  }

  /** What is decided next, each tenant's in its order, and committed together; empty: nothing waits. */
  take(): ReadonlyArray<RecordedEvent> {
    const oldest = this.#facts.find(({ state }) => state === "waiting")
    if (oldest === undefined) return []
    if (this.#queues.size > 1) this.#alone = 0
    const limit = this.isContended ? SHARED_EVENTS : DECIDED_EVENTS
    const first = this.#isOldestNext ? [oldest.tenant] : []
    const others = [...this.#queues].toSorted(([, a], [, b]) => a.length - b.length).map(([tenant]) => tenant)
    const part: Array<RecordedEvent> = []
    for (const tenant of new Set([...first, ...others])) {
      // What does not fit whole begins a part of its own: it is not to make the few wait.
      if (part.length > 0 && part.length + this.#queues.get(tenant)!.length > limit) break
      if (!this.#takeFrom(tenant, part, limit)) break
    }
    this.#isOldestNext = oldest.state === "waiting"
    this.#alone += part.length
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
      const fact = queue[count]!
      isClosed = fact.event.type === "EntitiesListed"
      if (isClosed && part.length > 0) break
      fact.state = "taken"
      part.push(fact.event)
      count += 1
    }
    if (count === queue.length) this.#queues.delete(tenant)
    else queue.splice(0, count)
    return !isClosed && part.length < limit
  }

  /**
   * A part is decided: what is to be committed with it. Parts are told in the order in which they were taken, and no part
   * before those before it are committed.
   */
  decided(part: ReadonlyArray<RecordedEvent>): Reached {
    for (const { id, position, stream } of part) {
      const tenant = tenantOf(stream)
      this.#ahead.set(tenant, { tenant, position, eventId: id })
    }
    const positions = new Set(part.map(({ position }) => position))
    for (const fact of this.#facts)
      if (fact.state === "taken" && positions.has(fact.event.position)) fact.state = "decided"
    const passed = this.#facts.findIndex(({ state }) => state !== "decided")
    const gone = this.#facts.splice(0, passed === -1 ? this.#facts.length : passed)
    for (const { event, tenant } of gone) {
      this.#reached = { position: event.position, eventId: event.id }
      if (this.#ahead.get(tenant)?.position === event.position) this.#ahead.delete(tenant)
    }
    const { eventId, position } = this.#reached!
    const reached: Reached = { position, eventId }
    return this.#ahead.size === 0 ? reached : { ...reached, ahead: [...this.#ahead.values()] }
  }
}
