/** `npm run prove -- --processes`: one harm after the other, and what it left behind. */
import { evidenceOf } from "./evidence.ts"
import { type Chance, FULL, type Harm, HARMS, type Scale, SHORT } from "./harms.ts"
import { makeStage, type Stage } from "./stage.ts"

const COLUMNS = ["divergent", "duplicates", "missing", "strangers", "repeated", "unkept"] as const
type Column = (typeof COLUMNS)[number]

export interface Played extends Readonly<Record<Column, number>> {
  readonly name: string
  readonly said: string
  readonly seconds: number
  readonly details: ReadonlyArray<string>
}

export interface ProcessesOptions {
  readonly rounds: number
  readonly seed: number
  readonly isJson: boolean
  readonly out: (line: string) => void
  readonly scale?: Scale
  /** By name; absent: all of them. */
  readonly only?: ReadonlyArray<string>
}

const SIZES = { contacts: 120, shared: 40, companies: 24, deals: 30, dealsTwice: 6, activities: 40 }
const NONE = { divergent: 0, duplicates: 0, missing: 0, strangers: 0, repeated: 0, unkept: 0 }

/** A linear congruential generator (Numerical Recipes) is chance enough. */
const chanceOf = (seed: number): Chance => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

export const isSound = (played: Played): boolean =>
  COLUMNS.every((column) => played[column] === 0) && played.details.length === 0

const judged = async (stage: Stage): Promise<Pick<Played, Column | "details">> => {
  const verdict = await stage.agreed()
  // A question that nobody had to ask is as wrong as a stranger.
  const needless = verdict.parkedPairs.filter(({ ambiguous }) => !ambiguous)
  // The store is looked into while nobody writes to it.
  await stage.engine.stop("SIGTERM")
  const { repeated, unkept } = evidenceOf(stage)
  stage.engine.launch()
  await stage.engine.ready()
  const { divergent, duplicates, missing, unexplained } = verdict
  return {
    divergent: divergent.length,
    duplicates: duplicates.length,
    missing: missing.length,
    strangers: unexplained.length + needless.length,
    repeated: repeated.length,
    unkept: unkept.length,
    details: [...divergent, ...duplicates, ...missing, ...unexplained, ...needless, ...repeated, ...unkept].map((one) =>
      typeof one === "string" ? one : JSON.stringify(one),
    ),
  }
}

const played = async (harm: Harm, stage: Stage, scale: Scale, chance: Chance): Promise<Played> => {
  const began = performance.now()
  const lacks = harm.lacks(stage)
  const seconds = (): number => Math.round((performance.now() - began) / 100) / 10
  if (lacks !== null) return { ...NONE, name: harm.name, said: `not played: ${lacks}`, seconds: 0, details: [] }
  try {
    const said = await harm.play(stage, scale, chance)
    const found = await judged(stage)
    return { name: harm.name, said, ...found, seconds: seconds() }
  } catch (error) {
    return { ...NONE, name: harm.name, said: "FAILED", seconds: seconds(), details: [String(error)] }
  }
}

const row = (name: string, cells: ReadonlyArray<string | number>, said: string): string =>
  `${name.padEnd(26)}${cells.map((cell) => String(cell).padStart(11)).join("")}  ${said}`

/** Every harm of every round, in their order. After one that failed the installation is made anew. */
export const playProcesses = async (options: ProcessesOptions): Promise<ReadonlyArray<Played>> => {
  const scale = options.scale ?? FULL
  const harms = HARMS.filter(({ name }) => options.only?.includes(name) ?? true)
  const all: Array<Played> = []
  for (let round = 0; round < options.rounds; round++) {
    const seed = options.seed + round
    const chance = chanceOf(seed)
    const begin = (): Promise<Stage> => makeStage(SIZES, scale.edits * harms.length, seed)
    let stage = await begin()
    try {
      for (const harm of harms) {
        const one = await played(harm, stage, scale, chance)
        all.push(one)
        options.out(row(one.name, [...COLUMNS.map((column) => one[column]), one.seconds], one.said))
        for (const line of one.details.slice(0, 10)) options.out(`  ${line}`)
        if (isSound(one) || harm === harms.at(-1)) continue
        await stage.end()
        stage = await begin()
      }
    } finally {
      await stage.end()
    }
  }
  return all
}

export interface ProofOptions extends ProcessesOptions {
  /** A part of a harm's name; empty: all of them. */
  readonly wanted: string
  /** As CI plays them. */
  readonly isSmall: boolean
}

export const proveProcesses = async ({ isSmall, wanted, ...options }: ProofOptions): Promise<boolean> => {
  const only = HARMS.map(({ name }) => name).filter((name) => name.includes(wanted))
  if (only.length === 0) {
    process.stderr.write(`no harm is called "${wanted}": ${HARMS.map(({ name }) => name).join(", ")}\n`)
    return false
  }
  options.out(row("", [...COLUMNS, "seconds"], "what it said"))
  const all = await playProcesses({ ...options, only, scale: isSmall ? SHORT : FULL })
  if (options.isJson) {
    const processes = all.map(({ details, ...rest }) => ({ ...rest, details: details.length }))
    process.stdout.write(`${JSON.stringify({ processes })}\n`)
  }
  return all.every(isSound)
}
