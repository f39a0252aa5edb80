/** Two that were made one and are not: whom those mean who referred to one of them meanwhile. */
import { assert, describe, it } from "vitest"
import { type Core, policyOf } from "./core.ts"
import { ada, bertha, scene, write } from "./scene.ts"

const firm = (number: number) => ({ name: `Firm ${number}`, domain: `firm${number}.org` })

describe("after a split", () => {
  /** Two companies, known to the app and to the CRM each, and one by the word of a person. */
  const joined = (core: Core, before: (core: Core) => void = () => {}) => {
    const idOf = (number: number): string =>
      core.entities("company").find(({ links }) => links["app"]?.primary?.id === `a${number}`)!.id
    for (const number of [1, 2]) {
      core.observe("app", "firm", `a${number}`, firm(number), 1_000 + number)
      core.observe("crm", "firm", `f${number}`, firm(number), 1_100 + number)
    }
    const [whole, part] = [idOf(1), idOf(2)]
    before(core)
    core.append(2_000, {
      _tag: "MergeRequested",
      by: "ops",
      from: { type: "company", id: part },
      into: { type: "company", id: whole },
    })
    const split = (at: number) =>
      core.append(at, { _tag: "SplitRequested", by: "ops", entity: { type: "company", id: whole }, merged: part })
    return { core, whole, part, split }
  }
  const known = (core: Core, app: string | null, crm: string | null) => {
    core.observe("app", "person", "1", { ...ada, company: app }, 3_000)
    core.observe("crm", "person", "c1", { ...ada, company: crm }, 3_100)
  }
  const due = (core: Core, connection: string) =>
    core.due(connection).map(({ id, type }) => core.plan(connection, type, id)?.values)

  const held = (core: Core) => core.entities("deal")[0]!.links["crm"]!.groups["contacts"]!.shadow!["contacts"]

  it("[R25] [R20] a person who was given the one while they were two's means that one, and is written everywhere", () => {
    const { core, part, split, whole } = joined(scene())
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f2" }, 2_900)
    core.observe("app", "person", "1", { ...ada, company: null }, 3_000)
    assert.deepStrictEqual(write(core, "app", 3_200).values, { company: "firm:a1" })
    assert.deepStrictEqual(core.value("contact", "company"), [whole])
    split(4_000)
    assert.deepStrictEqual(core.value("contact", "company"), [part])
    assert.deepStrictEqual(due(core, "app"), [{ company: "firm:a2" }])
    assert.deepStrictEqual(due(core, "crm"), [])
  })

  it("[R25] what was said before the merge is still meant, whatever was written to a system meanwhile", () => {
    const { core, part, split } = joined(scene(), (core) => {
      core.observe("app", "person", "1", { ...ada, company: "firm:a2" }, 1_500)
    })
    core.observe("crm", "person", "c1", { ...ada, company: null }, 3_100)
    assert.deepStrictEqual(write(core, "crm", 3_300).values, { company: "firm:f1" })
    split(4_000)
    assert.deepStrictEqual(core.value("contact", "company"), [part])
    assert.deepStrictEqual([due(core, "app"), due(core, "crm")], [[], [{ company: "firm:f2" }]])
  })

  it("[R25] [R5] who moved a person from the one to the other meanwhile has edited", () => {
    const { core, part, split } = joined(scene())
    known(core, "firm:a1", null)
    assert.deepStrictEqual(write(core, "crm", 3_200).values, { company: "firm:f1" })
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f2" }, 3_300)
    assert.deepStrictEqual([due(core, "app"), due(core, "crm")], [[], []])
    split(4_000)
    assert.deepStrictEqual(core.value("contact", "company"), [part])
    assert.deepStrictEqual([due(core, "app"), due(core, "crm")], [[{ company: "firm:a2" }], []])
  })

  it("[R25] [R4] but not where a rule is strict for the other side", () => {
    const policy = policyOf({ "contact.company": { _tag: "Strict", connection: "app" } })
    const { core, split, whole } = joined(scene({ policy }))
    known(core, "firm:a1", "firm:f1")
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f2" }, 3_300)
    split(4_000)
    assert.deepStrictEqual(core.value("contact", "company"), [whole])
    assert.deepStrictEqual([due(core, "app"), due(core, "crm")], [[], [{ company: "firm:f1" }]])
  })

  it("[R25] [R22] of three that were one each is meant by whoever named it, in whatever order they part", () => {
    for (const order of ["last first", "first first"] as const) {
      const { core, part, split, whole } = joined(scene())
      core.observe("app", "firm", "a3", firm(3), 2_100)
      core.observe("crm", "firm", "f3", firm(3), 2_200)
      const third = core.entities("company").find(({ links }) => links["app"]?.primary?.id === "a3")!.id
      known(core, null, "firm:f2")
      const [from, into] = order === "last first" ? [third, whole] : [whole, third]
      core.append(3_300, {
        _tag: "MergeRequested",
        by: "ops",
        from: { type: "company", id: from },
        into: { type: "company", id: into },
      })
      const others = (at: number) =>
        core.append(at, { _tag: "SplitRequested", by: "ops", entity: { type: "company", id: into }, merged: from })
      for (const [n, apart] of [others, split].entries()) apart(4_000 + n)
      assert.deepStrictEqual(core.value("contact", "company"), [part], order)
      assert.deepStrictEqual(due(core, "app"), [{ company: "firm:a2" }], order)
      assert.deepStrictEqual(core.loaded.range("referring", ""), [], order)
      assert.strictEqual(core.replayed().dump(), core.dump())
    }
  })

  for (const [what, number] of [
    ["what was named meanwhile goes to whom it means", 2],
    ["what was there before the merge stays", 1],
  ] as const)
    it(`[R25] of a set ${what}`, () => {
      const core = scene()
      const people = [ada, bertha, { ...ada, email: "mary@somerville.org", firstName: "Mary", lastName: "Somerville" }]
      for (const [at, person] of people.entries()) {
        core.observe("app", "person", `a${at}`, person, 1_000 + at)
        core.observe("crm", "person", `c${at}`, person, 1_100 + at)
      }
      const [one, other, third] = people.map((_, at) => {
        return core.entities("contact").find(({ links }) => links["app"]?.primary?.id === `a${at}`)!.id
      })
      const deal = { title: "Engine", closeDate: null, company: null }
      core.observe("app", "deal", "d", { ...deal, contacts: [`person:a${number}`] }, 1_500)
      const ownId = `mark0000-${core.entities("deal")[0]!.id}`
      core.observe("crm", "deal", "e", { ...deal, contacts: [`person:c${number}`] }, 1_600, { ownId })
      const [from, into] = [other, one].map((id) => ({ type: "contact", id: id! }) as const)
      core.append(2_000, { _tag: "MergeRequested", by: "ops", from: from!, into: into! })
      core.observe("app", "deal", "d", { ...deal, contacts: ["person:a1", "person:a2"] }, 3_000)
      write(core, "crm", 3_100)
      core.append(4_000, { _tag: "SplitRequested", by: "ops", entity: into!, merged: from!.id })
      const [contacts] = core.value("deal", "contacts") as ReadonlyArray<ReadonlyArray<string>>
      assert.deepStrictEqual([contacts!.toSorted(), due(core, "app")], [[other, third].toSorted(), []])
      const crm = core.plan("crm", "deal", core.entities("deal")[0]!.id)?.values["contacts"] ?? held(core)
      assert.sameMembers(crm as Array<string>, ["person:c1", "person:c2"])
    })

  it("[R15] what waits for a part to be there is written once it is one with what is there, and waits again after", () => {
    const core = scene()
    core.observe("crm", "firm", "f1", firm(1), 1_000)
    core.observe("app", "firm", "a2", firm(2), 1_100)
    known(core, "firm:a2", null)
    assert.deepStrictEqual(due(core, "crm"), [])
    const [into, from] = ["crm", "app"].map((name) => {
      const { id } = core.entities("company").find(({ links }) => links[name]?.primary != null)!
      return { type: "company", id } as const
    })
    core.append(4_000, { _tag: "MergeRequested", by: "ops", from: from!, into: into! })
    assert.deepStrictEqual(due(core, "crm"), [{ company: "firm:f1" }])
    assert.deepStrictEqual(core.loaded.range("wait", "crm|"), [])
    core.append(5_000, { _tag: "SplitRequested", by: "ops", entity: into!, merged: from!.id })
    assert.deepStrictEqual(core.due("crm"), [])
    core.observe("crm", "firm", "f2", firm(2), 6_000)
    assert.deepStrictEqual(due(core, "crm"), [{ company: "firm:f2" }])
  })

  for (const isSplit of [false, true])
    it(`[R15] what waits for a part waits for the whole${isSplit ? ", and once they are two for the part again" : ""}`, () => {
      const core = scene()
      core.observe("app", "firm", "a1", firm(1), 1_000)
      core.observe("app", "firm", "a2", firm(2), 1_100)
      const [into, from] = ["a1", "a2"].map((record) => {
        const { id } = core.entities("company").find(({ links }) => links["app"]?.primary?.id === record)!
        return { type: "company", id } as const
      })
      known(core, "firm:a2", null)
      core.append(4_000, { _tag: "MergeRequested", by: "ops", from: from!, into: into! })
      if (!isSplit) core.observe("crm", "firm", "f1", firm(1), 5_000)
      else {
        core.append(5_000, { _tag: "SplitRequested", by: "ops", entity: into!, merged: from!.id })
        core.observe("crm", "firm", "f2", firm(2), 6_000)
      }
      assert.deepStrictEqual(due(core, "crm"), [{ company: isSplit ? "firm:f2" : "firm:f1" }])
      assert.deepStrictEqual(core.loaded.range("wait", "crm|"), [])
    })
})
