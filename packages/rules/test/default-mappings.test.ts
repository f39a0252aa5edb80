/** What a mapping makes of what a system leaves out, or of what nobody can read. */
import { assert, describe, it } from "vitest"
import { connections } from "../src/mapping/test/connections.ts"
import { Core } from "./core.ts"

const mappingOf = (name: string) => connections.find((one) => one.name === name)!.mapping

const task = {
  "@contacts": [],
  "@companies": [],
  "@deals": [],
  hs_task_subject: "Ring Ada",
  hs_task_body: null,
  hs_task_status: "NOT_STARTED",
  hs_timestamp: null,
  hubspot_owner_id: null,
}

describe("default mappings", () => {
  it("[R3] what is constant there fills what is empty, also where nothing else is seen with it", () => {
    const core = new Core({ mappings: { hubspot: mappingOf("hubspot"), app: mappingOf("app") } })
    core.open("hubspot", { create: "always" })
    core.open("app", { isApp: true, create: "always" })
    core.observe("hubspot", "tasks", "1", task, 2_000)
    assert.deepStrictEqual(core.value("activity", "kind"), ["task"])
    const [due] = core.due("app")
    const { values } = core.plan("app", due!.type, due!.id)!
    assert.deepInclude(values, { kind: "task", subject: "Ring Ada" })
  })

  const app = () => {
    const core = new Core({ mappings: { app: mappingOf("app"), hubspot: mappingOf("hubspot") } })
    core.open("app", { isApp: true })
    core.open("hubspot")
    return core
  }

  it("[R5] an amount that is entered alone is in the currency that stands for none", () => {
    const core = app()
    core.observe("app", "deal", "1", { title: "Engine", amount: null, currency: null }, 2_000)
    core.observe("app", "deal", "1", { amount: 1_800 }, 3_000)
    assert.deepStrictEqual([core.value("deal", "amount"), core.value("deal", "currency")], [[1_800], ["EUR"]])
  })

  it("[R20] a value that can't be read is listed until it can be, or is written over", () => {
    const core = app()
    const listed = () => core.loaded.range("issue", "hubspot|")!.map((key) => key.split("|")[2])
    const person = { email: "ada@lovelace.org", lifecyclestage: "lead" }
    core.observe("hubspot", "contacts", "1", person, 2_000)
    core.observe("hubspot", "contacts", "1", { ...person, lifecyclestage: "unheard of" }, 3_000)
    assert.deepStrictEqual([core.value("contact", "lifecycle"), listed()], [["lead"], ["lifecycle"]])
    core.observe("hubspot", "contacts", "1", person, 4_000)
    assert.deepStrictEqual([core.value("contact", "lifecycle"), listed()], [["lead"], []])
  })
})
