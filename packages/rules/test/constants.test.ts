/** What a system's place for a thing says of it, without any field: a task is a task, since it is among the tasks. */
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

describe("constants", () => {
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
})
