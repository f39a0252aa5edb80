/** The providers of the running thing are what their packages offer: nothing of them is lost on the way. */
import { definitionFor } from "@concordat/engine/connection/connectProvider"
import { assert, describe, it } from "vitest"
import { makeCatalogue } from "./providers.ts"

describe("the catalogue", () => {
  const { providers } = makeCatalogue()
  /** Calls that its bucket lets through in any ten seconds at most. */
  const inTenSeconds = (plan: string): number => {
    const { capacity, perSecond } = definitionFor(providers["hubspot"]!, { plan }).limits.buckets["default"]!
    return capacity + 10 * perSecond
  }

  it("knows each provider by the name that it has itself, with a mapping", () => {
    for (const [name, provider] of Object.entries(providers)) {
      assert.strictEqual(provider.definition.provider, name)
      assert.include(provider.mapping, "objects:")
    }
  })
  it("gives a HubSpot portal the limits of its plan", () => {
    for (const [plan, allowed] of [
      ["starter", 100],
      ["professional", 190],
    ] as const) {
      assert.isAtMost(inTenSeconds(plan), allowed)
      assert.isAtLeast(inTenSeconds(plan), allowed * 0.99)
    }
  })
})
