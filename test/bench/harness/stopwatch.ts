/** Times a piece of work with what it took of the process, and profiles it where that is asked for. */
import { readFileSync } from "node:fs"
import type { Timed } from "./line.ts"
import { profiled, type ProfileTo, sampledHeap } from "./profile.ts"

const LOOK_MS = 20

/** Resident memory of a process, MB. */
export const rssOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_024

/** CPU seconds that a process has taken so far, all threads. Ticks of a hundredth of a second, as Linux counts them. */
export const cpuOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const secondsOf = ({ system, user }: NodeJS.CpuUsage): number => (system + user) / 1e6

/** `profileTo`: null: no profile is made. */
export const timed = async <A>(work: () => Promise<A>, profileTo: ProfileTo | null): Promise<Timed<A>> => {
  let peakRssMb = rssOf(process.pid)
  let longestPauseMs = 0
  let last = performance.now()
  const look = (): void => {
    const now = performance.now()
    longestPauseMs = Math.max(longestPauseMs, now - last - LOOK_MS)
    last = now
    peakRssMb = Math.max(peakRssMb, rssOf(process.pid))
  }
  const looking = setInterval(look, LOOK_MS)
  const measure = async () => {
    const [thread, whole, from] = [process.threadCpuUsage(), process.cpuUsage(), performance.now()]
    const result = await work()
    const seconds = (performance.now() - from) / 1_000
    const mainCpu = secondsOf(process.threadCpuUsage(thread))
    const processCpu = secondsOf(process.cpuUsage(whole))
    look()
    return { result, seconds, mainCpu, processCpu }
  }
  try {
    if (profileTo?.of === "allocations") {
      const { allocated, result } = await sampledHeap(measure, profileTo.path)
      return { ...result, longestPauseMs, peakRssMb, allocated }
    }
    const measured = await (profileTo === null ? measure() : profiled(measure, profileTo.path))
    return { ...measured, longestPauseMs, peakRssMb, allocated: null }
  } finally {
    clearInterval(looking)
  }
}
