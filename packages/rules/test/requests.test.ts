/** What people ask for of what waits: the answer takes effect once, and only where it fits. */
import { assert, describe, it } from "vitest"
import { type Core, policyOf } from "./core.ts"
import { ada, bertha, gone, groupsDue, refuse, scene, title, write } from "./scene.ts"

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

  describe("of what is parked between an entity and a record that is gone since", () => {
    const parked = (edition?: number) => {
      const policy = policyOf({ "contact.title": { _tag: "Manual" } })
      const core = scene(edition === undefined ? { policy } : { policy, edition })
      core.observe("app", "person", "1", ada, 2_000)
      core.observe("crm", "person", "c1", ada, 2_100)
      core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 3_000)
      core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 3_100)
      gone(core, "crm", "c1", 4_000)
      assert.lengthOf(core.loaded.range("conflict", "crm|")!, 1)
      return core
    }
    for (const [keep, stands] of [
      ["connection", "Duchess"],
      ["entity", "Baroness"],
    ] as const)
      it(`[R8] the ${keep}'s is kept all the same, and stands when the record is back`, () => {
        const core = parked()
        const asked = { _tag: "ResolveRequested", connection: "crm", by: "ops", group: "title", keep } as const
        core.append(5_000, { ...asked, entity: first(core) })
        assert.deepStrictEqual(core.loaded.range("conflict", ""), [])
        assert.deepStrictEqual(title(core), [stands])
        assert.deepStrictEqual(groupsDue(core, "app"), keep === "entity" ? [] : [["title"]])
        assert.deepStrictEqual(core.due("crm"), [])
        core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 6_000)
        assert.deepStrictEqual(title(core), [stands])
        assert.deepStrictEqual(groupsDue(core, "crm"), keep === "entity" ? [["title"]] : [])
      })

    it("[R27] it stays parked by the first edition", () => {
      const core = parked(1)
      const asked = { _tag: "ResolveRequested", connection: "crm", by: "ops", group: "title" } as const
      core.append(5_000, { ...asked, keep: "connection", entity: first(core) })
      assert.lengthOf(core.loaded.range("conflict", "crm|")!, 1)
    })

    it("[R8] a changed rule decides it too", () => {
      const core = parked()
      core.options = { ...core.options, policy: policyOf({ "contact.title": { _tag: "Crm" } }) }
      core.append(5_000, { _tag: "RulesChanged", connection: "", document: {} })
      assert.deepStrictEqual([title(core), core.loaded.range("conflict", "")], [["Duchess"], []])
    })
  })
})
