/** The functions of a profile that took most, time or memory, by themselves and with what they call. */
import type { HeapProfiler, Profiler } from "node:inspector"
import { allocationTree, type Call, callTree } from "./call-tree.ts"

const SHOWN = 45

interface Sum {
  self: number
  total: number
}

/** `whole`: what shares are of. */
const tables = (root: Call, whole: number): ReadonlyArray<string> => {
  const functions = new Map<string, Sum>()
  const files = new Map<string, Sum>()
  const add = (sums: Map<string, Sum>, key: string, self: number, total: number): void => {
    const known = sums.get(key) ?? { self: 0, total: 0 }
    sums.set(key, { self: known.self + self, total: known.total + total })
  }
  /** What calls itself is counted once. */
  const walk = (call: Call, above: ReadonlySet<string>): void => {
    if (call.name === "(idle)") return
    const key = call.place === "" ? call.name : `${call.name}  ${call.place}`
    const file = call.place.replace(/:\d+$/, "") || call.name
    add(functions, key, call.self, above.has(key) ? 0 : call.total)
    add(files, file, call.self, above.has(file) ? 0 : call.total)
    const inside = new Set([...above, key, file])
    for (const child of call.children.values()) walk(child, inside)
  }
  for (const call of root.children.values()) walk(call, new Set())
  const list = (sums: Map<string, Sum>, by: "self" | "total"): string =>
    [...sums]
      .toSorted(([, a], [, b]) => b[by] - a[by])
      .slice(0, SHOWN)
      .map(([key, { self, total }]) => {
        const share = (part: number) => `${((part / whole) * 100).toFixed(1)} %`.padStart(8)
        return `${share(self)} self ${share(total)} with callees  ${key}`
      })
      .join("\n")
  return [
    `functions, by themselves\n${list(functions, "self")}`,
    `functions, with what they call\n${list(functions, "total")}`,
    `files, by themselves\n${list(files, "self")}`,
  ]
}

export const hottest = (profile: Profiler.Profile): string => {
  const root = callTree(profile)
  const idle = [...root.children.values()].find(({ name }) => name === "(idle)")?.total ?? 0
  const busy = Math.max(1, root.total - idle)
  const heading = `sampled ${(root.total / 1_000).toFixed(2)} s, of it busy ${(busy / 1_000).toFixed(2)} s; shares are of the busy time`
  return [heading, ...tables(root, busy)].join("\n\n")
}

/** Bytes in all, and the tables. */
export const largest = (
  profile: Pick<HeapProfiler.SamplingHeapProfile, "head">,
): { readonly allocated: number; readonly text: string } => {
  const root = allocationTree(profile)
  const heading = `allocated ${(root.total / 1e6).toFixed(1)} MB; shares are of that`
  return { allocated: root.total, text: [heading, ...tables(root, Math.max(1, root.total))].join("\n\n") }
}
