/** What of the file concerns the process: where it keeps its store, its key, and where it listens. */
import type * as Redacted from "effect/Redacted"
import { isKey, KEY_CHARACTERS } from "../key.ts"
import { baseFault } from "./addresses.ts"
import type { Checking } from "./check-connection.ts"
import type { Config } from "./Config.ts"
import type { Findings, Path } from "./problems.ts"
import type { ConfigFile } from "./schema.ts"
import { type Environment, filled, secret } from "./variables.ts"

export const unique = (
  findings: Findings,
  names: ReadonlyArray<string>,
  pathOf: (i: number) => Path,
  what: string,
): void => {
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) < i) findings.add(pathOf(i), `is the name of another ${what} above`)
  }
}

export const httpOf = (findings: Findings, environment: Environment, http: ConfigFile["http"]): Config["http"] => {
  const publicUrl =
    http.publicUrl === undefined ? null : filled(findings, environment, ["http", "publicUrl"], http.publicUrl)
  const fault = publicUrl === null ? null : baseFault(publicUrl)
  if (fault !== null) findings.add(["http", "publicUrl"], fault.says, fault.hides)
  return {
    host: filled(findings, environment, ["http", "host"], http.host ?? "127.0.0.1"),
    port: http.port ?? 4400,
    token: secret(findings, environment, ["http", "token"], http.token),
    publicUrl: publicUrl === null ? null : publicUrl.replace(/\/+$/, ""),
  }
}

const DEFAULT_STORE = "concordat.db"

export const keyOf = ({ environment, findings }: Checking, given: string): Redacted.Redacted => {
  const before = findings.problems.length
  const key = secret(findings, environment, ["key"], given)
  if (findings.problems.length === before && !isKey(key))
    findings.add(
      ["key"],
      `names a variable of less than ${KEY_CHARACTERS} characters: openssl rand -hex 32 makes a key`,
    )
  return key
}

export const storeOf = ({ environment, findings, readers }: Checking, given: string | undefined): string => {
  const before = findings.problems.length
  const store = filled(findings, environment, ["store"], given ?? DEFAULT_STORE)
  const fault = findings.problems.length > before ? null : readers.store(store)
  if (fault !== null) findings.add(["store"], fault)
  return store
}
