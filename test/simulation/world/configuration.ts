/** How the connections of the world are configured, and the secrets that its systems share with them. */
import type { ConnectionConfig } from "@concordat/all-in-one/config/Config"
import { readMapping } from "@concordat/all-in-one/config/documents"
import { makeCatalogue } from "@concordat/all-in-one/providers"
import * as Redacted from "effect/Redacted"
import type { Remapped, Script, SideName } from "../script.ts"
import type { Kind } from "./things.ts"

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

/** As the providers' own mappings have it, for what is only read. */
const FIELDS: Readonly<Record<"hubspot" | "odoo", Partial<Readonly<Record<Kind, Readonly<Record<string, string>>>>>>> =
  {
    hubspot: {
      person: { title: "from: jobtitle, normalise: [trim]", phone: "from: phone" },
      company: { phone: "from: phone" },
      deal: { closeDate: "from: closedate, transform: [midnight]" },
    },
    odoo: {
      person: { title: "from: function, normalise: [trim]", phone: "from: phone" },
      company: { phone: "from: phone" },
      deal: { closeDate: "from: date_deadline" },
    },
  }
const OBJECTS = {
  hubspot: { person: "contacts", company: "companies", deal: "deals", activity: "tasks" },
  odoo: { person: "res.partner.person", company: "res.partner.company", deal: "crm.lead", activity: "mail.activity" },
} as const

export type Mapping = ReadonlyArray<Pick<Remapped, "of" | "group" | "way">>

/** A tenant's own mapping over the provider's: fields that are only read, or left out. */
const overrideOf = (name: SideName, mapping: Mapping) => {
  const lines = mapping.flatMap(({ group, of, way }) => {
    const field = name === "app" ? undefined : FIELDS[name][of]?.[group]
    if (name === "app" || field === undefined || way === "both") return []
    const spec = way === "off" ? "off" : `{ ${field}, direction: in }`
    return [`  ${OBJECTS[name][of]}:`, "    fields:", `      ${group}: ${spec}`]
  })
  return lines.length === 0 ? null : { name: `${name}.yaml`, text: `objects:\n${lines.join("\n")}\n` }
}

/** Read once for all seeds of a thread: there are few, and each is some milliseconds of YAML. */
const read = new Map<string, ConnectionConfig["mapping"]>()

export const mappingOf = (name: SideName, mapping: Mapping): ConnectionConfig["mapping"] => {
  const override = overrideOf(name, mapping)
  const key = `${name}\n${override?.text ?? ""}`
  const known = read.get(key)
  if (known !== undefined) return known
  const { document, problems } = readMapping(makeCatalogue().providers[name]!, override)
  if (document === null) throw new Error(JSON.stringify(problems))
  read.set(key, document)
  return document
}

export const configurationOf = (name: SideName, script: Script, mapping: Mapping): ConnectionConfig => {
  const provider = makeCatalogue().providers[name]!
  return {
    name,
    provider: name,
    settings: settingsOf(script)[name],
    credentials: Object.fromEntries(
      Object.entries(credentialsOf(script)[name]).map(([key, secret]) => [key, Redacted.make(secret)]),
    ),
    create: CREATE,
    mapping: mappingOf(name, mapping),
    pollEveryMs: script.pollMs[name] ?? provider.definition.pollEveryMs,
    currency: "USD",
    allowPrivateAddresses: false,
  }
}
