/** The settings of a connection, read once: addresses are checked here, private networks are the engine's to refuse. */
import type { ConnectionConfig } from "@concordat/engine/ports/Provider"
import { ProviderError, RequestRefused } from "@concordat/engine/ports/ProviderError"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

export interface OdooSettings {
  /** Without a slash at its end. */
  readonly url: string
  readonly database: string
  readonly login: string
  readonly secret: Redacted.Redacted
  readonly protocol: "auto" | "jsonrpc" | "json2"
  readonly overlapMs: number
  readonly language: string
  readonly companies: ReadonlyArray<number>
  /** Whether Odoo 17 and 18 are told to keep done activities when the connection is armed. */
  readonly keepDone: boolean
}

const refuse = (detail: string) =>
  Result.fail(
    new ProviderError({
      provider: "odoo",
      operation: "settings",
      reason: new RequestRefused({ code: "settings", detail }),
    }),
  )

/** `https://example.odoo.com`, or with a path before `/jsonrpc`; http and https only, no user, no query. */
export const baseUrl = (given: string): string | undefined => {
  if (!URL.canParse(given)) return undefined
  const url = new URL(given)
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return undefined
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`
}

export const readSettings = (config: ConnectionConfig): Result.Result<OdooSettings, ProviderError> => {
  const { settings, credentials } = config
  const url = baseUrl(settings["url"] ?? "")
  if (url === undefined) return refuse("url is not an http or https address without user and query")
  const { database, login } = settings
  if (database === undefined || database === "") return refuse("database is missing")
  if (login === undefined || login === "") return refuse("login is missing")
  const secret = credentials["apiKey"]
  if (secret === undefined) return refuse("credential apiKey is missing")
  const protocol = settings["protocol"] ?? "auto"
  if (protocol !== "auto" && protocol !== "jsonrpc" && protocol !== "json2")
    return refuse("protocol is none of auto, jsonrpc, json2")
  const overlap = Number(settings["overlapSeconds"] ?? 300)
  if (!Number.isInteger(overlap) || overlap < 1 || overlap > 86_400)
    return refuse("overlapSeconds is not a number of seconds between 1 and 86400")
  const companies = (settings["companies"] ?? "")
    .split(",")
    .filter((each) => each.trim() !== "")
    .map(Number)
  if (companies.some((each) => !Number.isInteger(each) || each < 1)) return refuse("companies is not a list of ids")
  const keep = settings["keepDoneActivities"] ?? "yes"
  if (keep !== "yes" && keep !== "no") return refuse("keepDoneActivities is neither yes nor no")
  const keepDone = keep === "yes"
  return Result.succeed({
    url,
    database,
    login,
    secret,
    protocol,
    overlapMs: overlap * 1000,
    language: settings["language"] ?? "en_US",
    companies,
    keepDone,
  })
}
