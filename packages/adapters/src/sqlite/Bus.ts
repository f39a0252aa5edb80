/** The `Bus` port over the embedded store, with the meaning of a JetStream work queue. */
import { BusError } from "@concordat/engine/ports/Bus"
import type { Bus, Delivery } from "@concordat/engine/ports/Bus"
import type * as Context from "effect/Context"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Client } from "./client.ts"
import { messageColumns, NOTHING } from "./protocol.ts"
import type { Failure, Taken } from "./protocol.ts"
import { matches } from "./subjects.ts"

export const toBusError = ({ reason, detail }: Failure): BusError =>
  new BusError({ reason: reason === "limit" || reason === "closed" ? reason : "unavailable", detail })

type Shape = Context.Service.Shape<typeof Bus>

/**
 * Consumers that wait for messages: told of what is published when it is sent to the thread, so that they take it in the same
 * go, and of what is handed back when it is; all of them are in this process.
 */
class Bell {
  private readonly waiting = new Set<(subject: string) => void>()

  ring(subjects: Iterable<string>): void {
    for (const subject of subjects) for (const listener of this.waiting) listener(subject)
  }

  listen(listener: (subject: string) => void): () => void {
    this.waiting.add(listener)
    return () => this.waiting.delete(listener)
  }
}

type Options = Parameters<Shape["consume"]>[0]

/** One of a group that takes messages, as long as its stream is read. */
class Consumer {
  readonly client: Client
  readonly bell: Bell
  readonly options: Options
  readonly ackWait: number
  /** Until when each unanswered message is ours, by sequence. */
  readonly inFlight = new Map<number, number>()
  /** Set by a ring or an answer since the last look. */
  #isTold = false
  #wake: (() => void) | null = null

  constructor(client: Client, bell: Bell, options: Options) {
    this.client = client
    this.bell = bell
    this.options = options
    this.ackWait = Duration.toMillis(options.ackWait)
  }

  tell(): void {
    this.#isTold = true
    this.#wake?.()
  }

  hush(): void {
    this.#isTold = false
  }

  get told(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      if (this.#isTold) return resume(Effect.void)
      this.#wake = () => resume(Effect.void)
      return Effect.sync(() => {
        this.#wake = null
      })
    })
  }
}

const joined = Effect.fnUntraced(function* (consumer: Consumer) {
  const { bell, client, options } = consumer
  const { group, subjects } = options
  yield* Effect.acquireRelease(
    Effect.sync(() => bell.listen((subject) => (matches(subjects, subject) ? consumer.tell() : undefined))),
    (stop) => Effect.sync(stop),
  )
  yield* client.request({ op: "join", group, subjects, now: yield* Clock.currentTimeMillis })
}, Effect.mapError(toBusError))

/** `due`: when it is to come again, ms since 1970; null: never. */
const settle = Effect.fnUntraced(function* (
  consumer: Consumer,
  { attempt, seq, subject }: { readonly subject: string; readonly seq: number; readonly attempt: number },
  due: number | null,
) {
  const { bell, client, inFlight, options } = consumer
  yield* client.request({ op: "settle", group: options.group, seq, attempt, due })
  // Who is full has not looked at all there is; anybody else is told of what comes.
  const wasFull = inFlight.size >= options.maxInFlight
  inFlight.delete(seq)
  if (wasFull) consumer.tell()
  if (due !== null) bell.ring([subject])
}, Effect.mapError(toBusError))

const deliveriesOf = (consumer: Consumer, { texts, numbers }: Taken): ReadonlyArray<Delivery> => {
  const found: Array<Delivery> = []
  for (let i = 0, t = 0; i < numbers.length; i += 2, t += 3) {
    const [seq, attempt] = [numbers[i]!, numbers[i + 1]!]
    const [subject, id, body] = [texts[t]!, texts[t + 1]!, texts[t + 2]!]
    const done = settle(consumer, { subject, seq, attempt }, null)
    const nak: Delivery["nak"] = (delay) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        settle(consumer, { subject, seq, attempt }, now + Duration.toMillis(delay)),
      )
    found.push({ subject, id, body, attempt, ack: done, nak, term: done })
  }
  return found
}

/** Waits until there may be something: `until` a time, ms since 1970; null: until it is told. */
const waited = (consumer: Consumer, until: number | null): Effect.Effect<void> => {
  if (until === null) return consumer.told
  return Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.raceFirst(consumer.told, Effect.sleep(Duration.millis(Math.max(0, until - now)))),
  )
}

const next = Effect.fnUntraced(function* (consumer: Consumer, until: number | null | "now") {
  const { ackWait, client, inFlight, options } = consumer
  const { group, maxInFlight, subjects } = options
  if (until !== "now") yield* waited(consumer, until)
  consumer.hush()
  const now = yield* Clock.currentTimeMillis
  for (const [seq, expires] of inFlight) if (expires <= now) inFlight.delete(seq)
  const free = maxInFlight - inFlight.size
  if (free <= 0) return [[], Option.some(Math.min(...inFlight.values()))] as const
  const taken = yield* client.request({ op: "take", group, subjects, max: free, now, ackWait })
  for (let i = 0; i < taken.numbers.length; i += 2) inFlight.set(taken.numbers[i]!, now + ackWait)
  return [deliveriesOf(consumer, taken), Option.some(taken.nextDue)] as const
}, Effect.mapError(toBusError))

export const makeBus = (client: Client): Shape => {
  const bell = new Bell()
  client.onPublish((subjects) => bell.ring(subjects))

  const publish: Shape["publish"] = Effect.fnUntraced(function* (messages) {
    const now = yield* Clock.currentTimeMillis
    yield* client.request({ ...NOTHING, commands: messageColumns(messages), now })
  }, Effect.mapError(toBusError))

  const consume: Shape["consume"] = (options) =>
    Stream.unwrap(
      Effect.suspend(() => {
        const consumer = new Consumer(client, bell, options)
        return Effect.as(
          joined(consumer),
          Stream.paginate<number | null | "now", Delivery, BusError>("now", (until) => next(consumer, until)),
        )
      }),
    )

  // Messages are in the transaction that makes something due: neither is lost without the other.
  return { publish, consume, lost: Stream.never, answers: Effect.void }
}
