/** The thread that holds a file, seen from its process. */
import { getCompileCacheDir } from "node:module"
import { Worker } from "node:worker_threads"
import { toFailure } from "./failures.ts"
import { THREAD_YOUNG_MB } from "./limits.ts"
import { packRequests, unpackReplies } from "./packing.ts"
import type { Commits, Envelope, Failure, FromWorker, Reply, ThreadData, ToWorker } from "./protocol.ts"

/** What carries requests to the store and hands out its replies. */
export interface Line {
  readonly end: number
  readonly send: (envelopes: ReadonlyArray<Envelope>) => void
  /** Resolves when what was sent is done and the file is closed. */
  readonly close: () => Promise<void>
}
export interface Listener {
  readonly replies: (replies: ReadonlyArray<Reply>, commits: Commits | null) => void
  readonly died: (failure: Failure) => void
}

const newThread = (): Worker =>
  new Worker(new URL("./worker.mjs", import.meta.url), {
    workerData: { compileCache: getCompileCacheDir() !== undefined } satisfies ThreadData,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: THREAD_YOUNG_MB },
  })

/** Begun, and without a file so far. */
let begun: Worker | null = null

/**
 * Begins the thread of the file that will be opened next: it loads what it needs while its process does the same. Keeps no
 * process alive where none is opened.
 */
export const beginThread = (): void => {
  begun ??= newThread()
  begun.unref()
}

const takeThread = (): Worker => {
  const worker = begun ?? newThread()
  begun = null
  worker.ref()
  return worker
}

export const openThread = (path: string, listener: Listener): Promise<Line> =>
  new Promise((resolve, reject) => {
    const worker = takeThread()
    const ended = new Promise<void>((done) => worker.once("exit", () => done()))
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    const post = (message: ToWorker): void => worker.postMessage(message)
    let closed = false
    const died = (detail: string): void => {
      const failure: Failure = { reason: "unavailable", detail: `the thread that holds ${path} ended: ${detail}` }
      reject(failure)
      listener.died(failure)
    }
    worker.on("error", (cause) => died(toFailure(cause).detail))
    worker.on("exit", (code) => (closed ? undefined : died(`exit code ${code}`)))
    worker.on("message", (message: FromWorker) => {
      switch (message._tag) {
        case "Opened":
          return resolve({
            end: message.end,
            send: (envelopes) => post(packRequests(envelopes)),
            close: () => {
              post("close")
              return ended
            },
          })
        case "Refused":
          closed = true
          return reject(message.failure)
        case "Replies":
          return listener.replies(unpackReplies(message.replies), message.commits)
        case "Closed":
          closed = true
      }
    })
    post({ open: path })
  })
