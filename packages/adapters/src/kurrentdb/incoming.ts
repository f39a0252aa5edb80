/** The messages of a call as they come, taken as fast as they are asked for. */
import type { ClientReadableStream } from "@grpc/grpc-js"
import type pb from "@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js"
import { BATCH_MESSAGES } from "./limits.ts"

type Call = ClientReadableStream<pb.ReadResp>

export class Incoming {
  readonly #call: Call
  #ended = false
  #error: Error | null = null
  #wake: (() => void) | null = null

  constructor(call: Call) {
    this.#call = call
    const wake = () => {
      const waiting = this.#wake
      this.#wake = null
      waiting?.()
    }
    call.on("readable", wake)
    call.on("end", () => {
      this.#ended = true
      wake()
    })
    // Stays for good: a cancelled call says so by an error, which nobody else would catch.
    call.on("error", (error: Error) => {
      this.#error ??= error
      wake()
    })
  }

  /** What is there, at least one; none at the end. Rejects with what broke the call, after what came before it. */
  async next(): Promise<ReadonlyArray<pb.ReadResp>> {
    for (;;) {
      const messages: Array<pb.ReadResp> = []
      while (messages.length < BATCH_MESSAGES) {
        const message = this.#call.read() as pb.ReadResp | null
        if (message === null) break
        messages.push(message)
      }
      if (messages.length > 0) return messages
      if (this.#error !== null) throw this.#error
      if (this.#ended) return []
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async all(): Promise<ReadonlyArray<pb.ReadResp>> {
    const all: Array<pb.ReadResp> = []
    for (;;) {
      const messages = await this.next()
      if (messages.length === 0) return all
      all.push(...messages)
    }
  }

  cancel(): void {
    this.#call.cancel()
  }
}
