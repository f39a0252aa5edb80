/**
 * Publishes many messages at once and counts the server's answers. The client's own `publish` takes a promise, a timer and
 * some 85 µs a message; a reply subject for all takes a tenth of it. Sending again is free: a message is kept once by its id.
 */
import { BusError } from "@concordat/engine/ports/Bus"
import { createInbox, headers, type Msg, type MsgHdrs } from "@nats-io/transport-node"
import { pause, pauseMs } from "./backoff.ts"
import { refusal, toBusError } from "./failures.ts"
import type { Link } from "./Link.ts"
import { ANSWER_MS, PUBLISH_MS, PUBLISH_WAITING, PUBLISH_WINDOW } from "./limits.ts"

export interface Outgoing {
  readonly subject: string
  /** Deduplicated within the stream's window. */
  readonly id: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

interface Batch {
  left: number
  readonly until: number
  readonly done: (error: BusError | null) => void
  isOver: boolean
}

interface Entry {
  readonly subject: string
  readonly body: Uint8Array
  readonly headers: MsgHdrs
  readonly batch: Batch
  /** When it was sent last, by `performance.now()`. */
  at: number
}

interface Answer {
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string }
}

const encoder = new TextEncoder()
const NO_RESPONDERS = 503

export class Publisher {
  readonly #link: Link
  readonly #inbox = createInbox()
  readonly #waiting: Array<Entry> = []
  readonly #turns: Array<{ readonly messages: ReadonlyArray<Outgoing>; readonly batch: Batch }> = []
  readonly #sent = new Map<string, Entry>()
  readonly #stops: ReadonlyArray<() => void>
  #timer: NodeJS.Timeout | null = null
  #number = 0
  #isMending = false
  #isPumping = false
  /** Why no answer can come any more. */
  #broken: BusError | null = null

  constructor(link: Link) {
    this.#link = link
    const answers = link.nc.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => (error === null ? this.#answered(message) : this.#break(toBusError(error))),
    })
    this.#stops = [() => answers.unsubscribe(), link.onReturn(() => this.#sendAgain(0))]
  }

  /** Calls back once: null when all are kept. Returns how to forget about it. */
  publish(messages: ReadonlyArray<Outgoing>, done: (error: BusError | null) => void): () => void {
    const batch: Batch = { left: messages.length, until: performance.now() + PUBLISH_MS, done, isOver: false }
    if (messages.length === 0 || this.#broken !== null) {
      done(this.#broken)
      return () => undefined
    }
    if (this.#waiting.length < PUBLISH_WAITING) this.#add(messages, batch)
    else this.#turns.push({ messages, batch })
    this.#timer ??= setInterval(() => this.#tick(), ANSWER_MS / 4)
    return () => {
      batch.isOver = true
    }
  }

  close(): void {
    for (const stop of this.#stops) stop()
    this.#break(new BusError({ reason: "closed", detail: "the connection to NATS is closed" }))
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  #add(messages: ReadonlyArray<Outgoing>, batch: Batch): void {
    if (batch.isOver) return
    const entries: Array<Entry> = []
    const most = this.#link.nc.info?.max_payload ?? Number.POSITIVE_INFINITY
    for (const message of messages) {
      const body = encoder.encode(message.body)
      if (body.length > most) {
        const detail = `message ${message.id} has ${body.length} bytes, NATS takes ${most} (max_payload)`
        return this.#end(batch, new BusError({ reason: "limit", detail }))
      }
      const all = headers()
      all.set("Nats-Msg-Id", message.id)
      for (const [name, value] of Object.entries(message.headers ?? {})) all.set(name, value)
      entries.push({ subject: message.subject, body, headers: all, batch, at: 0 })
    }
    this.#waiting.push(...entries)
    this.#pump()
  }

  #end(batch: Batch, error: BusError | null): void {
    if (batch.isOver) return
    batch.isOver = true
    batch.done(error)
  }

  #pump(): void {
    if (this.#isPumping || !this.#link.isConnected()) return
    this.#isPumping = true
    let taken = 0
    while (this.#sent.size < PUBLISH_WINDOW && taken < this.#waiting.length) {
      const entry = this.#waiting[taken++]!
      if (entry.batch.isOver) continue
      const token = `${this.#inbox}.${(this.#number++).toString(36)}`
      entry.at = performance.now()
      this.#sent.set(token, entry)
      try {
        this.#link.nc.publish(entry.subject, entry.body, { headers: entry.headers, reply: token })
      } catch (error) {
        this.#sent.delete(token)
        this.#end(entry.batch, toBusError(error))
      }
    }
    this.#waiting.splice(0, taken)
    this.#isPumping = false
    if (this.#waiting.length >= PUBLISH_WAITING) return
    const next = this.#turns.shift()
    if (next !== undefined) this.#add(next.messages, next.batch)
  }

  #answered(message: Msg): void {
    const entry = this.#sent.get(message.subject)
    // The answer to a message that was sent again meanwhile.
    if (entry === undefined) return
    this.#sent.delete(message.subject)
    if (message.headers?.code === NO_RESPONDERS) {
      this.#waiting.push(entry)
      return this.#mend()
    }
    const { error } = message.json<Answer>()
    if (error !== undefined) {
      const refused = refusal(error.err_code, error.description)
      // 503 with another meaning than "no room" passes by itself: the tick sends it again.
      if (error.code === NO_RESPONDERS && refused.reason === "unavailable") this.#sent.set(message.subject, entry)
      else this.#end(entry.batch, refused)
      return
    }
    entry.batch.left -= 1
    if (entry.batch.left === 0) this.#end(entry.batch, null)
    this.#pump()
  }

  /** Nobody keeps what is published: the server has only just started, or the stream is gone. */
  #mend(): void {
    if (this.#isMending) return
    this.#isMending = true
    const mended = this.#link.ensure().then(
      () => pause(pauseMs(0)),
      (error: unknown) => this.#failAll(toBusError(error)),
    )
    void mended.finally(() => {
      this.#isMending = false
      this.#pump()
    })
  }

  #sendAgain(olderThan: number): void {
    const now = performance.now()
    for (const [token, entry] of this.#sent) {
      if (now - entry.at < olderThan) continue
      this.#sent.delete(token)
      this.#waiting.push(entry)
    }
    if (!this.#isMending) this.#pump()
  }

  #tick(): void {
    const now = performance.now()
    const silent = `NATS has not answered for ${PUBLISH_MS / 1_000} seconds`
    const late = this.#link.refused() ?? new BusError({ reason: "unavailable", detail: silent })
    for (const batch of this.#batches()) if (batch.until < now) this.#end(batch, late)
    for (const [token, entry] of this.#sent) if (entry.batch.isOver) this.#sent.delete(token)
    this.#waiting.splice(0, this.#waiting.length, ...this.#waiting.filter(({ batch }) => !batch.isOver))
    this.#turns.splice(0, this.#turns.length, ...this.#turns.filter(({ batch }) => !batch.isOver))
    this.#sendAgain(ANSWER_MS)
    if (this.#sent.size + this.#waiting.length + this.#turns.length > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #batches(): ReadonlySet<Batch> {
    return new Set([...this.#sent.values(), ...this.#waiting, ...this.#turns].map(({ batch }) => batch))
  }

  #failAll(error: BusError): void {
    for (const batch of this.#batches()) this.#end(batch, error)
    this.#sent.clear()
    this.#waiting.length = 0
    this.#turns.length = 0
  }

  #break(error: BusError): void {
    this.#broken = error
    this.#failAll(error)
  }
}
