/**
 * Takes messages of one consumer, never more than are asked for. The client's own iterators fetch ahead of what was
 * answered; here a request names what is free, and what is free counts until an answer or the end of its time.
 */
import { BusError } from "@concordat/engine/ports/Bus"
import { AckPolicy, type ConsumerInfo, DeliverPolicy } from "@nats-io/jetstream"
import { createInbox, type Msg, nanos } from "@nats-io/transport-node"
import { pause, pauseMs } from "./backoff.ts"
import { passes, toBusError } from "./failures.ts"
import type { Link } from "./Link.ts"
import { ACKS_PENDING, CONSUMER_IDLE_MS, HEARTBEAT_MS, HEARTBEATS_MISSED, PULL_MS, PULL_PARTS } from "./limits.ts"
import { consumerName, PUSH_STREAM } from "./streams.ts"

export interface PullOptions {
  readonly group: string
  readonly filter: string
  readonly maxInFlight: number
  readonly ackWaitMs: number
}

export interface Pulled {
  readonly message: Msg
  /** Of the stream. */
  readonly seq: number
  /** From 1. */
  readonly attempt: number
}

/**
 * `$JS.ACK.{stream}.{consumer}.{delivered}.{seq}.…`, or with domain and account before the stream and one part more at the
 * end (https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md).
 */
const placeOf = (reply: string): { readonly attempt: number; readonly seq: number } => {
  const parts = reply.split(".")
  const at = parts.length === 9 ? 4 : 6
  return { attempt: Number(parts[at]), seq: Number(parts[at + 1]) }
}

export class Puller {
  readonly #link: Link
  readonly #options: PullOptions
  readonly #name: string
  readonly #inbox = createInbox()
  readonly #stops: ReadonlyArray<() => void>
  /** Until when each unanswered message is ours, by sequence and `performance.now()`. */
  readonly #held = new Map<number, { readonly until: number; readonly attempt: number }>()
  #ready: Array<Pulled> = []
  /** Messages that the server was asked for and has not sent. */
  #asked = 0
  #request = 0
  /** Requests before it are of another life of the consumer: what the server says of them counts for nothing. */
  #first = 0
  #heardAt = 0
  /** How far the consumer had delivered when it was found; up to there it may have what it was answered. 0: it has none. */
  #deliveredBefore = 0
  #isBeginning = false
  #isClosed = false
  #error: BusError | null = null
  #wake: (() => void) | null = null
  #expiry: NodeJS.Timeout | null = null

  constructor(link: Link, options: PullOptions) {
    this.#link = link
    this.#options = options
    this.#name = consumerName(options.group, options.filter)
    const sub = link.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => (error === null ? this.#heard(message) : this.#fail(toBusError(error))),
    })
    const timer = setInterval(() => this.#look(), HEARTBEAT_MS / 2)
    this.#stops = [() => sub.unsubscribe(), () => clearInterval(timer), link.onReturn(() => void this.#begin(false))]
    void this.#begin(false)
  }

  /** Calls back once when there is something to `take`; returns how to stop waiting. */
  wait(done: () => void): () => void {
    if (this.#ready.length > 0 || this.#error !== null) done()
    else this.#wake = done
    return () => {
      this.#wake = null
    }
  }

  /** What came since, without what was waiting for longer than it was ours. */
  take(): ReadonlyArray<Pulled> | BusError {
    if (this.#error !== null) return this.#error
    const now = performance.now()
    const ready = this.#ready.filter(({ attempt, seq }) => {
      const held = this.#held.get(seq)
      return held !== undefined && held.attempt === attempt && held.until > now
    })
    this.#ready = []
    return ready
  }

  /** An answer that is lost means another delivery, which is allowed: so nobody waits for the server to confirm it. */
  answer({ attempt, message, seq }: Pulled, payload: string): BusError | null {
    if (this.#isClosed || this.#link.nc.isClosed())
      return new BusError({ reason: "closed", detail: "the consumer is closed: what was not answered comes again" })
    message.respond(payload)
    if (this.#held.get(seq)?.attempt === attempt) this.#held.delete(seq)
    this.#ask()
    return null
  }

  close(): void {
    // What nobody has seen is for others at once.
    for (const { message } of this.#ready) if (!this.#link.nc.isClosed()) message.respond("-NAK")
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    if (this.#expiry !== null) clearTimeout(this.#expiry)
  }

  /** Makes the consumer where it is not, and asks anew. `doubt`: messages may be gone with it. */
  async #begin(doubt: boolean): Promise<void> {
    if (this.#isBeginning || this.#isClosed) return
    this.#isBeginning = true
    for (let tries = 0; !this.#isClosed; tries++) {
      try {
        await this.#link.ensure(doubt && tries === 0)
        await this.#putConsumer()
        break
      } catch (error) {
        if (!passes(error) && toBusError(error).reason !== "unavailable") return this.#fail(toBusError(error))
        await pause(pauseMs(tries))
      }
    }
    this.#isBeginning = false
    this.#first = this.#request
    this.#asked = 0
    this.#heardAt = performance.now()
    this.#ask()
  }

  /** After a crash what was acknowledged and the messages themselves can be of different age: neither is forced to the disk. */
  async #putConsumer(): Promise<void> {
    const consumer = await this.#addConsumer()
    const { last_seq } = (await this.#link.jsm.streams.info(PUSH_STREAM)).state
    if (consumer.delivered.stream_seq > last_seq) {
      // It would pass over what is published where lost messages stood.
      await this.#link.jsm.consumers.delete(PUSH_STREAM, this.#name)
      await this.#addConsumer()
      return
    }
    this.#deliveredBefore = consumer.delivered.stream_seq
    await this.#clearAnswered(consumer)
  }

  /** What came back though it was answered takes room until it is too old: nobody is given it again. */
  async #clearAnswered({ ack_floor }: ConsumerInfo): Promise<void> {
    const seq = ack_floor.stream_seq + 1
    if (seq > 1) await this.#link.jsm.streams.purge(PUSH_STREAM, { filter: this.#options.filter, seq })
    // Some of it may stand above an earlier message that is not answered yet.
    if (ack_floor.stream_seq >= this.#deliveredBefore) this.#deliveredBefore = 0
  }

  async #lookForAnswered(): Promise<void> {
    if (this.#deliveredBefore === 0 || this.#isBeginning || this.#isClosed || !this.#link.isConnected()) return
    try {
      await this.#clearAnswered(await this.#link.jsm.consumers.info(PUSH_STREAM, this.#name))
    } catch {
      // It is looked for again, and it is only room.
    }
  }

  #addConsumer(): Promise<ConsumerInfo> {
    return this.#link.jsm.consumers.add(PUSH_STREAM, {
      name: this.#name,
      durable_name: this.#name,
      filter_subject: this.#options.filter,
      deliver_policy: DeliverPolicy.All,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(this.#options.ackWaitMs),
      max_deliver: -1,
      max_ack_pending: ACKS_PENDING,
      inactive_threshold: nanos(CONSUMER_IDLE_MS),
    })
  }

  #free(): number {
    const now = performance.now()
    for (const [seq, { until }] of this.#held) {
      if (until > now) break
      this.#held.delete(seq)
    }
    return this.#options.maxInFlight - this.#held.size - this.#asked
  }

  #ask(): void {
    if (this.#isBeginning || this.#isClosed || !this.#link.isConnected()) return
    const free = this.#free()
    if (free <= 0) this.#askWhenFree()
    if (free <= 0 || (this.#asked > 0 && free < this.#options.maxInFlight / PULL_PARTS)) return
    if (this.#asked === 0) this.#heardAt = performance.now()
    this.#asked += free
    this.#link.nc.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${PUSH_STREAM}.${this.#name}`,
      JSON.stringify({ batch: free, expires: nanos(PULL_MS), idle_heartbeat: nanos(HEARTBEAT_MS) }),
      { reply: `${this.#inbox}.${(this.#request++).toString(36)}` },
    )
  }

  /** Everything is held by somebody: when the first of it runs out there is room again. */
  #askWhenFree(): void {
    const first = this.#held.values().next().value
    if (first === undefined || this.#expiry !== null) return
    this.#expiry = setTimeout(
      () => {
        this.#expiry = null
        this.#ask()
      },
      Math.max(1, first.until - performance.now() + 1),
    )
  }

  #heard(message: Msg): void {
    this.#heardAt = performance.now()
    const code = message.headers?.code ?? 0
    if (code !== 0 || !(message.reply ?? "").startsWith("$JS.ACK.")) return this.#heardStatus(code, message)
    const { attempt, seq } = placeOf(message.reply!)
    this.#asked = Math.max(0, this.#asked - 1)
    // Last again, so that what runs out first stands first.
    this.#held.delete(seq)
    this.#held.set(seq, { until: this.#heardAt + this.#options.ackWaitMs, attempt })
    this.#ready.push({ message, seq, attempt })
    this.#ask()
    // What the server sent together is taken together.
    if (this.#ready.length === 1) queueMicrotask(() => this.#ring())
  }

  #ring(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }

  #heardStatus(code: number, message: Msg): void {
    const request = Number.parseInt(message.subject.slice(this.#inbox.length + 1), 36)
    if (code === 100 || request < this.#first) return
    if (code === 400) {
      const detail = `NATS refuses a request for messages: ${message.headers?.description ?? ""}`
      return this.#fail(new BusError({ reason: "unavailable", detail }))
    }
    // Its time is over (404, 408), or it is ended for a reason (409) and says what it still owed.
    const left = message.headers?.get("Nats-Pending-Messages") ?? ""
    if (left !== "") {
      this.#asked = Math.max(0, this.#asked - Number(left))
      this.#ask()
    } else if (!this.#isBeginning) setTimeout(() => void this.#begin(false), pauseMs(0))
  }

  #look(): void {
    void this.#lookForAnswered()
    const now = performance.now()
    if (this.#asked > 0 && this.#link.isConnected() && now - this.#heardAt > HEARTBEAT_MS * HEARTBEATS_MISSED)
      void this.#begin(true)
    else this.#ask()
  }

  #fail(error: BusError): void {
    this.#error = error
    this.#ring()
  }
}
