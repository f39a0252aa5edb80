/**
 * What PostgreSQL says, in the words of the port. Codes: https://www.postgresql.org/docs/15/errcodes-appendix.html. The
 * server's own words are passed on only where they can't repeat what was sent: never for data or for credentials.
 */
import { StateError } from "@concordat/engine/ports/State"
import type { SqlError } from "effect/sql/SqlError"

const causeOf = (error: SqlError): { readonly code: string | null; readonly text: string } => {
  const cause: unknown = error.reason.cause
  if (!(cause instanceof Error)) return { code: null, text: error.message }
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : null
  return { code, text: cause.message === "" ? error.message : cause.message }
}

/** Of the server, not of the system (`ECONNREFUSED`). */
const SQLSTATE = /^[0-9A-Z]{5}$/

const PASSING = new Set([
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now: starts or recovers
  "57P05", // idle_session_timeout
  "25P03", // idle_in_transaction_session_timeout
  "53300", // too_many_connections
  "25006", // read_only_sql_transaction: a standby that is to become the primary
  "40001", // serialization_failure
  "40P01", // deadlock_detected
  "55P03", // lock_not_available
])

/** What passes by itself: the server starts or hands over, the network is away, a neighbour has the lock. */
export const passes = (error: SqlError | StateError): boolean => {
  if (error._tag === "StateError") return false
  return error.reason._tag === "ConnectionError" || PASSING.has(causeOf(error).code ?? "")
}

const REASONS: Readonly<Record<string, StateError["reason"]>> = {
  "28000": "unauthorised",
  "28P01": "unauthorised",
  "3D000": "invalid",
  "42501": "unauthorised",
  XX001: "corrupt",
  XX002: "corrupt",
}
const ADVICE: Readonly<Record<string, string>> = {
  "25006": "the server is read-only: name the primary",
  "28000": "the server refuses the user: correct user, password or pg_hba.conf",
  "28P01": "the server refuses user or password: correct those of the address",
  "3D000": "there is no such database: create it, or name another in the address",
  "42501":
    "the user lacks a right: make it owner of the database, or grant it create on the database and all on schema concordat",
  "53100": "the server's disk is full",
  "53300": "the server has no connection left: raise its max_connections, or run fewer processes",
  "55P03": "somebody else holds a lock for too long",
  "57014": "the server ended a statement that took too long",
}
/** Connection, resources, intervention: words about the server and not about data. */
const SAYABLE = /^(08|53|57)/

/** `place`: host, port and database. */
export const toStateError = (error: SqlError | StateError, place: string): StateError => {
  if (error._tag === "StateError") return error
  const { code, text } = causeOf(error)
  if (code === null || !SQLSTATE.test(code))
    return new StateError({ reason: "unavailable", detail: `PostgreSQL at ${place}: ${text}` })
  const words = ADVICE[code] ?? (SAYABLE.test(code) ? text : "a statement failed; the server's log says more")
  const reason = REASONS[code] ?? (code.startsWith("54") ? "limit" : "unavailable")
  return new StateError({ reason, detail: `PostgreSQL at ${place}: ${words} (${code})` })
}
