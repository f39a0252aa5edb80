/** `${NAME}` in the configuration: the only way a credential comes in. */
import * as Redacted from "effect/Redacted"
import type { Findings, Path } from "./problems.ts"

export type Environment = Readonly<Record<string, string | undefined>>

const ANY = /\$\{([^}]*)\}/g
// oxlint-disable-next-line no-control-regex -- those are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/
const WHOLE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/

/** Puts the values of variables in; each one that is not set, or is empty, is a finding. */
export const filled = (findings: Findings, environment: Environment, path: Path, text: string): string =>
  text.replaceAll(ANY, (_, name: string) => {
    const value = environment[name]
    if (value === undefined || value === "") findings.add(path, `names the variable ${name}, which is not set`)
    return value ?? ""
  })

/** A credential in the file itself would be in backups and in version control: only a whole `${NAME}` is taken. */
export const secret = (findings: Findings, environment: Environment, path: Path, text: string): Redacted.Redacted => {
  const name = WHOLE.exec(text)?.[1]
  if (name === undefined) {
    findings.add(path, "is a credential and has to be the name of a variable: ${NAME}")
    return Redacted.make("")
  }
  const value = filled(findings, environment, path, text)
  // A line break that came along with it from a file: no header takes it, and nobody would see why.
  if (value !== value.trim() || CONTROL.test(value))
    findings.add(path, `names the variable ${name}, whose value has white space at an end or a line break in it`)
  return Redacted.make(value)
}
