/** A group of constants alone: what a connection's records are, whatever stands in them. */
import { assert, describe, it } from "vitest"
import * as Result from "effect/Result"
import { compileMapping } from "../src/mapping/compile.ts"
import { parseMapping } from "../src/mapping/parse.ts"
import { Core, policyOf } from "./core.ts"
import { lens, mapping, objectMapping } from "./lenses.ts"
import { ada } from "./scene.ts"

const MAPPING = `
objects:
  person:
    type: contact
    fields:
      email: email
      lifecycle: { constant: customer }
      source: { constant: shop }
`
const metadata = { fields: {}, pipelines: {}, owners: [] } as never

const scene = () => {
  const document = Result.getOrThrow(parseMapping(MAPPING, "shop.yaml"))
  const shop = compileMapping(document, { metadata, settings: { region: "DE", currency: null } })
  const fair = objectMapping(
    "person",
    "contact",
    ["email", "name", "source"].map((group) => lens("contact", group)),
  )
  const core = new Core({ mappings: { shop, crm: mapping(fair) }, policy: policyOf() })
  core.open("shop", { create: "never" })
  core.open("crm", { create: "never" })
  return core
}

describe("a group of constants", () => {
  it("[R3] gives its value to a new entity, and to one that has none", () => {
    const core = scene()
    core.observe("shop", "person", "1", { email: "ada@lovelace.org" }, 2_000)
    assert.deepStrictEqual(
      [core.value("contact", "lifecycle"), core.value("contact", "source")],
      [["customer"], ["shop"]],
    )
    core.observe("crm", "person", "7", { ...ada, email: "eve@lovelace.org" }, 3_000)
    core.observe("shop", "person", "2", { email: "eve@lovelace.org" }, 4_000)
    assert.deepStrictEqual(core.value("contact", "source"), ["shop", "shop"])
  })
  it("[R3] leaves a value that there is, and does not come back when it is emptied", () => {
    const core = scene()
    core.observe("crm", "person", "7", { ...ada, source: "fair" }, 2_000)
    core.observe("shop", "person", "1", { email: ada.email }, 3_000)
    assert.deepStrictEqual(core.value("contact", "source"), ["fair"])
    core.observe("crm", "person", "7", { ...ada, source: "" }, 4_000)
    core.observe("shop", "person", "1", { email: ada.email }, 5_000)
    assert.deepStrictEqual(core.value("contact", "source"), [""])
  })
})
