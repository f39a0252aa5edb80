/** The command line of the benchmark. */
import { parseArgs } from "node:util"

export interface Arguments {
  /** Lines by name; empty: all that the run has. */
  readonly names: ReadonlyArray<string>
  readonly quick: boolean
  readonly json: boolean
  readonly list: boolean
  readonly profile: boolean
  readonly allocations: boolean
  /** How many records; null: as many as the scale says. */
  readonly people: number | null
}

export const USAGE = `npm run bench -- [line …] [--quick] [--json] [--list] [--profile | --allocations]
  line …     only these; --list names them
  --quick    small sizes, and without the long lines: under two minutes
  --json     one line of JSON last
  --people N so many records instead of as many as the scale says
  --profile  a CPU profile and a flame graph of what each line measures, in bench-profiles/
  --allocations  what each line allocates, by function and by file, in bench-profiles/`

/** A text: what is wrong with it. */
export const readArguments = (args: ReadonlyArray<string>, known: ReadonlyArray<string>): Arguments | string => {
  let parsed
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
        profile: { type: "boolean", default: false },
        allocations: { type: "boolean", default: false },
        people: { type: "string" },
      },
    })
  } catch (cause) {
    return `${(cause as Error).message}\n${USAGE}`
  }
  const { positionals, values } = parsed
  const unknown = positionals.filter((name) => !known.includes(name))
  if (unknown.length > 0) return `there is no line ${unknown.join(", ")}; there are: ${known.join(", ")}`
  const { people, ...flags } = values
  if (flags.profile && flags.allocations) return `--profile and --allocations: one of them at a time\n${USAGE}`
  if (people !== undefined && !/^[1-9]\d{1,7}$/.test(people)) return `--people ${people} is no number of records`
  return { names: positionals, ...flags, people: people === undefined ? null : Number(people) }
}
