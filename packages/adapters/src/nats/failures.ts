/** What NATS says, in the words of the port. Nothing of a credential is in the client's own errors. */
import { BusError } from "@concordat/engine/ports/Bus"
import { JetStreamApiError } from "@nats-io/jetstream"
import { errors } from "@nats-io/transport-node"

/** Codes of the server: https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const LIMITS = new Set([
  10_002, // resource limits exceeded for account
  10_026, // maximum consumers limit reached
  10_028, // insufficient memory resources available
  10_047, // insufficient storage resources available
  10_054, // message size exceeds maximum allowed
])
/** The stream did not store it; why stands in the description: "maximum messages exceeded", or the disk's own words. */
const STORE_FAILED = 10_077
const NEVER = new Set([
  10_093, // consumer filter subject is not a valid subset of the interest subjects
  10_099, // multiple non-filtered consumers not allowed on workqueue stream
  10_100, // filtered consumer not unique on workqueue stream
])

const isLimit = (code: number, description: string): boolean =>
  LIMITS.has(code) || (code === STORE_FAILED && description.endsWith("exceeded"))

export const refusal = (code: number, description: string): BusError =>
  new BusError({
    reason: isLimit(code, description) ? "limit" : NEVER.has(code) ? "invalid" : "unavailable",
    detail: `NATS: ${description} (${code})`,
  })

const causes = (error: unknown): ReadonlyArray<unknown> =>
  error instanceof Error && error.cause !== undefined ? [error, ...causes(error.cause)] : [error]

/** Said with 500 while a cluster has no leader: not assigned, not leader, general Raft error, stream not assigned. */
const ELECTING = new Set([10_007, 10_009, 10_041, 10_048])

/** What passes by itself: the server starts, elects a leader, or the network is away. */
export const passes = (error: unknown): boolean =>
  causes(error).every((one) => {
    if (one instanceof JetStreamApiError) return one.status === 503 || one.status === 408 || ELECTING.has(one.code)
    return !(one instanceof BusError) && !(one instanceof errors.PermissionViolationError)
  })

export const isPermission = (error: unknown): boolean => error instanceof errors.PermissionViolationError

export const toBusError = (error: unknown): BusError => {
  if (error instanceof BusError) return error
  const all = causes(error)
  if (
    all.some((one) => one instanceof errors.AuthorizationError || one instanceof errors.UserAuthenticationExpiredError)
  )
    return new BusError({
      reason: "unauthorised",
      detail: "NATS refuses the credentials: correct user and password, token or credentials file of its address",
    })
  const permission = all.find((one) => one instanceof errors.PermissionViolationError)
  if (permission !== undefined)
    return new BusError({
      reason: "unauthorised",
      detail: `NATS allows no ${permission.operation} on ${permission.subject}: grant it to the user`,
    })
  const refused = all.find((one) => one instanceof JetStreamApiError)
  if (refused !== undefined) return refusal(refused.code, refused.message)
  if (all.some((one) => one instanceof errors.ClosedConnectionError || one instanceof errors.DrainingConnectionError))
    return new BusError({ reason: "closed", detail: "the connection to NATS is closed" })
  const text = all.map((one) => (one instanceof Error ? one.message : String(one))).find((one) => one !== "")
  return new BusError({ reason: "unavailable", detail: `NATS: ${text ?? "no answer"}` })
}
