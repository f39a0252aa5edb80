/** The `Bus` port over the embedded store, with the meaning of a JetStream work queue. */
import { BusError } from "@concordat/engine/ports/Bus"
import type { Bus, Delivery, Message } from "@concordat/engine/ports/Bus"
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

/** Consumers that wait for messages: told by whoever publishes or hands one back, all of them being in this process. */
export class Bell {
  private readonly waiting = new Set<(subject: string) => void>()

  ring(messages: ReadonlyArray<Pick<Message, "subject">>): void {
    for (const subject of new Set(messages.map((message) => message.subject)))
      for (const listener of this.waiting) listener(subject)
  }

  listen(listener: (subject: string) => void): () => void {
    this.waiting.add(listener)
    return () => this.waiting.delete(listener)
  }
}

/** Set by a ring or an answer since the last look; `wait` ends when it is set, or at a time (ms). */
const makeSignal = () => {
  let set = false
  let wake: (() => void) | null = null
  return {
    set: (): void => {
      set = true
      wake?.()
    },
    clear: (): void => {
      set = false
    },
    wait: (until: number | null) =>
      Effect.gen(function* () {
        const rung = Effect.callback<void>((resume) => {
          if (set) return resume(Effect.void)
          wake = () => resume(Effect.void)
          return Effect.sync(() => {
            wake = null
          })
        })
        if (until === null) return yield* rung
        const now = yield* Clock.currentTimeMillis
        yield* Effect.raceFirst(rung, Effect.sleep(Duration.millis(Math.max(0, until - now))))
      }),
  }
}

export const makeBus = (client: Client, bell: Bell): Shape => {
  const publish: Shape["publish"] = Effect.fnUntraced(function* (messages) {
    const now = yield* Clock.currentTimeMillis
    yield* client.request({ ...NOTHING, commands: messageColumns(messages), now })
    bell.ring(messages)
  }, Effect.mapError(toBusError))

  const consume: Shape["consume"] = (options) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { group, subjects, maxInFlight } = options
        const ackWait = Duration.toMillis(options.ackWait)
        const signal = makeSignal()
        /** Until when each unanswered message is ours, by sequence. */
        const inFlight = new Map<number, number>()
        yield* Effect.acquireRelease(
          Effect.sync(() => bell.listen((subject) => (matches(subjects, subject) ? signal.set() : undefined))),
          (stop) => Effect.sync(stop),
        )
        yield* client.request({ op: "join", group, subjects, now: yield* Clock.currentTimeMillis })

        const settle = Effect.fnUntraced(function* (subject: string, seq: number, attempt: number, due: number | null) {
          yield* client.request({ op: "settle", group, seq, attempt, due })
          // Who is full has not looked at all there is; anybody else is told of what comes.
          const wasFull = inFlight.size >= maxInFlight
          inFlight.delete(seq)
          if (wasFull) signal.set()
          if (due !== null) bell.ring([{ subject }])
        }, Effect.mapError(toBusError))

        const deliveries = ({ texts, numbers }: Taken): ReadonlyArray<Delivery> => {
          const found: Array<Delivery> = []
          for (let i = 0, t = 0; i < numbers.length; i += 2, t += 3) {
            const [seq, attempt] = [numbers[i]!, numbers[i + 1]!]
            const [subject, id, body] = [texts[t]!, texts[t + 1]!, texts[t + 2]!]
            const done = settle(subject, seq, attempt, null)
            const nak: Delivery["nak"] = (delay) =>
              Effect.flatMap(Clock.currentTimeMillis, (now) =>
                settle(subject, seq, attempt, now + Duration.toMillis(delay)),
              )
            found.push({ subject, id, body, attempt, ack: done, nak, term: done })
          }
          return found
        }

        const next = Effect.fnUntraced(function* (until: number | null | "now") {
          if (until !== "now") yield* signal.wait(until)
          signal.clear()
          const now = yield* Clock.currentTimeMillis
          for (const [seq, expires] of inFlight) if (expires <= now) inFlight.delete(seq)
          const free = maxInFlight - inFlight.size
          if (free <= 0) return [[], Option.some(Math.min(...inFlight.values()))] as const
          const taken = yield* client.request({ op: "take", group, subjects, max: free, now, ackWait })
          for (let i = 0; i < taken.numbers.length; i += 2) inFlight.set(taken.numbers[i]!, now + ackWait)
          return [deliveries(taken), Option.some(taken.nextDue)] as const
        }, Effect.mapError(toBusError))

        return Stream.paginate<number | null | "now", Delivery, BusError>("now", next)
      }).pipe(Effect.mapError((failure) => toBusError(failure))),
    )

  // Messages are in the transaction that makes something due: neither is lost without the other.
  return { publish, consume, lost: Stream.never, answers: Effect.void }
}
