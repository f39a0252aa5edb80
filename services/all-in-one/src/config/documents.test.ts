import { assert, describe, it } from "@effect/vitest"
import { makeCatalogue } from "../providers.ts"
import { readMapping } from "./documents.ts"

const { hubspot } = makeCatalogue().providers

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
})
