import { run } from "./run.ts"
import { scriptOf } from "./script.ts"
const from = Number(process.argv[2] ?? 1), count = Number(process.argv[3] ?? 1), verbose = process.argv[4] === "-v"
for (let seed = from; seed < from + count; seed++) {
  const t = process.hrtime.bigint()
  const script = scriptOf(seed)
  const r = await run(script, { isVerbose: verbose })
  const s = Number(process.hrtime.bigint() - t) / 1e9
  if (verbose) console.log(JSON.stringify(script)), console.log(r.steps.join("\n"))
  console.log(seed, r.violations.length === 0 ? "ok" : "FAILED", `${s.toFixed(2)}s`, `${(r.simulatedMs / 3.6e6).toFixed(1)}h calls ${r.calls} turns ${r.turns} events ${r.events} crashes ${r.crashes} gaps ${r.gaps}`, r.trace.slice(0, 8))
  for (const v of r.violations.slice(0, 6)) console.log("   ", v.invariant, v.detail.slice(0, 400))
}
