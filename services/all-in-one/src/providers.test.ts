/** The providers of the running thing are what their packages offer: nothing of them is lost on the way. */
import { definitionFor } from "@concordat/engine/connection/connectProvider"
import { assert, describe, it } from "vitest"
import { makeCatalogue } from "./providers.ts"

describe("the catalogue", () => {
  const { providers } = makeCatalogue()
  const perSecond = (plan: string): number | undefined =>
    definitionFor(providers["hubspot"]!, { plan }).limits.buckets["default"]?.perSecond

  it("knows each provider by the name that it has itself, with a mapping", () => {
    for (const [name, provider] of Object.entries(providers)) {
      assert.strictEqual(provider.definition.provider, name)
      assert.include(provider.mapping, "objects:")
    }
  })
  it("gives a HubSpot portal the limits of its plan", () => {
    assert.strictEqual(perSecond("starter"), 9)
    assert.strictEqual(perSecond("professional"), 17.1)
  })
})
