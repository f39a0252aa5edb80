/** V8's profiles as a tree of calls: of the CPU with the milliseconds spent in each, of the heap with the bytes allocated. */
import type { HeapProfiler, Profiler } from "node:inspector"

export interface Call {
  readonly name: string
  /** `file:line`, from the folder that says most; empty for what is V8's own. */
  readonly place: string
  /** By itself, and with what it calls. */
  self: number
  total: number
  readonly children: Map<string, Call>
}

type Frame = Profiler.ProfileNode["callFrame"]

/** `file:///…/packages/rules/src/x.ts` is `rules/src/x.ts`; of a dependency the package's name stands first. */
export const placeOf = ({ lineNumber, url }: Frame): string => {
  if (url === "") return ""
  const path = url.replace(/^file:\/\//, "")
  const short =
    /.*\/node_modules\/((?:@[^/]+\/)?[^/]+\/.*)$/.exec(path)?.[1] ??
    /.*\/(?:packages|services)\/(.*)$/.exec(path)?.[1] ??
    /.*\/(test\/.*)$/.exec(path)?.[1] ??
    path
  return `${short}:${lineNumber + 1}`
}

/** `into`'s call of a function, which has one however often it is called there. */
const callIn = (into: Call, frame: Frame): Call => {
  const place = placeOf(frame)
  const name = frame.functionName === "" ? "(anonymous)" : frame.functionName
  const key = `${name} ${place}`
  const call: Call = into.children.get(key) ?? { name, place, self: 0, total: 0, children: new Map() }
  into.children.set(key, call)
  return call
}

const rootOf = (fill: (root: Call) => void): Call => {
  const root: Call = { name: "(all)", place: "", self: 0, total: 0, children: new Map() }
  fill(root)
  const sum = (call: Call): number => {
    call.total = call.self
    for (const child of call.children.values()) call.total += sum(child)
    return call.total
  }
  sum(root)
  return root
}

/** In milliseconds. */
export const callTree = (profile: Profiler.Profile): Call => {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const selfOf = new Map<number, number>()
  const { samples = [], timeDeltas = [] } = profile
  // The time until the next sample belongs to this one.
  for (const [i, id] of samples.entries()) selfOf.set(id, (selfOf.get(id) ?? 0) + (timeDeltas[i + 1] ?? 0) / 1_000)
  const build = (ids: ReadonlyArray<number>, into: Call): void => {
    for (const id of ids) {
      const { callFrame, children = [] } = nodes.get(id)!
      const call = callIn(into, callFrame)
      call.self += selfOf.get(id) ?? 0
      build(children, call)
    }
  }
  return rootOf((root) => build(profile.nodes[0]!.children ?? [], root))
}

/** In bytes. What V8's own functions allocate (`flatMap`, `set`, `next`) is their caller's: there are no others to change. */
export const allocationTree = ({ head }: Pick<HeapProfiler.SamplingHeapProfile, "head">): Call => {
  const build = (nodes: ReadonlyArray<HeapProfiler.SamplingHeapProfileNode>, into: Call): void => {
    for (const { callFrame, children, selfSize } of nodes) {
      const call = callFrame.url === "" && into.place !== "" ? into : callIn(into, callFrame)
      call.self += selfSize
      build(children, call)
    }
  }
  return rootOf((root) => build(head.children, root))
}
