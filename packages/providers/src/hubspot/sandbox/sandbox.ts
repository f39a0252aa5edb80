/**
 * An in-memory HubSpot portal without sockets: `handle` answers a request, the back door changes things as people in the
 * user interface, jobs and operators would. Time and chance come from outside, so it also runs on a virtual clock.
 */
import { makeBackdoor, type Backdoor } from "./backdoor.ts"
import { meter } from "./limits.ts"
import { makePortal, type Portal } from "./portal.ts"
import { badToken, Refusal, refuse } from "./refusal.ts"
import { route, type Call } from "./routes.ts"
import {
  defaultSettings,
  patchSettings,
  type Fault,
  type SandboxRequest,
  type SandboxResponse,
  type SettingsPatch,
  type WriteLogEntry,
} from "./shapes.ts"
import { takeWebhooks, undelivered, type Delivery } from "./webhooks.ts"

/** https://github.com/PostHog/posthog/pull/31617 found about so many characters. */
const MOST_URL = 16_200

export const DEFAULT_SECRET = "sandbox-client-secret"

export interface HubspotSandbox extends Backdoor {
  readonly handle: (request: SandboxRequest) => SandboxResponse
  /** Deliveries that are due; give back what was not answered with 2xx. */
  readonly takeWebhooks: () => ReadonlyArray<Delivery>
  readonly undelivered: (delivery: Delivery) => void
  readonly now: () => number
}

export interface SandboxOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly secret?: string
  readonly settings?: SettingsPatch
  readonly onWrite?: (entry: WriteLogEntry) => void
}

const correlationId = (portal: Portal): string => {
  const hex = (length: number): string =>
    Array.from({ length }, () => Math.floor(portal.random() * 16).toString(16)).join("")
  return `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`
}

/** HubSpot's clock is in every answer, to the second. */
const dated = (portal: Portal, response: SandboxResponse): SandboxResponse => ({
  ...response,
  headers: { date: new Date(portal.now()).toUTCString(), ...response.headers },
})

const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): SandboxResponse => ({
  status,
  headers: { ...(body === null ? {} : { "content-type": "application/json;charset=utf-8" }), ...headers },
  body: body === null ? "" : typeof body === "string" ? body : JSON.stringify(body),
})

const dropped: SandboxResponse = { status: 0, headers: {}, body: "", dropped: true }

const takeFault = (portal: Portal, method: string, path: string): Fault | undefined => {
  const at = portal.faults.findIndex(
    ({ fault }) => fault.match === undefined || `${method} ${path}`.includes(fault.match),
  )
  const laid = portal.faults[at]
  if (laid === undefined) return undefined
  if (laid.passing > 0) {
    laid.passing -= 1
    return undefined
  }
  laid.left -= 1
  if (laid.left <= 0) portal.faults.splice(at, 1)
  return laid.fault
}

const parse = (request: SandboxRequest): unknown => {
  const text = typeof request.body === "string" ? request.body : Buffer.from(request.body).toString("utf8")
  if (text === "") return {}
  try {
    return JSON.parse(text)
  } catch {
    throw refuse(400, "VALIDATION_ERROR", "Invalid input JSON on line 1, column 1")
  }
}

const rowsOf = (fault: Fault | undefined): Call["failed"] => {
  if (fault?.rows === undefined) return null
  const error = (typeof fault.body === "object" && fault.body !== null ? fault.body : {}) as Record<string, unknown>
  const message = typeof error["message"] === "string" ? error["message"] : "Internal error for this input"
  return { rows: fault.rows, error: refuse(400, String(error["category"] ?? "VALIDATION_ERROR"), message) }
}

const respond = (portal: Portal, request: SandboxRequest, fault: Fault | undefined): SandboxResponse => {
  const url = new URL(request.url, "http://sandbox.invalid")
  let headers: Readonly<Record<string, string>> = {}
  try {
    const token = /^Bearer (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1] ?? ""
    // What is no token at all is not even routed: an error of the network before HubSpot, as HTML.
    if (!/^[\w.~+/=-]*$/.test(token)) return answer(530, "<html>error code: 1016</html>")
    if (!portal.settings.tokens.includes(token)) throw badToken()
    if (request.url.length > MOST_URL) return answer(414, "<html>414 Request-URI Too Large</html>")
    headers = meter(portal, token, url.pathname.endsWith("/search"))
    const raw = parse(request)
    const body = typeof raw === "object" && raw !== null && !Array.isArray(raw) ? (raw as Record<string, unknown>) : {}
    const done = route(portal, {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      body,
      raw,
      failed: rowsOf(fault),
    })
    return answer(done.status, done.body, headers)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const body =
      "errorType" in error.body || "category" in error.body
        ? { ...error.body, correlationId: correlationId(portal) }
        : error.body
    return answer(error.status, body, headers)
  }
}

export const makeHubspotSandbox = (options: SandboxOptions): HubspotSandbox => {
  const portal = makePortal({
    now: options.now,
    random: options.random,
    secret: options.secret ?? DEFAULT_SECRET,
    settings: patchSettings(defaultSettings, options.settings ?? {}),
    onWrite: options.onWrite ?? null,
  })
  const handle = (request: SandboxRequest): SandboxResponse => {
    const fault = takeFault(portal, request.method, request.url)
    if (fault === undefined || fault.rows !== undefined) return dated(portal, respond(portal, request, fault))
    if (fault.afterEffect === true) {
      respond(portal, request, undefined)
      return dropped
    }
    if (fault.status === 0) return dropped
    const body = fault.body ?? {
      status: "error",
      message: `Injected ${fault.status}`,
      correlationId: correlationId(portal),
    }
    return dated(portal, answer(fault.status, body, fault.headers))
  }
  return {
    ...makeBackdoor(portal),
    handle,
    takeWebhooks: () => takeWebhooks(portal),
    undelivered: (delivery) => undelivered(portal, delivery.events),
    now: portal.now,
  }
}
