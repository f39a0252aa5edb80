/** A V8 CPU profile as a tree of calls with the time spent in each. */
import type { Profiler } from "node:inspector"

export interface Call {
  readonly name: string
  /** `file:line`, from the folder that says most; empty for what is V8's own. */
  readonly place: string
  selfMs: number
  totalMs: number
  readonly children: Map<string, Call>
}

/** `file:///…/packages/rules/src/x.ts` is `rules/src/x.ts`; of a dependency the package's name stands first. */
export const placeOf = ({ lineNumber, url }: Profiler.ProfileNode["callFrame"]): string => {
  if (url === "") return ""
  const path = url.replace(/^file:\/\//, "")
  const short =
    /.*\/node_modules\/((?:@[^/]+\/)?[^/]+\/.*)$/.exec(path)?.[1] ??
    /.*\/(?:packages|services)\/(.*)$/.exec(path)?.[1] ??
    /.*\/(test\/.*)$/.exec(path)?.[1] ??
    path
  return `${short}:${lineNumber + 1}`
}

export const callTree = (profile: Profiler.Profile): Call => {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const selfOf = new Map<number, number>()
  const { samples = [], timeDeltas = [] } = profile
  // The time until the next sample belongs to this one.
  for (const [i, id] of samples.entries()) selfOf.set(id, (selfOf.get(id) ?? 0) + (timeDeltas[i + 1] ?? 0) / 1_000)
  const build = (ids: ReadonlyArray<number>, into: Call): void => {
    for (const id of ids) {
      const { callFrame, children = [] } = nodes.get(id)!
      const place = placeOf(callFrame)
      const name = callFrame.functionName === "" ? "(anonymous)" : callFrame.functionName
      const key = `${name} ${place}`
      const call: Call = into.children.get(key) ?? { name, place, selfMs: 0, totalMs: 0, children: new Map() }
      into.children.set(key, call)
      call.selfMs += selfOf.get(id) ?? 0
      build(children, call)
    }
  }
  const root: Call = { name: "(all)", place: "", selfMs: 0, totalMs: 0, children: new Map() }
  build(profile.nodes[0]!.children ?? [], root)
  const sum = (call: Call): number => {
    call.totalMs = call.selfMs
    for (const child of call.children.values()) call.totalMs += sum(child)
    return call.totalMs
  }
  sum(root)
  return root
}
