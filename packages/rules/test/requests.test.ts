/** What people ask for of what waits: the answer takes effect once, and only where it fits. */
import { assert, describe, it } from "vitest"
import { type Core, policyOf } from "./core.ts"
import { ada, bertha, groupsDue, refuse, scene, write } from "./scene.ts"

const first = (core: Core) => ({ type: "contact" as const, id: core.entities("contact")[0]!.id })

describe("requests", () => {
  it("[R12] an answer that names an entity of another type leaves the question as it is", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", { ...bertha, email: ada.email }, 3_000)
    const asked = core.loaded.range("question", "crm|")!
    assert.lengthOf(asked, 1)
    core.append(4_000, {
      _tag: "MatchRequested",
      connection: "crm",
      by: "ops",
      record: { object: "person", id: "c1" },
      entity: { type: "deal", id: first(core).id },
    })
    assert.deepStrictEqual(core.loaded.range("question", "crm|"), asked)
    assert.lengthOf(core.entities("contact"), 1)
  })

  it("[R10] a quarantine that is lifted makes the group due again, and counts from nought", () => {
    const core = scene({ policy: policyOf({ "contact.title": { _tag: "Strict", connection: "app" } }) })
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    let at = 4_000
    core.observe("crm", "person", "c1", { ...ada, title: "n0" }, at)
    const changedBack = (): number => {
      let writes = 0
      for (; writes < 20 && core.due("crm").length > 0; writes++) {
        at += 100_000
        write(core, "crm", at)
        core.observe("crm", "person", "c1", { ...ada, title: `n${at}` }, at + 60_000)
      }
      return writes
    }
    const before = changedBack()
    assert.deepStrictEqual(groupsDue(core, "crm"), [])
    const release = { _tag: "ReleaseRequested", connection: "crm", by: "ops", entity: first(core) } as const
    // Another group is not quarantined: nothing changes.
    core.append(at + 70_000, { ...release, group: "phone" })
    assert.deepStrictEqual(groupsDue(core, "crm"), [])
    core.append(at + 80_000, { ...release, group: "title" })
    assert.deepStrictEqual(groupsDue(core, "crm"), [["title"]])
    assert.deepStrictEqual(core.loaded.range("issue", "crm|"), [])
    assert.strictEqual(changedBack(), before)
  })

  it("[R19] a refused value is due again once somebody asks for it, and not before", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 2_100)
    core.observe("app", "person", "1", { ...ada, title: "X".repeat(300) }, 3_000)
    refuse(core, "crm", 4_000, { code: "validation", field: "title" })
    assert.deepStrictEqual(groupsDue(core, "crm"), [])
    core.append(5_000, { _tag: "ReplayRequested", connection: "crm", by: "ops", entity: first(core) })
    assert.deepStrictEqual(groupsDue(core, "crm"), [["title"]])
  })
})
