/** What `concordat --help` answers, without loading anything: a person looks at it again and again. */
import { FLAGS, SAYS, WHAT } from "./says.ts"

const column = (names: ReadonlyArray<string>): number => Math.max(...names.map(({ length }) => length)) + 2

const listed = (rows: ReadonlyArray<readonly [name: string, says: string]>): string => {
  const width = column(rows.map(([name]) => name))
  return rows.map(([name, says]) => `  ${name.padEnd(width)}${says}`).join("\n")
}

export const helpText = (): string =>
  [
    `concordat <command> [flags] [arguments]\n\n${WHAT}`,
    `COMMANDS\n${listed(Object.entries(SAYS))}`,
    `FLAGS\n${listed([
      ...Object.entries(FLAGS).map(([name, { says, value }]) => [`--${name} ${value}`.trim(), says] as const),
      ["--help, -h", "Of a command: its arguments and flags, concordat plan --help"],
      ["--version, -v", "The version"],
      ["--completions bash|zsh|fish|powershell", "A script for the shell"],
      ["--log-level level", "Least level of what is logged"],
    ])}`,
  ].join("\n\n")

/** Whether these words ask for the list of commands and nothing else. */
export const asksForHelp = (words: ReadonlyArray<string>): boolean =>
  words.length === 0 || (words.length === 1 && (words[0] === "--help" || words[0] === "-h" || words[0] === "help"))
