/** Where the server is and how to show who we are, from one line of configuration. Credentials get into no error. */
import { StateError } from "@concordat/engine/ports/State"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { readFileSync } from "node:fs"
import type { ConnectionOptions } from "node:tls"

export interface Address {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly username: string
  readonly password: Redacted.Redacted
  /** `false`: without TLS. */
  readonly ssl: false | ConnectionOptions
}

const EXAMPLE = "postgres://user:password@host:5432/database?sslmode=verify-full"
const PARAMETERS = ["sslmode", "sslrootcert"]
const MODES = ["disable", "require", "verify-full"]

const invalid = (detail: string): Result.Result<never, StateError> =>
  Result.fail(new StateError({ reason: "invalid", detail: `${detail}; expected is ${EXAMPLE}` }))

/** What is sent to this machine itself needs no TLS. */
const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host)

const decoded = (text: string): string | null => {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

const transport = (url: URL, host: string): Result.Result<Address["ssl"], StateError> => {
  const unknown = [...url.searchParams.keys()].filter((name) => !PARAMETERS.includes(name)).length
  if (unknown > 0)
    return invalid(`the address of PostgreSQL has ${unknown} parameters other than ${PARAMETERS.join(", ")}`)
  const mode = url.searchParams.get("sslmode") ?? (isLoopback(host) ? "disable" : "verify-full")
  if (!MODES.includes(mode)) return invalid(`sslmode of PostgreSQL's address is none of ${MODES.join(", ")}`)
  const file = url.searchParams.get("sslrootcert")
  if (mode === "disable")
    return file === null ? Result.succeed(false) : invalid("sslrootcert of PostgreSQL's address goes with TLS")
  // As libpq: with `require` alone the server may be anybody.
  if (file === null) return Result.succeed({ rejectUnauthorized: mode === "verify-full" })
  try {
    return Result.succeed({ rejectUnauthorized: true, ca: readFileSync(file, "utf8") })
  } catch {
    return invalid(`sslrootcert of PostgreSQL's address names ${file}, which can't be read`)
  }
}

/**
 * `postgres://user:password@host[:port]/database[?sslmode=…&sslrootcert=…]`. Without `sslmode` it is `verify-full`, on this
 * machine itself `disable`. Fails with `invalid`.
 */
export const parseAddress = (text: Redacted.Redacted): Result.Result<Address, StateError> => {
  const url = URL.parse(Redacted.value(text).trim())
  if (url === null) return invalid("the address of PostgreSQL can't be read")
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:")
    return invalid("the address of PostgreSQL begins with neither postgres:// nor postgresql://")
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1")
  if (host === "") return invalid("the address of PostgreSQL names no host")
  const [username, password, database] = [url.username, url.password, url.pathname.slice(1)].map(decoded)
  if (typeof username !== "string" || typeof password !== "string" || typeof database !== "string")
    return invalid("a % in the address of PostgreSQL is to be written %25")
  if (username === "") return invalid("the address of PostgreSQL names no user")
  if (database === "") return invalid("the address of PostgreSQL names no database")
  return Result.map(transport(url, host), (ssl) => ({
    host,
    port: url.port === "" ? 5432 : Number(url.port),
    database,
    username,
    password: Redacted.make(password),
    ssl,
  }))
}
