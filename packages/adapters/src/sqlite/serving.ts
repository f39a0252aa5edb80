/** The thread that holds the file. All that came in while it was writing shares the next transaction. */
import { parentPort, receiveMessageOnPort } from "node:worker_threads"
import { toFailure } from "./failures.ts"
import { packReplies, unpackRequests } from "./packing.ts"
import type { Envelope, FromWorker, Open, ToWorker } from "./protocol.ts"
import { openStore } from "./store.ts"
import type { Store } from "./store.ts"

/**
 * Quiet for so long, the log is copied into the file, in ms: no caller is likely to wait for it. Shorter, it was copied
 * between any two pages of a first sync, the same hot pages again and again: a fifth of this thread's work.
 */
const IDLE_MS = 250

const port = parentPort
if (port === null) throw new Error("sqlite/serving.ts runs in a worker thread")
const post = (message: FromWorker): void => port.postMessage(message)

const serve = (store: Store): void => {
  let idle: ReturnType<typeof setTimeout> | undefined

  const close = (): void => {
    clearTimeout(idle)
    store.close()
    post({ _tag: "Closed" })
    port.close()
  }

  port.on("message", (first: Exclude<ToWorker, Open>) => {
    const batch: Array<Envelope> = []
    let closing = false
    for (let next: { message: Exclude<ToWorker, Open> } | undefined = { message: first }; next !== undefined;) {
      if (next.message === "close") closing = true
      else for (const envelope of unpackRequests(next.message)) batch.push(envelope)
      next = receiveMessageOnPort(port)
    }
    store.handle(batch, (replies, commits) => post({ _tag: "Replies", replies: packReplies(replies), commits }))
    if (closing) return close()
    clearTimeout(idle)
    idle = setTimeout(store.idle, IDLE_MS)
  })
}

port.once("message", ({ open }: Open) => {
  try {
    const store = openStore(open)
    serve(store)
    post({ _tag: "Opened", end: store.end() })
  } catch (cause) {
    post({ _tag: "Refused", failure: toFailure(cause) })
    port.close()
  }
})
