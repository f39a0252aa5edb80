/** Wake-ups from the bus: noted, answered, and what they are for is done in another turn. */
import * as streams from "@concordat/model/streams"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { WAKE_ACK_MS, WAKES_IN_FLIGHT } from "../limits.ts"
import { DELIVERY_WAKE, type Delivery, pushSubject } from "../ports/Bus.ts"
import type { Parts } from "./parts.ts"
import type { Pushing } from "./pushing.ts"
import { Flow } from "./rota.ts"
import { asWorkerError, type WorkerError } from "./WorkerError.ts"

const ALL_AT_ONCE = { concurrency: "unbounded", discard: true } as const

const entityOf = (body: string): string | null => {
  try {
    const parsed: unknown = JSON.parse(body)
    const entity = typeof parsed === "object" && parsed !== null && "entity" in parsed ? parsed.entity : null
    return typeof entity === "string" && entity.includes(":") ? entity : null
  } catch {
    // A wake-up says that there is something to do; what it is stands in the state.
    return null
  }
}

/** Its one turn never ends. */
export class Listening extends Flow {
  readonly parts: Parts
  readonly pushing: Pushing
  /** Told that another process has taken webhooks for the connection. */
  readonly onDelivery: () => void

  constructor(parts: Parts, pushing: Pushing, onDelivery: () => void) {
    super(parts.rota)
    this.parts = parts
    this.pushing = pushing
    this.onDelivery = onDelivery
  }

  override turn(): Effect.Effect<number, WorkerError> {
    const { bus, connection, tenant } = this.parts
    const deliveries = bus.consume({
      group: `push-${tenant}-${connection}`,
      subjects: [pushSubject(streams.partitionOf(tenant), tenant, connection)],
      maxInFlight: WAKES_IN_FLIGHT,
      ackWait: WAKE_ACK_MS,
    })
    const taken = Stream.runForEachArray(deliveries, (some) => this.#take(some))
    return Effect.andThen(asWorkerError(connection)(taken), Effect.never)
  }

  /** What came together is answered together: each answer of its own would wait for the disk. */
  #take(deliveries: ReadonlyArray<Delivery>) {
    const pushes = deliveries.filter(({ body }) => body !== DELIVERY_WAKE)
    for (const { body } of pushes) this.pushing.note(entityOf(body))
    if (pushes.length < deliveries.length) this.onDelivery()
    if (pushes.length > 0) this.pushing.ring()
    return Effect.forEach(deliveries, ({ ack }) => ack, ALL_AT_ONCE)
  }
}
