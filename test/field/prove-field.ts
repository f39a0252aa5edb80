/** `npm run prove -- --field`: every story with its harm, as a table and as JSON. */
import { Worker } from "node:worker_threads"
import type { Plant } from "../simulation/crew.ts"
import { HARMS } from "./judge.ts"
import type { Asked, Played } from "./playing.ts"
import { castOf } from "./registry.ts"
import type { Result } from "./scene.ts"

export interface FieldOptions {
  /** A number or a name; `""`: all of them. */
  readonly wanted: string
  readonly isSmall: boolean
  readonly threads: number
  readonly isJson: boolean
  readonly out: (line: string) => void
}

export const isSound = (result: Result): boolean =>
  HARMS.every((harm) => result[harm] === 0) && result.unkept.length === 0

const alone = (asked: Asked, plant: Plant | null): Promise<Played> =>
  new Promise((done, failed) => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { plant },
      execArgv: plant === null ? [] : ["--import", new URL("../simulation/plant.ts", import.meta.url).href],
      resourceLimits: { maxYoungGenerationSizeMb: 64, maxOldGenerationSizeMb: 4_096 },
    })
    const end = (then: () => void): void => void worker.terminate().then(then, failed)
    worker.on("message", (of: Played) => end(() => done(of)))
    worker.on("error", failed)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(asked)
  })

/** In a thread of its own; with a mutation, where a rule is to be taken away. */
export const played = (asked: Asked, plant: Plant | null = null): Promise<Played> =>
  alone(asked, plant).catch((error: unknown) => ({ title: asked.title, thrown: String(error) }))

const COLUMNS = [...HARMS, "writes", "secondsToAgreement"] as const

const row = (name: string, cells: ReadonlyArray<string | number>): string =>
  `${name.padEnd(52)}${cells.map((cell) => String(cell).padStart(13)).join("")}`

const headline = (): string => row("", [...HARMS, "writes", "s to agree"])

const told = (of: Played): ReadonlyArray<string> => {
  if ("thrown" in of) return [`  ${of.thrown}`]
  return [...of.result.unkept.map((what) => `not kept: ${what}`), ...of.result.details].map((line) => `  ${line}`)
}

export const proveField = async (options: FieldOptions): Promise<boolean> => {
  const cast = castOf(options.wanted)
  if (cast.length === 0) {
    process.stderr.write(`--field ${options.wanted}: there is no such scenario\n`)
    return false
  }
  const found = new Map<string, Played>()
  const left = [...cast]
  const one = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const began = process.hrtime.bigint()
      const result = await played({ title: next.title, isSmall: options.isSmall })
      found.set(next.title, result)
      const seconds = Math.round(Number(process.hrtime.bigint() - began) / 1e8) / 10
      const isGood = "result" in result && isSound(result.result)
      process.stderr.write(`(${next.scenario.number}) ${next.title}: ${isGood ? "holds" : "FAILS"}, ${seconds} s\n`)
      for (const line of isGood ? [] : told(result)) process.stderr.write(`${line}\n`)
    }
  }
  await Promise.all(Array.from({ length: options.threads }, one))
  options.out(headline())
  for (const { scenario, title } of cast) {
    const of = found.get(title)!
    const name = `${String(scenario.number).padStart(3)}  ${title}`
    options.out(
      "result" in of
        ? row(
            name,
            COLUMNS.map((column) => of.result[column]),
          )
        : `${name}  threw`,
    )
  }
  const results = cast.map(({ title }) => found.get(title)!)
  if (options.isJson) {
    const scenarios = results.flatMap((of) =>
      "result" in of
        ? [{ name: of.title, ...Object.fromEntries(COLUMNS.map((column) => [column, of.result[column]])) }]
        : [],
    )
    process.stdout.write(`${JSON.stringify({ scenarios })}\n`)
  }
  return results.every((of) => "result" in of && isSound(of.result))
}
