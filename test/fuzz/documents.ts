/** Configuration, mapping and rules files, changed in structure and in text: either taken, or each fault with its place. */
import { readMapping, readRules } from "@concordat/all-in-one/config/documents"
import { readConfig } from "@concordat/all-in-one/config/read"
import { makeCatalogue } from "@concordat/all-in-one/providers"
import type { Json } from "@concordat/model/json"
import * as fc from "fast-check"
import * as Result from "effect/Result"
import { parse, stringify } from "yaml"
import { CANARY, type Change, changed, changes, tear, type Torn, torn } from "./hostile.ts"
import type { Target } from "./target.ts"

const SECRET = "secret-in-the-file-7f3a"
const CONFIGURATION = `store: ":memory:"
key: \${KEY}
http: { host: 127.0.0.1, port: 0, token: "${SECRET}", publicUrl: "https://sync.example" }
tenants:
  - name: acme
    region: DE
    rules:
      rules: { contact: { lifecycle: manual } }
      authority: [hubspot, odoo]
      deletions: { activity: propagate }
    connections:
      - { name: app, provider: app, credentials: { token: "${SECRET}" } }
      - name: hubspot
        provider: hubspot
        settings: { plan: professional }
        credentials: { token: "${SECRET}", clientSecret: "${SECRET}" }
        pollEvery: 1m
      - name: odoo
        provider: odoo
        settings: { url: "https://acme.odoo.com", database: acme, login: sync@acme.example }
        credentials: { apiKey: "${SECRET}", webhookSecret: "${SECRET}-long-enough" }
        currency: EUR
        rereadEvery: 12h
        create: { contact: afterPlan, company: afterPlan, deal: never, activity: never }
`
const RULES = `rules:
  contact: { "*": crm, lifecycle: manual, title: { strict: hubspot } }
  company: newest
  deal: { "*": conservative }
  activity: app
authority: [hubspot, odoo]
deletions: { contact: keep, activity: propagate }
quarantineAfter: 3
`
const { providers } = makeCatalogue()

interface Problem {
  readonly line: number
  readonly field: string
  readonly message: string
  readonly value: string
}

const checkProblems = (problems: ReadonlyArray<Problem>): void => {
  if (problems.length === 0) throw new Error("refused without a reason")
  for (const { field, line, message, value } of problems) {
    if (!Number.isInteger(line) || line < 1) throw new Error(`a fault on line ${line}: ${field} ${message}`)
    if (message.trim() === "") throw new Error(`a fault without words: ${field}`)
    if (`${message}${value}${field}`.includes(SECRET))
      throw new Error(`a secret in the open: ${field} ${message} ${value}`)
  }
}

interface Tried {
  readonly document: string
  readonly all: ReadonlyArray<Change>
  readonly how: Torn
}

const BASES: Readonly<Record<string, string>> = {
  configuration: CONFIGURATION,
  rules: RULES,
  hubspot: providers["hubspot"]!.mapping,
  odoo: providers["odoo"]!.mapping,
  app: providers["app"]!.mapping,
}
const PARSED = Object.fromEntries(Object.entries(BASES).map(([name, text]) => [name, parse(text) as Json]))

const textOf = ({ all, document, how }: Tried): string => {
  let text = BASES[document]!
  try {
    if (all.length > 0) text = stringify(changed(PARSED[document]!, all))
  } catch {
    // Too deep for the writer: the text as it is, torn, is tried instead.
  }
  return tear(text, how).toString("utf8")
}

const read = (document: string, text: string): void => {
  if (document === "configuration") {
    const result = readConfig(
      { name: "concordat.yaml", text },
      {},
      {
        providers,
        mapping: readMapping,
        rules: readRules,
        store: () => null,
        file: () => null,
      },
    )
    if (Result.isFailure(result)) checkProblems(result.failure.problems)
    return
  }
  const file = { name: `${document}.yaml`, text }
  const found = document === "rules" ? readRules(file) : readMapping(providers[document]!, file)
  if (found.document === null) checkProblems(found.problems)
}

export const documents = (): Target => ({
  name: "files",
  property: fc.asyncProperty(
    fc.record({ document: fc.constantFrom(...Object.keys(BASES)), all: fc.oneof(changes, fc.constant([])), how: torn }),
    async (tried) => {
      if (tried.how._tag === "Padded") return
      const text = textOf(tried as Tried)
      read(tried.document, text)
      if (text.includes(CANARY) && ({} as Record<string, unknown>)["polluted"] !== undefined)
        throw new Error("Object was changed")
    },
  ) as Target["property"],
})
