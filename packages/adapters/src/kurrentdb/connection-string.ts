/**
 * Checks a connection string before the client reads it. The client prints the whole of it, password included, when it
 * meets an option it does not know, and quotes parts of it in its errors.
 */
import { JournalError } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import { KEEP_ALIVE_TIMEOUT_MS } from "./limits.ts"

/** The client's own options (its `parseConnectionString`), in any case, with or without `-` and `_`. */
const OPTIONS = [
  "userCertFile",
  "userKeyFile",
  "maxDiscoverAttempts",
  "connectionName",
  "defaultDeadline",
  "discoveryInterval",
  "gossipTimeout",
  "nodePreference",
  "tls",
  "tlsVerifyCert",
  "tlsCAFile",
  "throwOnAppendFailure",
  "keepAliveInterval",
  "keepAliveTimeout",
] as const
const flat = (name: string): string => name.trim().toLowerCase().replaceAll(/[_-]/g, "")
const KNOWN = new Map<string, string>(OPTIONS.map((name) => [flat(name), name]))

const SHAPE = /^(kurrentdb|kurrent|kdb|esdb)(\+discover)?:\/\/(?:([^@/]*)@)?([^@/?]+)\/*(?:\?(.*))?$/

export interface ConnectionString {
  /** As the client takes it, but for `keepAliveTimeout`. Holds the password: never to be shown. */
  readonly text: string
  /** How long the answer to a ping may take before a connection counts as dead, in ms. */
  readonly keepAliveTimeout: number
  /** Hosts with ports, for messages. */
  readonly hosts: string
  /** User and password were given, and are not sent since the connection is not encrypted: the client never does. */
  readonly ignoresLogin: boolean
}

/** @throws nothing; fails with `foreign` and the part that is wrong, never its value. */
export const checkConnectionString = (given: string): Effect.Effect<ConnectionString, JournalError> => {
  const wrong = (detail: string) =>
    Effect.fail(new JournalError({ reason: "foreign", detail: `connection string of the journal: ${detail}` }))
  const match = SHAPE.exec(given.trim())
  if (match === null)
    return wrong("expected kurrentdb://user:password@host:2113?tls=true, with @, / and ? of a password percent-encoded")
  const [, , discover = "", login, hosts, query = ""] = match
  if (login !== undefined && !/^[^:]+:[^:]+$/.test(login))
    return wrong("expected user:password before the @, with : in either percent-encoded")
  for (const host of hosts!.split(",")) {
    const port = /^[^:]+(?::(\d+))?$/.exec(host)
    if (port === null) return wrong("expected host or host:port, separated by commas")
    if (port[1] !== undefined && Number(port[1]) > 65_535) return wrong(`port ${port[1]} is larger than 65535`)
  }
  const options = new Map<string, string>()
  for (const pair of query === "" ? [] : query.split("&")) {
    const [name = "", value = ""] = pair.split("=", 2)
    const known = KNOWN.get(flat(name))
    if (known === undefined) return wrong(`unknown option ${name}; known are ${OPTIONS.join(", ")}`)
    if (value === "") return wrong(`option ${known} has no value`)
    options.set(known, value)
  }
  if (options.get("throwOnAppendFailure") === "false")
    // The client then reports the revision 1 for whatever the revision is (its batchAppend.js).
    return wrong("throwOnAppendFailure=false can't be used: conflicts would come with a wrong revision")
  const keepAlive = options.get("keepAliveTimeout")
  if (keepAlive !== undefined && !/^[1-9]\d{0,6}$/.test(keepAlive))
    return wrong(`keepAliveTimeout is ${keepAlive}; expected milliseconds, at least 1`)
  options.delete("keepAliveTimeout")
  const ignoresLogin = options.get("tls") === "false" && login !== undefined
  const user = login === undefined || ignoresLogin ? "" : `${login}@`
  const rest = [...options].map(([name, value]) => `${name}=${value}`).join("&")
  const text = `kurrentdb${discover}://${user}${hosts!}${rest === "" ? "" : `?${rest}`}`
  const keepAliveTimeout = keepAlive === undefined ? KEEP_ALIVE_TIMEOUT_MS : Number(keepAlive)
  return Effect.succeed({ text, hosts: hosts!, keepAliveTimeout, ignoresLogin })
}
