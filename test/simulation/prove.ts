/**
 * `npm run prove`: runs seeds, says which of them broke a promise and how little it takes.
 *
 *     npm run prove -- --seeds 5000 --from 1     many seeds, with a summary
 *     npm run prove -- --size large              worlds of one size (small, medium, large) and not of the seed's own
 *     npm run prove -- --seed 42                 one seed, with everything that happened
 *     npm run prove -- --seed 42 --journal c17   and all events and documents that name this
 *     npm run prove -- --script failed.json      a script as it was printed
 *     npm run prove -- --mutations [R6 CE1]      rules taken away, and what sees it; --find looks through seeds anew
 *     npm run prove -- --field [4]               the named faults of the field, or one of them by number or name
 *     npm run prove -- --processes --rounds 2    real processes, each harm in turn, or one by name; --seed N, --small
 *     npm run prove -- --fuzz --seconds 60       whatever may come from outside; --seed N
 */
import { Presets, SingleBar } from "cli-progress"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { makeCrew } from "./crew.ts"
import { proveFuzz } from "../fuzz/prove-fuzz.ts"
import { proveProcesses } from "../processes/prove-processes.ts"
import { proveField } from "../field/prove-field.ts"
import { forbidRealTime } from "./forbid.ts"
import { run, type RunResult } from "./run.ts"
import { type Script, scriptOf } from "./script.ts"
import { type Size, SIZES } from "./size.ts"
import { shrink } from "./shrink.ts"
import { proveMutations } from "./taken-away/prove-mutations.ts"
import type { Stores } from "./store/ports.ts"

const HOUR_MS = 3_600_000
/** Runs that a failing script is made smaller with. */
const SHRINKING_RUNS = 150

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    size: { type: "string" },
    script: { type: "string" },
    journal: { type: "string" },
    threads: { type: "string", default: String(Math.min(2, availableParallelism())) },
    mutations: { type: "boolean", default: false },
    find: { type: "boolean", default: false },
    field: { type: "boolean", default: false },
    processes: { type: "boolean", default: false },
    rounds: { type: "string", default: "1" },
    fuzz: { type: "boolean", default: false },
    seconds: { type: "string", default: "60" },
    small: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
})

const number = (name: "seeds" | "from" | "seed" | "threads" | "rounds" | "seconds"): number => {
  const given = Number(values[name])
  if (!Number.isInteger(given) || given < 1) {
    process.stderr.write(`--${name} is "${values[name]}"; give a whole number from 1 on\n`)
    process.exit(2)
  }
  return given
}

const isSize = (given: string): given is Size => (SIZES as ReadonlyArray<string>).includes(given)
const sizeAsked = (): Size | null => {
  const { size } = values
  if (size === undefined || isSize(size)) return size ?? null
  process.stderr.write(`--size is "${size}"; give one of ${SIZES.join(", ")}\n`)
  process.exit(2)
}
const size = sizeAsked()

const out = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`)

const told = (result: RunResult): void => {
  for (const { detail, invariant } of result.violations.slice(0, 10)) out(`  ${invariant}: ${detail}`)
}

/** One script, with everything that happened in it. */
const replayed = async (script: Script): Promise<boolean> => {
  const allow = forbidRealTime()
  const inspect = ({ documents, log }: Stores): void => {
    const { journal } = values
    if (journal === undefined) return
    for (const { data, metadata, revision, stream, type } of log.all)
      if (`${stream}${data}`.includes(journal)) out(`${metadata["at"]} ${stream}@${revision} ${type} ${data}`)
    for (const document of documents.dump(() => true)) if (document.includes(journal)) out(document)
  }
  const result = await run(script, { isVerbose: true, inspect })
  allow()
  for (const line of result.steps) out(line)
  const hours = (result.simulatedMs / HOUR_MS).toFixed(1)
  out(`seed ${script.seed}: ${result.violations.length === 0 ? "holds" : "FAILS"}, ${hours} h, ${result.calls} calls`)
  told(result)
  return result.violations.length === 0
}

const kept = (script: Script): string => {
  const folder = join(tmpdir(), "concordat-prove")
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `seed-${script.seed}.json`)
  writeFileSync(path, `${JSON.stringify(script, null, 1)}\n`)
  return path
}

const many = async (count: number, from: number): Promise<boolean> => {
  const began = process.hrtime.bigint()
  const crew = makeCrew(number("threads"))
  const bar = new SingleBar(
    { format: "{bar} {value}/{total} seeds  {failed} failed  {hours} h simulated", stream: process.stderr },
    Presets.shades_classic,
  )
  const sum = { failed: 0, turns: 0, ms: 0, calls: 0, crashes: 0, gaps: 0 }
  const failures: Array<RunResult> = []
  if (process.stderr.isTTY) bar.start(count, 0, { failed: 0, hours: 0 })
  const one = async (seed: number): Promise<void> => {
    const result = await crew.run(scriptOf(seed, size))
    sum.turns += result.turns
    sum.ms += result.simulatedMs
    sum.calls += result.calls
    sum.crashes += result.crashes
    sum.gaps += result.gaps
    if (result.violations.length > 0) {
      failures.push(result)
      out(
        `seed ${seed} fails at step ${result.step}: ${result.violations[0]!.invariant}: ${result.violations[0]!.detail}`,
      )
    }
    bar.increment(1, { failed: failures.length, hours: Math.round(sum.ms / HOUR_MS) })
  }
  await Promise.all(Array.from({ length: count }, (_, at) => one(from + at)))
  bar.stop()
  const seconds = Math.round(Number(process.hrtime.bigint() - began) / 1e8) / 10
  for (const failed of failures.toSorted((a, b) => a.seed - b.seed).slice(0, 5)) {
    out(`seed ${failed.seed} fails at step ${failed.step}`)
    told(failed)
    const small = await shrink(scriptOf(failed.seed, size), failed, crew.run, SHRINKING_RUNS)
    out(`  takes ${small.script.actions.length} actions: npm run prove -- --script ${kept(small.script)}`)
    told(small.result)
  }
  await crew.end()
  const hours = Math.round((sum.ms / HOUR_MS) * 10) / 10
  out(
    `${count} seeds from ${from}: ${failures.length} failed; ${hours} h simulated in ${seconds} s ` +
      `(${Math.round((hours / seconds) * 60)} h a minute), ${sum.calls} calls, ${sum.crashes} crashes, ` +
      `${sum.gaps} edits in a read-write gap`,
  )
  if (failures.length > 5) out(`failed: ${failures.map(({ seed }) => seed).join(", ")}`)
  if (values.json) {
    const summary = { seeds: count, failed: failures.length, steps: sum.turns, simulatedHours: hours, seconds }
    process.stdout.write(`${JSON.stringify({ ...summary, calls: sum.calls })}\n`)
  }
  return failures.length === 0
}

const seedOr1 = (): number => (values.seed === undefined ? 1 : number("seed"))

const holds = values.fuzz
  ? await proveFuzz({ seconds: number("seconds"), seed: seedOr1(), isJson: values.json, out })
  : values.processes
    ? await proveProcesses({
        rounds: number("rounds"),
        seed: seedOr1(),
        isJson: values.json,
        out,
        isSmall: values.small,
        wanted: positionals.join(" "),
      })
    : values.field
      ? await proveField({
          wanted: positionals.join(" "),
          isSmall: values.small,
          threads: number("threads"),
          isJson: values.json,
          out,
        })
      : values.mutations
        ? await proveMutations({
            seeds: number("seeds"),
            from: number("from"),
            size,
            threads: number("threads"),
            isFinding: values.find,
            wanted: positionals.join(" "),
            out,
            isJson: values.json,
          })
        : values.script !== undefined
          ? await replayed(JSON.parse(readFileSync(values.script, "utf8")) as Script)
          : values.seed !== undefined
            ? await replayed(scriptOf(number("seed"), size))
            : await many(number("seeds"), number("from"))
process.exitCode = holds ? 0 : 1
