/** `npm run bench`: the lines of the benchmark, as a table and as JSON. What each means: `docs/performance.md`. */
import { cpus } from "node:os"
import { join } from "node:path"
import { readArguments } from "./harness/arguments.ts"
import { json, table } from "./harness/report.ts"
import { run } from "./harness/run.ts"
import { LINES } from "./lines.ts"

const PROFILES = join(import.meta.dirname, "..", "..", "bench-profiles")

const wanted = readArguments(
  process.argv.slice(2),
  LINES.map(({ name }) => name),
)
if (typeof wanted === "string") {
  process.stderr.write(`${wanted}\n`)
  process.exit(2)
}
if (wanted.list) {
  const width = Math.max(...LINES.map(({ name }) => name.length))
  for (const { name, quick, what } of LINES)
    process.stdout.write(`${name.padEnd(width)}  ${quick ? "quick" : "     "}  ${what}\n`)
  process.exit(0)
}
const lines = LINES.filter(({ name, quick }) =>
  wanted.names.length > 0 ? wanted.names.includes(name) : quick || !wanted.quick,
)
const of = wanted.profile ? "time" : wanted.allocations ? "allocations" : null
const outcome = await run({
  lines,
  scale: wanted.quick ? "quick" : "full",
  people: wanted.people,
  profiles: of === null ? null : { dir: PROFILES, of },
  say: (text) => void process.stderr.write(`${text}\n`),
})
const processor = cpus()
process.stdout.write(`${table(outcome)}\n\n`)
process.stdout.write(`${processor.length} × ${processor[0]?.model.trim() ?? "?"}, Node ${process.version}, `)
process.stdout.write(`fdatasync of 4 KiB: ${outcome.probe.perSecond}/s, load ${outcome.probe.load}\n`)
if (of !== null) process.stdout.write(`profiles: ${PROFILES}\n`)
if (wanted.json) process.stdout.write(`${json(outcome)}\n`)
if (Object.keys(outcome.missing).length > 0) process.exitCode = 1
