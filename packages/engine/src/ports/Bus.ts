/** The bus: wake-ups for connection workers. At least once, no order, may be lost whole; nothing but push commands. */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"

/** `id` is deduplicated within the bus's window (two minutes). `body` is JSON text. */
export interface Message {
  readonly subject: string
  readonly id: string
  readonly body: string
}

export interface Delivery extends Message {
  /** From 1. */
  readonly attempt: number
  readonly ack: Effect.Effect<void, BusError>
  /** To be delivered again, at the earliest after the delay. */
  readonly nak: (delay: Duration.Input) => Effect.Effect<void, BusError>
  /** Never again. */
  readonly term: Effect.Effect<void, BusError>
}

export class BusError extends Schema.TaggedError<BusError>()("BusError", {
  /** `invalid`: what was asked for can never be done so. `unauthorised`: the credentials are refused. */
  reason: Schema.Literals(["unavailable", "limit", "invalid", "unauthorised", "closed"]),
  detail: Schema.String,
}) {
  override get message(): string {
    return `bus ${this.reason}: ${this.detail}`
  }
}

export class Bus extends Context.Service<
  Bus,
  {
    /** Returns when the messages are kept. A message whose id is known from the window is dropped. */
    readonly publish: (messages: ReadonlyArray<Message>) => Effect.Effect<void, BusError>
    /**
     * Messages whose subject is one of the given ones or, where one ends in `>`, begins with what is before it. Each is
     * delivered to one consumer of the group and again after `ackWait` without an answer.
     */
    readonly consume: (options: {
      readonly group: string
      readonly subjects: ReadonlyArray<string>
      readonly maxInFlight: number
      readonly ackWait: Duration.Input
    }) => Stream.Stream<Delivery, BusError>
    /**
     * Says each time that messages may have been lost that were kept before, once the bus takes new ones. Who is woken by
     * them looks for itself at what there is to do. From the moment of listening on.
     */
    readonly lost: Stream.Stream<void>
    /** Succeeds once the bus has answered, and fails or waits while it is away. */
    readonly answers: Effect.Effect<void, BusError>
  }
>()("@concordat/engine/ports/Bus") {}

/** The body of a wake-up for webhooks that another process has taken. */
export const DELIVERY_WAKE = '{"deliveries":true}'

export const pushSubject = (partition: string, tenant: string, connection: string): string =>
  `concordat.push.${partition}.${tenant}.${connection}`
