/** Deals: what is held against whom, and that they are linked by our own id alone. */
import { assert, describe, it } from "vitest"
import { groupsDue, scene, write } from "./scene.ts"

describe("deals", () => {
  const deal = {
    title: "Engine",
    amount: 1_000_000,
    currency: "EUR",
    pipeline: "default",
    stage: "proposal",
    status: "open",
    lostReason: null,
    contacts: [],
    company: null,
    closeDate: "2026-12-01",
  }
  const linked = () => {
    const core = scene()
    core.observe("app", "deal", "1", deal, 2_000)
    const ownId = `mark0000-${core.entities("deal")[0]!.id}`
    return { core, ownId }
  }
  it("[R7] stage comes from the CRM; two amounts in one currency are asked; nothing is erased", () => {
    const { core, ownId } = linked()
    core.observe("crm", "deal", "d1", { ...deal, stage: "negotiation", amount: 900_000, closeDate: null }, 3_000, {
      ownId,
    })
    assert.deepStrictEqual(
      [core.value("deal", "stage"), core.value("deal", "amount"), core.value("deal", "closeDate")],
      [["negotiation"], [1_000_000], ["2026-12-01"]],
    )
    assert.deepStrictEqual(
      core.loaded.range("conflict", "crm|")!.map((key) => key.split("|")[2]),
      ["money"],
    )
    assert.deepStrictEqual(groupsDue(core, "crm"), [["closeDate"]])
  })
  it("[R7] what one CRM closed no other side opens again", () => {
    const { core, ownId } = linked()
    core.observe("crm", "deal", "d1", deal, 3_000, { ownId })
    core.observe("crm", "deal", "d1", { ...deal, stage: "won", status: "won" }, 4_000)
    write(core, "app", 5_000)
    core.observe("app", "deal", "1", deal, 6_000)
    assert.deepStrictEqual([core.value("deal", "status"), groupsDue(core, "app")], [["won"], [["stage"]]])
    core.observe("crm", "deal", "d1", deal, 7_000)
    assert.deepStrictEqual(core.value("deal", "status"), ["open"])
  })
  it("[R12] a deal is linked by our own id only; one that resembles another is asked about", () => {
    const core = scene({ create: "always" })
    for (const system of ["app", "crm"])
      core.observe(system, "firm", `${system}-f`, { name: "Benz", domain: "benz.de" }, 2_000)
    core.observe("app", "deal", "1", { ...deal, company: "firm:app-f" }, 3_000)
    core.observe("crm", "deal", "d1", { ...deal, company: "firm:crm-f", amount: 1_010_000 }, 4_000)
    assert.strictEqual(core.entities("deal").length, 1)
    const [question] = core.loaded.range("question", "crm|")!
    assert.strictEqual(question, "crm|deal:d1")
    assert.deepStrictEqual(
      core.due("crm").filter((one) => one.type === "deal"),
      [],
    )
    core.append(5_000, {
      _tag: "MatchRequested",
      connection: "crm",
      by: "ops",
      record: { object: "deal", id: "d1" },
      entity: null,
    })
    assert.strictEqual(core.entities("deal").length, 2)
    assert.deepStrictEqual(core.loaded.range("question", ""), [])
  })
})
