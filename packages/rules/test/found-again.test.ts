/** A create whose answer was lost is found again: what its record shows then, of what we sent and of what people did since. */
import { assert, describe, it } from "vitest"
import { policyOf } from "./core.ts"
import { ada, groupsDue, scene, type SceneOptions, title, write } from "./scene.ts"

/** The app's person is created in the CRM, and the create is looked for; `since`: the app's title, edited meanwhile. */
const found = (options: SceneOptions = {}, since: string | null = null) => {
  const core = scene({ create: "always", ...options })
  core.observe("app", "person", "1", ada, 2_000)
  const plan = write(core, "crm", 3_000, "lost")
  core.append(4_000, {
    _tag: "RecordWritten",
    connection: "crm",
    object: "person",
    entity: { type: plan.type, id: plan.entity },
    due: plan.due,
    key: `crm-${plan.due}`,
    kind: "create",
    externalId: "c1",
    held: null,
    stamp: null,
    adopted: true,
    refused: [],
    attempts: 2,
  })
  if (since !== null) core.observe("app", "person", "1", { ...ada, title: since }, 4_500)
  return core
}
const lower = (value: unknown) => (typeof value === "string" ? value.toLowerCase() : (value as null))

describe("a create that is found again", () => {
  it("[R1] a create whose answer was lost is found again: its own values there are no sight of the CRM's", () => {
    const core = found()
    core.observe("crm", "person", "c1", { ...ada, email: "countess@lovelace.org" }, 5_000)
    const from = (group: string) => core.entities("contact")[0]!.groups[group]!.provenance.connection
    assert.deepStrictEqual([from("title"), from("name")], ["app", "app"])
    // What differs there is somebody's.
    assert.deepStrictEqual([from("email"), core.value("contact", "email")], ["crm", ["countess@lovelace.org"]])
  })
  it("[R2] what a create sent that is found again is its echo, and does not replace what has replaced it", () => {
    const core = found({}, "Baroness")
    core.observe("crm", "person", "c1", ada, 5_000)
    assert.deepStrictEqual(title(core), ["Baroness"])
    assert.deepStrictEqual([groupsDue(core, "app"), groupsDue(core, "crm")], [[], [["title"]]])
    // Once it was seen, the same value again is a person's.
    write(core, "crm", 6_000)
    core.observe("crm", "person", "c1", ada, 7_000)
    assert.deepStrictEqual(title(core), ["Countess"])
  })
  it("[R2] so is the lossy form of what it sent", () => {
    const core = found({ crm: { title: { lossy: lower } } }, "Baroness")
    core.observe("crm", "person", "c1", { ...ada, title: "countess" }, 5_000)
    assert.deepStrictEqual([title(core), groupsDue(core, "crm")], [["Baroness"], [["title"]]])
  })
  it("[R3] what it did not send is a conflict, as at a first link", () => {
    const core = found({}, "Baroness")
    core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 5_000)
    assert.deepStrictEqual([title(core), groupsDue(core, "app")], [["Duchess"], [["title"]]])
  })
  it("[R8] a person's return to what it sent, parked, is decided when the rule is another", () => {
    const core = found({ policy: policyOf({ contact: { _tag: "Manual" } }) })
    core.observe("crm", "person", "c1", ada, 5_000)
    core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 6_000)
    write(core, "app", 6_500)
    core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 7_000)
    core.observe("crm", "person", "c1", ada, 8_000)
    assert.strictEqual(core.loaded.range("conflict", "crm|")!.length, 1)
    core.options = { ...core.options, policy: policyOf() }
    core.append(9_000, { _tag: "RulesChanged", connection: "", document: {} })
    assert.deepStrictEqual([title(core), core.loaded.range("conflict", "crm|")], [["Countess"], []])
  })
})
