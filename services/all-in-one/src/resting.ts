/**
 * A process that has come to rest gives back the memory that it took while it worked. V8 collects when its heap has grown, and
 * what lives then lies strewn over pages that it keeps; its own reducer of memory takes a resting engine for a busy one
 * (`--trace-memory-reducer`, Node 24). 1,000 connections that had been opened stood at 298 MB, of which 102 held nothing.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

const LOOK_MS = 10_000
/** So long nothing is asked of it: whoever edits now waits for nobody. */
const RESTING_LOOKS = 3
/** Polls of a thousand connections, each ten minutes, are less. */
const RESTING_CORES = 0.05
/** By so much the heap has grown since: less is not worth the pause, a tenth of a second for a heap of 80 MB. */
const WORTH_BYTES = 32 * 1024 * 1024

export interface Memory {
  /** Of all threads, since the process began. */
  readonly cpuMs: () => number
  /** What the heap takes, used or not. */
  readonly heapBytes: () => number
  /** Collects what is nobody's, moves together what lives, and gives back the rest. */
  readonly compact: () => void
}

export const OF_THIS_PROCESS: Memory = {
  cpuMs: () => {
    const { system, user } = process.cpuUsage()
    return (system + user) / 1_000
  },
  heapBytes: () => process.memoryUsage().heapTotal,
  compact: () => {
    // So that it works whatever flags the process was started with: a context that is made from now on has the function.
    setFlagsFromString("--expose-gc")
    const collect = runInNewContext("gc") as NodeJS.GCFunction
    collect({ type: "major", execution: "sync", flavor: "last-resort" })
  },
}

/** Goes on for ever. */
export const givesBackAtRest = Effect.fnUntraced(function* (memory: Memory): Effect.fn.Return<never> {
  let at = yield* Clock.currentTimeMillis
  let cpu = memory.cpuMs()
  let [resting, kept] = [0, 0]
  for (;;) {
    yield* Effect.sleep(LOOK_MS)
    const now = yield* Clock.currentTimeMillis
    const cores = (memory.cpuMs() - cpu) / (now - at)
    resting = cores < RESTING_CORES ? resting + 1 : 0
    if (resting >= RESTING_LOOKS && memory.heapBytes() >= kept + WORTH_BYTES) {
      memory.compact()
      kept = memory.heapBytes()
      resting = 0
    }
    at = now
    cpu = memory.cpuMs()
  }
})
