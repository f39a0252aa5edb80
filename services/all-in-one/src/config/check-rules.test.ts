import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { makeCatalogue } from "../providers.ts"
import { readMapping, readRules } from "./documents.ts"
import { readConfig } from "./read.ts"

const { providers } = makeCatalogue()

const problems = (rule: string): ReadonlyArray<string> => {
  const text = `http:
  token: \${TOKEN}
tenants:
  - name: acme
    rules:
      rules:
        ${rule}
    connections:
      - name: product
        provider: app
        credentials: { token: "\${TOKEN}" }
      - name: odoo
        provider: odoo
        settings: { url: "https://odoo.example.com", database: acme, login: sync@example.com }
        credentials: { apiKey: "\${TOKEN}" }
`
  const result = readConfig(
    { name: "concordat.yaml", text },
    { TOKEN: "t".repeat(32) },
    {
      providers,
      mapping: readMapping,
      rules: readRules,
      store: () => null,
      file: () => null,
    },
  )
  return Result.isSuccess(result)
    ? []
    : result.failure.problems.map(({ field, line, message }) => `${line} ${field} ${message}`)
}

describe("a rule that is strict for a connection", () => {
  it("is taken where that connection's mapping reads it", () => {
    assert.deepStrictEqual(problems("contact: { title: { strict: odoo } }"), [])
    // A group that has several fields is read where one of them is.
    assert.deepStrictEqual(problems("contact: { address: { strict: product } }"), [])
  })

  it("is refused where nobody could say it there: all edits everywhere would be refused", () => {
    assert.deepStrictEqual(problems("deal: { company: { strict: odoo } }"), [
      "7 tenants[0].rules.rules.deal.company is strict for odoo, whose mapping reads no company of a deal: nobody could change it anywhere. Map it there, or name a connection that reads it",
    ])
  })
})
