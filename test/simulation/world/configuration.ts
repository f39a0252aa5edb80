/** How the connections of the world are configured, and the secrets that its systems share with them. */
import type { ConnectionConfig } from "@concordat/all-in-one/config/Config"
import { readMapping } from "@concordat/all-in-one/config/documents"
import { makeCatalogue } from "@concordat/all-in-one/providers"
import * as Redacted from "effect/Redacted"
import type { Script, SideName } from "../script.ts"

export const SECRET = "a client secret"
export const HOOK_SECRET = "the secret of a hook"
export const TOKEN = "pat-na1-sandbox"
const API_KEY = "0123456789abcdef0123456789abcdef01234567"
const CREATE = { contact: "always", company: "always", deal: "always", activity: "always" } as const

type PerSide = Readonly<Record<SideName, Readonly<Record<string, string>>>>

const settingsOf = (script: Script): PerSide => {
  const lag = Math.ceil(script.indexLagMs[1] / 1_000)
  return {
    app: {},
    hubspot: lag > 0 ? { indexLagSeconds: String(lag + 1) } : {},
    odoo: { url: "https://odoo.invalid", database: `crm${script.odoo}`, login: "admin" },
  }
}

const credentialsOf = (script: Script): PerSide => ({
  app: { token: TOKEN },
  hubspot: { token: TOKEN, clientSecret: SECRET },
  odoo: { apiKey: script.odoo === 17 ? "admin" : API_KEY, webhookSecret: HOOK_SECRET },
})

export const configurationOf = (name: SideName, script: Script): ConnectionConfig => {
  const provider = makeCatalogue().providers[name]!
  const { document, problems } = readMapping(provider, null)
  if (document === null) throw new Error(JSON.stringify(problems))
  return {
    name,
    provider: name,
    settings: settingsOf(script)[name],
    credentials: Object.fromEntries(
      Object.entries(credentialsOf(script)[name]).map(([key, secret]) => [key, Redacted.make(secret)]),
    ),
    create: CREATE,
    mapping: document,
    pollEveryMs: script.pollMs[name] ?? provider.definition.pollEveryMs,
    currency: "USD",
    allowPrivateAddresses: false,
  }
}
