import { assert, describe, it } from "@effect/vitest"
import { parseMapping } from "@concordat/rules/mapping/parse"
import * as Result from "effect/Result"
import { makeCatalogue } from "../providers.ts"
import { readMapping, readRules } from "./documents.ts"
import { unknownObjects } from "./objects.ts"

const { providers } = makeCatalogue()
const { hubspot, odoo } = providers

describe("mappings of the configuration", () => {
  it("the default one of a provider is parsed once, however many connections have it", () => {
    const first = readMapping(hubspot!, null)
    assert.deepStrictEqual(first.problems, [])
    assert.isNotNull(first.document)
    assert.strictEqual(readMapping(hubspot!, null).document, first.document)
  })

  it("what a connection changes of it is its own", () => {
    const text = "objects: { contacts: { type: contact, fields: { title: salutation_line } } }\n"
    const changed = readMapping(hubspot!, { name: "mapping.yaml", text })
    assert.deepStrictEqual(changed.problems, [])
    assert.include(JSON.stringify(changed.document), "salutation_line")
    assert.notInclude(JSON.stringify(readMapping(hubspot!, null).document), "salutation_line")
    const wrong = readMapping(hubspot!, { name: "mapping.yaml", text: "objects: 1\n" })
    assert.deepStrictEqual([wrong.document, wrong.problems.length > 0], [null, true])
    assert.deepStrictEqual(readMapping(hubspot!, null).problems, [])
  })
  it("name no objects that their provider does not have", () => {
    const text = `objects:
  res.partnr.person:
    type: contact
    fields: { email: email }
  res.partner.person:
    fields:
      company: { from: parent_id, transform: [many2one], to: constructor }
`
    const { document, problems } = readMapping(odoo!, { name: "odoo.yaml", text })
    assert.isNull(document)
    assert.deepStrictEqual(
      problems.map(({ field, file, line, value }) => `${file}:${line} ${field} (${value})`),
      ["odoo.yaml:2 res.partnr.person (res.partnr.person)", "odoo.yaml:7 res.partner.person.company.to (constructor)"],
    )
    assert.match(
      problems[0]!.message,
      /^is no object of odoo that is read or written; there are: res\.partner, crm\.lead/,
    )
    for (const provider of Object.values(providers)) {
      const base = parseMapping(provider.mapping, "mapping.yaml")
      assert.deepStrictEqual(unknownObjects(Result.getOrThrow(base), provider.definition), [])
    }
  })

  it("show nothing of a file that is none", () => {
    const file = { name: ".env", text: "TOKEN=s3cret-token\n" }
    for (const { problems } of [readMapping(odoo!, file), readRules(file)]) {
      assert.lengthOf(problems, 1)
      assert.notInclude(JSON.stringify(problems), "s3cret")
    }
  })
})
