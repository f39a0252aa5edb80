/** Threads that run scripts, one each at a time; a mutation is planted in all of them. */
import { Worker } from "node:worker_threads"
import type { RunResult } from "./run.ts"
import type { Script } from "./script.ts"

export interface Plant {
  readonly file: string
  readonly from: string
  readonly to: string
}

export interface Crew {
  readonly run: (script: Script) => Promise<RunResult>
  readonly end: () => Promise<void>
}

interface Job {
  readonly script: Script
  readonly done: (result: RunResult) => void
  readonly failed: (error: unknown) => void
}

export const makeCrew = (size: number, plant: Plant | null = null): Crew => {
  const waiting: Array<Job> = []
  const idle: Array<Worker> = []
  const jobs = new Map<Worker, Job>()
  /** Why a thread ended: nothing is answered from then on. */
  let broken: { readonly error: unknown } | null = null
  const next = (): void => {
    while (waiting.length > 0 && idle.length > 0) {
      const [worker, job] = [idle.pop()!, waiting.shift()!]
      jobs.set(worker, job)
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage(job.script)
    }
  }
  const workers = Array.from({ length: size }, () => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { plant },
      execArgv: plant === null ? [] : ["--import", new URL("./plant.ts", import.meta.url).href],
    })
    worker.on("message", (result: RunResult) => {
      jobs.get(worker)?.done(result)
      jobs.delete(worker)
      idle.push(worker)
      next()
    })
    worker.on("error", (error) => {
      broken = { error }
      jobs.get(worker)?.failed(error)
      for (const job of waiting.splice(0)) job.failed(error)
    })
    idle.push(worker)
    return worker
  })
  return {
    run: (script) =>
      new Promise((done, failed) => {
        if (broken !== null) return failed(broken.error)
        waiting.push({ script, done, failed })
        next()
      }),
    end: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
