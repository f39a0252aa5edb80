/**
 * Profiles of this process while something runs, by the inspector: of the CPU for its own thread and each worker thread, of
 * what is allocated for its own.
 */
import { type NodeWorker, type Profiler, Session } from "node:inspector/promises"
import { writeFileSync } from "node:fs"
import { flameGraph } from "./flame-graph.ts"
import { hottest, largest } from "./hottest.ts"

/** Where the profiles of a run go. */
export interface Profiles {
  readonly dir: string
  readonly of: "time" | "allocations"
}
/** And those of one measurement, without their ending. */
export type ProfileTo = Profiles & { readonly path: string }

/** Bytes between two samples of the heap: a record makes tens of kilobytes, so thousands of records are told closely. */
const SAMPLED_BYTES = 4_096

/**
 * Writes `<path>.heapprofile` and `<path>.allocations.txt`. What was collected since counts too: how much is made, unlike
 * how long it took, does not depend on who else uses the machine.
 */
export const sampledHeap = async <A>(
  work: () => Promise<A>,
  path: string,
): Promise<{ readonly result: A; readonly allocated: number }> => {
  const session = new Session()
  session.connect()
  try {
    await session.post("HeapProfiler.startSampling", {
      samplingInterval: SAMPLED_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    })
    const result = await work()
    const { profile } = await session.post("HeapProfiler.stopSampling")
    writeFileSync(`${path}.heapprofile`, JSON.stringify({ head: profile.head }))
    const { allocated, text } = largest(profile)
    writeFileSync(`${path}.allocations.txt`, text)
    return { result, allocated }
  } finally {
    session.disconnect()
  }
}

/** Microseconds between two samples. */
const INTERVAL = 200

const save = (path: string, profile: Profiler.Profile): void => {
  writeFileSync(`${path}.cpuprofile`, JSON.stringify(profile))
  writeFileSync(`${path}.html`, flameGraph(path, profile))
  writeFileSync(`${path}.txt`, hottest(profile))
}

/** The same protocol, spoken to a worker thread through its parent. */
class WorkerProfiler {
  readonly #session: Session
  readonly #id: string
  readonly #waiting = new Map<number, (result: unknown) => void>()
  #next = 0

  constructor(session: Session, id: string) {
    this.#session = session
    this.#id = id
  }

  received(message: string): void {
    const { id, result } = JSON.parse(message) as { readonly id?: number; readonly result?: unknown }
    if (id === undefined) return
    this.#waiting.get(id)?.(result)
    this.#waiting.delete(id)
  }

  post(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#next
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, resolve)
      this.#session
        .post("NodeWorker.sendMessageToWorker", {
          sessionId: this.#id,
          message: JSON.stringify({ id, method, params }),
        })
        .catch(reject)
    })
  }
}

const begin = async (post: (method: string, params?: object) => Promise<unknown>): Promise<void> => {
  await post("Profiler.enable")
  await post("Profiler.setSamplingInterval", { interval: INTERVAL })
  await post("Profiler.start")
}

/** Writes `<path>.cpuprofile`, `.html` (a flame graph) and `.txt`, and the same for each worker thread as `<path>.thread-n`. */
export const profiled = async <A>(work: () => Promise<A>, path: string): Promise<A> => {
  const session = new Session()
  session.connect()
  const threads = new Map<string, WorkerProfiler>()
  const begun: Array<Promise<void>> = []
  // Also one that is started while the work runs; what has ended by then is not told.
  session.on("NodeWorker.attachedToWorker", ({ params }: { params: NodeWorker.AttachedToWorkerEventDataType }) => {
    const thread = new WorkerProfiler(session, params.sessionId)
    threads.set(params.sessionId, thread)
    begun.push(begin((method, given) => thread.post(method, given)))
  })
  session.on("NodeWorker.detachedFromWorker", ({ params }: { params: NodeWorker.DetachedFromWorkerEventDataType }) =>
    threads.delete(params.sessionId),
  )
  session.on(
    "NodeWorker.receivedMessageFromWorker",
    ({ params }: { params: NodeWorker.ReceivedMessageFromWorkerEventDataType }) =>
      threads.get(params.sessionId)?.received(params.message),
  )
  await session.post("NodeWorker.enable", { waitForDebuggerOnStart: false })
  await begin((method, params) => session.post(method as "Profiler.start", params as never))
  await Promise.all(begun)
  try {
    return await work()
  } finally {
    const { profile } = await session.post("Profiler.stop")
    save(path, profile)
    let n = 0
    await Promise.all(begun)
    for (const thread of threads.values()) {
      const stopped = (await thread.post("Profiler.stop")) as { readonly profile: Profiler.Profile }
      save(`${path}.thread-${++n}`, stopped.profile)
    }
    await session.post("NodeWorker.disable")
    session.disconnect()
  }
}
