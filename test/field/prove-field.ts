/** `npm run prove -- --field`: every story with its harm, as a table and as JSON. */
import { Worker } from "node:worker_threads"
import { HARMS } from "./judge.ts"
import type { Asked, Played } from "./playing.ts"
import { type Cast, castOf } from "./registry.ts"
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

const alone = (asked: Asked): Promise<Played> =>
  new Promise((done, failed) => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: 64, maxOldGenerationSizeMb: 4_096 },
    })
    const end = (then: () => void): void => void worker.terminate().then(then, failed)
    worker.on("message", (played: Played) => end(() => done(played)))
    worker.on("error", failed)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(asked)
  })

const COLUMNS = [...HARMS, "writes", "secondsToAgreement"] as const

const row = (name: string, cells: ReadonlyArray<string | number>): string =>
  `${name.padEnd(52)}${cells.map((cell) => String(cell).padStart(13)).join("")}`

const headline = (): string => row("", [...HARMS, "writes", "s to agree"])

const told = (played: Played): ReadonlyArray<string> => {
  if ("thrown" in played) return [`  ${played.thrown}`]
  return [...played.result.unkept.map((what) => `not kept: ${what}`), ...played.result.details].map(
    (line) => `  ${line}`,
  )
}

const played = (one: Cast, options: FieldOptions): Promise<Played> =>
  alone({ title: one.title, isSmall: options.isSmall }).catch((error: unknown) => ({
    title: one.title,
    thrown: String(error),
  }))

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
      const result = await played(next, options)
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
