/** References to what is not linked: nothing is taken away, and nothing is guessed. */
import { assert, describe, it } from "vitest"
import { ada, bertha, scene } from "./scene.ts"

describe("references", () => {
  const deal = {
    title: "T",
    contacts: ["person:c1", "person:unknown"],
    amount: null,
    currency: null,
    pipeline: null,
    stage: null,
    status: null,
    lostReason: null,
    company: null,
    closeDate: null,
  }
  it("[R15] what stands in a set and is linked to nothing is not taken away by a write", () => {
    const core = scene()
    core.observe("crm", "person", "c1", ada, 2_000)
    core.observe("crm", "deal", "d1", deal, 3_000)
    assert.deepStrictEqual(core.due("crm"), [])
    core.observe("app", "person", "p2", bertha, 4_000)
    core.observe("crm", "person", "c2", bertha, 4_500)
    core.observe("app", "deal", "a1", { ...deal, contacts: ["person:p2"] }, 5_000, {
      ownId: `mark0000-${core.entities("deal")[0]!.id}`,
    })
    assert.deepStrictEqual(core.plan("crm", "deal", core.entities("deal")[0]!.id)?.values, {
      contacts: ["person:c1", "person:c2", "person:unknown"].toSorted(),
    })
  })
  it("[R15] a single reference to what is not known yet is left alone", () => {
    const core = scene()
    core.observe("crm", "firm", "f1", { name: "One", domain: "one.org" }, 1_000)
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 2_000)
    core.observe("erp", "person", "e1", { ...ada, company: "firm:unknown" }, 3_000)
    assert.deepStrictEqual(core.due("erp"), [])
  })
})
