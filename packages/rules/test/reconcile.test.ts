/** The six cases of an observation, one by one. */
import { assert, describe, it } from "vitest"
import { reconcile } from "../src/reconcile/reconcile.ts"
import { Core, policyOf } from "./core.ts"
import { lens, mapping, objectMapping } from "./lenses.ts"

const person = (options = {}) =>
  mapping(
    objectMapping(
      "person",
      "contact",
      ["email", "phone", "name", "title"].map((group) => lens("contact", group, options)),
    ),
  )
const two = (policy = policyOf()) => {
  const core = new Core({ mappings: { app: person(), crm: person(), erp: person() }, policy })
  core.open("app", { isApp: true })
  core.open("crm")
  core.open("erp")
  return core
}
const ada = { email: "ada@lovelace.org", phone: null, firstName: "Ada", lastName: "Lovelace", title: "Countess" }

describe("reconcile", () => {
  it("[R21] writes nothing of an entity that is listed and of which the same is due as before", () => {
    const core = two()
    core.observe("crm", "person", "c1", ada, 2_000)
    core.observe("erp", "person", "e1", { ...ada, title: "Analyst" }, 3_000)
    const entities = core.entities("contact").map(({ id }) => `contact:${id}`)
    const cause = { tenant: "acme", event: "listed", correlation: "listed", at: 4_000 }
    for (const connection of ["crm", "erp"]) {
      const input = { _tag: "EntitiesListed", connection, entities } as const
      const { documents, events, wakes } = reconcile(core.loaded, core.compilers, cause, input)
      assert.deepStrictEqual({ documents, events, wakes }, { documents: [], events: [], wakes: [] }, connection)
    }
  })
  it("[R3] one e-mail is one entity, and what one side lacks the other fills", () => {
    const core = two()
    core.observe("app", "person", "1", { ...ada, title: null }, 2_000)
    core.observe("crm", "person", "c1", { ...ada, email: "ADA@lovelace.org" }, 3_000)
    assert.strictEqual(core.entities("contact").length, 1)
    assert.deepStrictEqual(core.value("contact", "title"), ["Countess"])
    const due = core.due("app")
    assert.deepStrictEqual(
      due.map((one) => one.due.groups),
      [["title"]],
    )
    assert.deepStrictEqual(core.due("crm"), [])
  })
  it("[R6] the CRM wins over the app at a first link, and the app is told", () => {
    const core = two()
    core.observe("app", "person", "1", { ...ada, title: "Analyst" }, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    assert.deepStrictEqual(core.value("contact", "title"), ["Countess"])
    const [plan] = core.due("app").map((one) => core.plan("app", one.type, one.id))
    assert.deepStrictEqual(plan?.values, { title: "Countess" })
    assert.deepStrictEqual(plan?.before, { title: "Analyst" })
  })
  it("[R5] a later edit of the app on what both held goes to the CRM", () => {
    const core = two()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 4_000)
    assert.deepStrictEqual(core.value("contact", "title"), ["Baroness"])
    assert.deepStrictEqual(
      core.due("crm").map((one) => one.due.groups),
      [["title"]],
    )
  })
})
