/** Writes that are refused for the sake of a record that they refer to, and one that nobody refused and nobody wants. */
import { assert, describe, it } from "vitest"
import { policyOf } from "./core.ts"
import { ada, groupsDue, refuse, scene, title, write } from "./scene.ts"

describe("refusals of references", () => {
  const engine = { title: "Engine", amount: 1, currency: "EUR", pipeline: "default", stage: "new", status: "open" }
  /** A deal of a company that both systems have, and that is gone in the CRM when the deal is written there. */
  const dealOfGoneFirm = () => {
    const core = scene({ create: "always" })
    core.observe("app", "firm", "f1", { name: "Engines", domain: "engines.org" }, 1_000)
    core.observe("crm", "firm", "g1", { name: "Engines", domain: "engines.org" }, 1_100)
    core.observe("app", "deal", "d1", { ...engine, lostReason: null, contacts: [], company: "firm:f1" }, 2_000)
    return core
  }
  const firmGone = {
    _tag: "RecordGone",
    connection: "crm",
    object: "firm",
    externalId: "g1",
    reason: "deleted",
  } as const
  const dealPlanned = (core: ReturnType<typeof scene>) => core.plan("crm", "deal", core.entities("deal")[0]!.id)

  it("[R19] a create refused for a reference is due without it, once the record that it names is seen to be gone", () => {
    const core = dealOfGoneFirm()
    assert.strictEqual(refuse(core, "crm", 3_000, { code: "reference" }).values["company"], "firm:g1")
    assert.isNull(dealPlanned(core))
    assert.isNotEmpty(core.loaded.range("issue", "crm|"))
    core.append(4_000, { ...firmGone, readStartedAt: 3_999 })
    assert.strictEqual(dealPlanned(core)?.kind, "create")
    assert.notProperty(dealPlanned(core)?.values, "company")
    assert.deepStrictEqual(core.loaded.range("issue", "crm|"), [])
  })
  it("[R19] an update refused for a reference is due without it, once the record that it names is seen to be gone", () => {
    const core = dealOfGoneFirm()
    const ownId = `mark0000-${core.entities("deal")[0]!.id}`
    core.observe("crm", "deal", "e1", { ...engine, lostReason: null, contacts: [], company: null }, 2_500, { ownId })
    core.observe("app", "deal", "d1", { ...engine, title: "Two engines", company: "firm:f1" }, 2_600)
    assert.containsAllKeys(refuse(core, "crm", 3_000, { code: "reference" }).values, ["company", "title"])
    assert.deepStrictEqual(core.due("crm"), [])
    core.append(4_000, { ...firmGone, readStartedAt: 3_999 })
    assert.deepStrictEqual(groupsDue(core, "crm"), [["title"]])
    assert.deepStrictEqual(core.loaded.range("issue", "crm|"), [])
  })
  it("[R19] a refusal of a reference that comes after its record was seen to be gone stands for nothing", () => {
    const core = dealOfGoneFirm()
    const plan = write(core, "crm", 3_000, "lost")
    core.append(3_500, { ...firmGone, readStartedAt: 3_499 })
    core.append(4_000, {
      _tag: "WriteRefused",
      connection: "crm",
      object: plan.object,
      externalId: null,
      entity: { type: plan.type, id: plan.entity },
      due: plan.due,
      key: `crm-${plan.due}`,
      code: "reference",
      field: null,
      message: "refused",
      effect: "none",
      existing: null,
      attempts: 1,
    })
    assert.strictEqual(dealPlanned(core)?.kind, "create")
    assert.notProperty(dealPlanned(core)?.values, "company")
    assert.deepStrictEqual(core.loaded.range("issue", "crm|"), [])
  })
  it("[R19] nothing waits for that record any more once what was refused was written after all, or nobody wants it", () => {
    const refusedUpdate = () => {
      const core = dealOfGoneFirm()
      const ownId = `mark0000-${core.entities("deal")[0]!.id}`
      core.observe("crm", "deal", "e1", { ...engine, lostReason: null, contacts: [], company: null }, 2_500, { ownId })
      refuse(core, "crm", 3_000, { code: "reference" })
      assert.deepStrictEqual(core.loaded.range("wait", "crm|"), ["crm|ext|firm:g1"])
      return core
    }
    const deleted = refusedUpdate()
    const goneDeal = { ...firmGone, object: "deal", externalId: "e1", readStartedAt: 3_999 }
    deleted.append(4_000, goneDeal)
    assert.deepStrictEqual(deleted.loaded.range("wait", "crm|"), [])

    const edited = refusedUpdate()
    edited.observe("app", "deal", "d1", { ...engine, lostReason: null, contacts: [], company: null }, 4_000)
    assert.deepStrictEqual(edited.loaded.range("wait", "crm|"), [])
  })
  it("[R19] what somebody else's value was refused for waits for that record, until another value is wanted", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.observe("app", "person", "1", { ...ada, email: "countess@lovelace.org" }, 4_000)
    refuse(core, "crm", 5_000, { code: "uniqueness", existing: "c2" })
    assert.deepStrictEqual(core.loaded.range("wait", "crm|"), ["crm|ext|person:c2"])
    core.observe("app", "person", "1", { ...ada, email: "augusta@lovelace.org" }, 6_000)
    assert.deepStrictEqual(core.loaded.range("wait", "crm|"), [])
    assert.deepStrictEqual(groupsDue(core, "crm"), [["email"]])
  })
  it("[R19] nothing is refused any more once somebody has put there what was", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.observe("app", "person", "1", { ...ada, title: "Duchess" }, 4_000)
    refuse(core, "crm", 5_000, { code: "missing" })
    assert.isNotEmpty(core.loaded.range("issue", "crm|"))
    core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 6_000)
    assert.deepStrictEqual(core.loaded.range("issue", "crm|"), [])
    assert.deepStrictEqual(core.due("crm"), [])
  })
  it("[R19] a reference to a record that nobody knows waits for it, until it is one to another record", () => {
    const core = scene()
    core.observe("crm", "firm", "g1", { name: "Engines", domain: "engines.org" }, 1_000)
    core.observe("crm", "person", "c1", { ...ada, company: "firm:g7" }, 2_000)
    assert.deepStrictEqual(core.loaded.range("wait", "crm|ext|"), ["crm|ext|firm:g7"])
    core.observe("crm", "person", "c1", { ...ada, company: "firm:g8" }, 3_000)
    assert.deepStrictEqual(core.loaded.range("wait", "crm|ext|"), ["crm|ext|firm:g8"])
    core.observe("crm", "person", "c1", { ...ada, company: "firm:g1" }, 4_000)
    assert.deepStrictEqual(core.loaded.range("wait", "crm|ext|"), [])
  })
})

describe("a write that is given up", () => {
  it("[R19] a write that never was taken and is wanted no more is over, and nothing stands for it", () => {
    const core = scene({ policy: policyOf({ contact: { _tag: "Manual" } }) })
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 4_000)
    const plan = write(core, "crm", 5_000, "lost")
    core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 6_000)
    core.append(7_000, {
      _tag: "WriteRefused",
      connection: "crm",
      object: plan.object,
      externalId: plan.id,
      entity: { type: plan.type, id: plan.entity },
      due: plan.due,
      key: `crm-${plan.due}`,
      code: "superseded",
      field: null,
      message: "nothing of it is due any more",
      effect: "none",
      existing: null,
      attempts: 0,
    })
    const { id, links } = core.entities("contact")[0]!
    assert.deepStrictEqual([title(core), links["crm"]!.intents], [["Baroness"], []])
    const entity = { type: "contact", id } as const
    core.append(8_000, {
      _tag: "ResolveRequested",
      connection: "crm",
      by: "ops",
      entity,
      group: "title",
      keep: "entity",
    })
    assert.deepStrictEqual(groupsDue(core, "crm"), [["title"]])
  })
})
