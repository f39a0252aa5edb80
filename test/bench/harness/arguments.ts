/** The command line of the benchmark. */
import { parseArgs } from "node:util"

export interface Arguments {
  /** Lines by name; empty: all that the run has. */
  readonly names: ReadonlyArray<string>
  readonly quick: boolean
  readonly json: boolean
  readonly list: boolean
  readonly profile: boolean
}

export const USAGE = `npm run bench -- [line …] [--quick] [--json] [--list] [--profile]
  line …     only these; --list names them
  --quick    small sizes, and without the long lines: under two minutes
  --json     one line of JSON last
  --profile  a CPU profile and a flame graph of what each line measures, in bench-profiles/`

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
      },
    })
  } catch (cause) {
    return `${(cause as Error).message}\n${USAGE}`
  }
  const { positionals, values } = parsed
  const unknown = positionals.filter((name) => !known.includes(name))
  if (unknown.length > 0) return `there is no line ${unknown.join(", ")}; there are: ${known.join(", ")}`
  return { names: positionals, ...values }
}
