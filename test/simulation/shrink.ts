/** Makes a failing script smaller while it fails in the same way: what is left is what it takes. */
import { PERFECT } from "./network.ts"
import type { RunResult } from "./run.ts"
import type { Script } from "./script.ts"
import { KINDS } from "./world/things.ts"

type Attempt = (script: Script) => Promise<RunResult>

const without =
  (fault: "lost" | "unanswered" | "tooMany" | "broken") =>
  (script: Script): Script => ({
    ...script,
    network: { ...script.network, [fault]: 0 },
  })

/** Ways to make a script simpler, the most telling first. */
const SIMPLER: ReadonlyArray<(script: Script) => Script> = [
  (script) => ({ ...script, beside: [] }),
  (script) => ({ ...script, beside: script.beside.slice(0, -1) }),
  (script) => ({ ...script, network: { ...PERFECT, latency: script.network.latency } }),
  (script) => ({ ...script, store: { writeMs: 0, readMs: 0, unmade: 0, unknown: 0 } }),
  (script) => ({ ...script, webhooks: { drop: 0, duplicate: 0, reorder: 0, delayMs: [100, 100], forge: 0 } }),
  (script) => ({ ...script, webhooks: { ...script.webhooks, drop: 1 } }),
  (script) => ({ ...script, bus: { redeliver: 0, reorder: 0 } }),
  (script) => ({ ...script, app: { lostAnswer: 0, duplicate: 0, delayMs: 0 } }),
  (script) => ({ ...script, indexLagMs: [0, 0] }),
  (script) => ({ ...script, skewMs: {} }),
  (script) => ({ ...script, batch: {} }),
  (script) => ({ ...script, isApart: false }),
  without("lost"),
  without("unanswered"),
  without("tooMany"),
  without("broken"),
  ...KINDS.map((kind) => (script: Script): Script => ({
    ...script,
    things: { ...script.things, [kind]: script.things[kind].slice(0, -1) },
  })),
]

export interface Shrunk {
  readonly script: Script
  readonly result: RunResult
  readonly attempts: number
}

export const shrink = async (script: Script, failed: RunResult, attempt: Attempt, most: number): Promise<Shrunk> => {
  const invariant = failed.violations[0]?.invariant
  let [best, result, attempts] = [script, failed, 0]
  const fails = async (candidate: Script): Promise<boolean> => {
    if (attempts >= most) return false
    attempts += 1
    const now = await attempt(candidate)
    if (!now.violations.some((one) => one.invariant === invariant)) return false
    best = candidate
    result = now
    return true
  }
  // Halves of the actions, then quarters, and so on: as delta debugging does it.
  for (let size = Math.ceil(best.actions.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < best.actions.length;) {
      const actions = best.actions.filter((_, at) => at < from || at >= from + size)
      if (!(await fails({ ...best, actions }))) from += size
    }
  }
  let before: Script | null = null
  while (before !== best) {
    before = best
    for (const make of SIMPLER) {
      const candidate = make(best)
      if (JSON.stringify(candidate) !== JSON.stringify(best)) await fails(candidate)
    }
  }
  return { script: best, result, attempts }
}
