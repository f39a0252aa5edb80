/** What a test can set: who calls, what is denied, how slow it is, and which automation rules post where. */
import { isObject, type JsonObject } from "./wire.ts"

export interface WebhookSettings {
  readonly url: string
  /** Model → fields that the rule sends. */
  readonly models: Readonly<Record<string, ReadonlyArray<string>>>
  /** Whether an `on_unlink` rule exists as well. */
  readonly onUnlink: boolean
  /** How often a rule fires within one call: measured 11 for a create, 2 for a write. */
  readonly postsPerCreate: number
  readonly postsPerWrite: number
  /** Chance of each post to be lost, sent twice or kept back. */
  readonly dropRate: number
  readonly duplicateRate: number
  readonly delayRate: number
  readonly delayMs: number
}

export interface SandboxSettings {
  readonly database: string
  readonly login: string
  readonly password: string
  readonly apiKey: string
  /** `false`: a missing `X-Odoo-Database` is a 404, as where several databases live on one host. */
  readonly singleDatabase: boolean
  readonly latencyMs: number
  /** What checking the password costs; the real one takes 1.7 to 2.9 s. */
  readonly authenticateMs: number
  readonly denied: Readonly<Record<string, ReadonlyArray<"read" | "write" | "create" | "unlink">>>
  /** Ids that a record rule hides from the caller. */
  readonly hidden: Readonly<Record<string, ReadonlyArray<number>>>
  /** Models whose `write` a module overrides under another name for its values. */
  readonly writeArgument: Readonly<Record<string, string>>
  /** Whether `base_vat` is installed, as it is with accounting. */
  readonly checksVat: boolean
  readonly webhook: WebhookSettings | null
}

export const defaultSettings = (version: 17 | 19): SandboxSettings => ({
  database: `crm${version}`,
  login: "admin",
  password: "admin",
  apiKey: "0123456789abcdef0123456789abcdef01234567",
  singleDatabase: true,
  latencyMs: 0,
  authenticateMs: 0,
  denied: {},
  hidden: {},
  writeArgument: {},
  checksVat: true,
  webhook: null,
})

const defaultWebhook: WebhookSettings = {
  url: "",
  models: {
    "res.partner": ["name", "email", "write_date"],
    "crm.lead": ["name", "stage_id", "write_date"],
  },
  onUnlink: false,
  postsPerCreate: 11,
  postsPerWrite: 2,
  dropRate: 0,
  duplicateRate: 0,
  delayRate: 0,
  delayMs: 1500,
}

/** Lays what a test sent over the settings; the rules are completed from their defaults. */
export const mergeSettings = (settings: SandboxSettings, change: JsonObject): SandboxSettings => ({
  ...settings,
  ...(change as Partial<SandboxSettings>),
  webhook: isObject(change["webhook"])
    ? { ...(settings.webhook ?? defaultWebhook), ...(change["webhook"] as Partial<WebhookSettings>) }
    : change["webhook"] === null
      ? null
      : settings.webhook,
})
