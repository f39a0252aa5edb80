/** What the disk does at this moment: 4 KiB written and forced, one after the other. Every durable figure depends on it. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs"
import { loadavg } from "node:os"
import { join } from "node:path"
import { quantile, round } from "./line.ts"

export interface Probe {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of the machine, over the last minute. */
  readonly load: number
}

export const fdatasyncProbe = (dir: string, times = 500): Probe => {
  const path = join(dir, "probe")
  const file = openSync(path, "w")
  const page = Buffer.alloc(4_096, 1)
  const took: Array<number> = []
  try {
    for (let n = 0; n < times; n++) {
      const from = performance.now()
      writeSync(file, page, 0, page.length, n * page.length)
      fdatasyncSync(file)
      took.push(performance.now() - from)
    }
  } finally {
    closeSync(file)
    rmSync(path)
  }
  const mean = took.reduce((sum, ms) => sum + ms, 0) / took.length
  return {
    perSecond: Math.round(1_000 / mean),
    p50Ms: round(quantile(took, 0.5)),
    p99Ms: round(quantile(took, 0.99)),
    load: round(loadavg()[0]!),
  }
}
