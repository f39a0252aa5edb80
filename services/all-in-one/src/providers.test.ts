/** The providers of the running thing are what their packages offer: nothing of them is lost on the way. */
import { definitionFor } from "@concordat/engine/connection/connectProvider"
import { assert, describe, it } from "vitest"
import { makeCatalogue } from "./providers.ts"

describe("the catalogue", () => {
  const { providers } = makeCatalogue()
  const bucketOf = (plan: string) => definitionFor(providers["hubspot"]!, { plan }).limits.buckets["default"]!

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
      const { perSecond, window } = bucketOf(plan)
      assert.isAtLeast(window!.ms, 10_000)
      assert.isAtMost(window!.calls, allowed)
      const inTenSeconds = Math.min(10 * perSecond, (10_000 * window!.calls) / window!.ms)
      assert.isAtLeast(inTenSeconds, allowed * 0.97)
    }
  })
})
