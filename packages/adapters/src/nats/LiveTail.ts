/** The `LiveTail` port on plain NATS subjects, `concordat.{pp}.{tenant}.{type}`: nothing is stored, so nothing has to be erased. */
import { BusError } from "@concordat/engine/ports/Bus"
import type { RecordedEvent } from "@concordat/engine/ports/Journal"
import { type Announced, eventSubject, type Heard, type LiveTail } from "@concordat/engine/ports/LiveTail"
import { categoryOf, partitionOf, tenantOf } from "@concordat/model/streams"
import { headers, type Msg } from "@nats-io/transport-node"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Connection } from "./Connection.ts"
import { toBusError } from "./failures.ts"
import { TAIL_WAITING, TAIL_WAITING_BYTES } from "./limits.ts"

type Shape = Context.Service.Shape<typeof LiveTail>

/** Two parts: no tenant's subject. */
const MISSED_SUBJECT = "concordat.missed"
/** Where a stream of one's own is laid over these subjects it keeps each event once. */
const ID = "Nats-Msg-Id"
const POSITION = "Concordat-Position"
const AFTER = "Concordat-After"

type Body = Pick<RecordedEvent, "stream" | "revision" | "type" | "data" | "metadata">

const bodyOf = ({ data, metadata, revision, stream, type }: RecordedEvent): string =>
  JSON.stringify({ stream, revision, type, metadata, data } satisfies Body)

const MISSED: Heard = { _tag: "Missed" }

const isBody = (value: unknown): value is Body => {
  const { data, metadata, revision, stream, type } = (value ?? {}) as Partial<Record<keyof Body, unknown>>
  const texts = [data, stream, type].every((one) => typeof one === "string")
  return texts && typeof revision === "number" && typeof metadata === "object" && metadata !== null
}

const bodyIn = (message: Msg): Body | null => {
  try {
    const value: unknown = message.json()
    return isBody(value) ? value : null
  } catch {
    return null
  }
}

/** An event too large for a message comes without its body; and what is none of ours may be anything. */
const heardOf = (message: Msg): Heard => {
  if (message.data.length === 0 || message.headers === undefined) return MISSED
  const [after, id, position] = [AFTER, ID, POSITION].map((name) => message.headers!.get(name))
  const body = bodyIn(message)
  if (body === null || !id || !position) return MISSED
  return { _tag: "Announced", event: { ...body, id, position }, after: after ? after : null }
}

/** What was heard and not yet taken, up to a bound; beyond it only that something was missed. */
class Listener {
  readonly #stops: ReadonlyArray<() => void>
  #waiting: Array<Msg> = []
  #bytes = 0
  #isMissed = false
  #error: BusError | null = null
  #wake: (() => void) | null = null

  constructor(connection: Connection, tenant: string) {
    const listen = (subject: string, heard: (message: Msg) => void) =>
      connection.nc.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) return heard(message)
          this.#error = toBusError(error)
          this.#ring()
        },
      })
    const subs = [
      listen(eventSubject(partitionOf(tenant), tenant, "*"), (message) => this.#add(message)),
      listen(MISSED_SUBJECT, () => this.miss()),
    ]
    this.#stops = [...subs.map((sub) => () => sub.unsubscribe()), connection.onReturn(() => this.miss())]
  }

  miss(): void {
    this.#waiting = []
    this.#bytes = 0
    this.#isMissed = true
    queueMicrotask(() => this.#ring())
  }

  wait(done: () => void): () => void {
    if (this.#isMissed || this.#waiting.length > 0 || this.#error !== null) done()
    else this.#wake = done
    return () => {
      this.#wake = null
    }
  }

  take(): ReadonlyArray<Heard> | BusError {
    if (this.#error !== null) return this.#error
    const messages = this.#waiting
    const first = this.#isMissed ? [MISSED] : []
    this.#waiting = []
    this.#bytes = 0
    this.#isMissed = false
    return [...first, ...messages.map(heardOf)]
  }

  close(): void {
    for (const stop of this.#stops) stop()
  }

  #add(message: Msg): void {
    if (this.#waiting.length >= TAIL_WAITING || this.#bytes + message.data.length > TAIL_WAITING_BYTES)
      return this.miss()
    this.#waiting.push(message)
    this.#bytes += message.data.length
    if (this.#waiting.length === 1) queueMicrotask(() => this.#ring())
  }

  #ring(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}

export const makeLiveTail = (connection: Connection): Shape => {
  /** The server has read all that was written before: also what keeps a fast announcer from filling the memory. */
  const flushed = Effect.tryPromise({ try: () => connection.nc.flush(), catch: toBusError })

  const sent = (send: () => void) =>
    Effect.suspend(() => {
      // Written now it would be thrown away by the next attempt to connect, without a word.
      if (!connection.isConnected()) return new BusError({ reason: "unavailable", detail: "NATS is not connected" })
      return Effect.try({ try: send, catch: toBusError })
    })

  const send = ({ after, event }: Announced): void => {
    const tenant = tenantOf(event.stream)
    const all = headers()
    all.set(ID, event.id)
    all.set(POSITION, event.position)
    if (after !== null) all.set(AFTER, after)
    const body = Buffer.from(bodyOf(event))
    // Headers count too; none of them is long.
    const fits = body.length + 1_024 <= (connection.nc.info?.max_payload ?? 0)
    connection.nc.publish(eventSubject(partitionOf(tenant), tenant, categoryOf(event.stream)), fits ? body : "", {
      headers: all,
    })
  }

  const listen: Shape["listen"] = (tenant) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const listener = yield* Effect.acquireRelease(
          Effect.sync(() => new Listener(connection, tenant)),
          (listener) => Effect.sync(() => listener.close()),
        )
        // Only when the server knows of it is everything heard from then on.
        // Where that fails the connection is gone, and `Missed` is said when it is back.
        if (connection.isConnected()) yield* Effect.ignore(flushed)
        listener.miss()
        const next = Effect.gen(function* () {
          yield* Effect.callback<void>((resume) => {
            const stop = listener.wait(() => resume(Effect.void))
            return Effect.sync(stop)
          })
          const heard = listener.take()
          if (heard instanceof BusError) return yield* heard
          return [heard, Option.some(null)] as const
        })
        return Stream.paginate<null, Heard, BusError>(null, () => next)
      }),
    )

  return {
    announce: (events) =>
      events.length === 0
        ? Effect.void
        : Effect.andThen(
            sent(() => events.forEach(send)),
            flushed,
          ),
    announceMissed: Effect.andThen(
      sent(() => connection.nc.publish(MISSED_SUBJECT)),
      flushed,
    ),
    listen,
  }
}
