/** References to what is not linked: nothing is taken away, and nothing is guessed. */
import { assert, describe, it } from "vitest"
import { Core, policyOf } from "./core.ts"
import { lens, mapping, objectMapping } from "./lenses.ts"
import { ada, bertha, everything, gone, groupsDue, scene, write } from "./scene.ts"

describe("references", () => {
  it("[CE15] one that is added to a set right after our write, and is not linked yet, is taken when it is", () => {
    const core = scene()
    const deal = { title: "T", contacts: ["person:c1"] }
    core.observe("crm", "person", "c1", ada, 1_000)
    core.observe("crm", "person", "c2", bertha, 1_100)
    core.observe("app", "person", "p1", ada, 1_200)
    core.observe("app", "person", "p2", bertha, 1_300)
    core.observe("app", "deal", "a1", { title: "T", contacts: ["person:p1"] }, 2_000)
    const { id } = core.entities("deal")[0]!
    core.observe("crm", "deal", "d1", deal, 2_100, { ownId: `mark0000-${id}` })
    core.observe("app", "deal", "a1", { title: "T", contacts: ["person:p1", "person:p2"] }, 3_000)
    write(core, "crm", 4_000)
    core.observe("crm", "deal", "d1", { title: "T", contacts: ["person:c1", "person:c2", "person:c3"] }, 5_000)
    core.observe("crm", "person", "c3", { ...ada, email: "mary@somerville.org", firstName: "Mary" }, 6_000)
    assert.lengthOf(core.entities("deal")[0]!.groups["contacts"]!.value["contacts"] as ReadonlyArray<string>, 3)
    assert.deepStrictEqual(core.due("crm"), [])
  })
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

  it("[R15] a plan names the entities that it leaves out, since they have no record there yet", () => {
    const core = scene({ create: "always" })
    core.observe("app", "firm", "a1", { name: "One", domain: "one.org" }, 1_000)
    core.observe("app", "person", "p1", { ...ada, company: "firm:a1" }, 2_000)
    const [due] = core.due("crm").filter(({ type }) => type === "contact")
    const firm = core.entities("company")[0]!.id
    assert.deepStrictEqual(core.plan("crm", "contact", due!.id)?.waiting, [firm])
    core.observe("crm", "firm", "f1", { name: "One", domain: "one.org" }, 3_000)
    assert.deepStrictEqual(core.plan("crm", "contact", due!.id)?.waiting, [])
  })

  it("[R15] one to a company that has no record there waits until it is none, or the record that says so is gone", () => {
    const person = () => {
      const core = scene()
      for (const number of [1, 2])
        core.observe("app", "firm", `a${number}`, { name: `Firm ${number}`, domain: `firm${number}.org` }, 900 + number)
      core.observe("crm", "person", "c1", { ...ada, company: null }, 1_000)
      core.observe("app", "person", "1", { ...ada, company: "firm:a2" }, 1_100)
      return { core, waits: () => core.loaded.range("wait", "crm|") }
    }
    const edited = person()
    const firms = edited.core.entities("company").map(({ id }) => `crm|ent|company:${id}`)
    assert.deepStrictEqual(edited.waits(), firms.slice(1))
    edited.core.observe("app", "person", "1", { ...ada, company: "firm:a1" }, 2_000)
    assert.deepStrictEqual(edited.waits(), firms.slice(0, 1))
    edited.core.observe("app", "person", "1", { ...ada, company: null }, 3_000)
    assert.deepStrictEqual(edited.waits(), [])
    const deleted = person()
    assert.deepStrictEqual(deleted.waits(), firms.slice(1))
    gone(deleted.core, "crm", "c1", 2_000)
    assert.deepStrictEqual(deleted.waits(), [])
  })
  for (const [what, company, isTaken] of [
    ["replaced by another is edited, though nothing stands there for what it was", "firm:a2", true],
    ["emptied may be so because of that, and erases nothing", null, false],
  ] as const)
    it(`[R5] one to a company that was deleted there and is then ${what}`, () => {
      const core = scene()
      for (const number of [1, 2]) {
        const firm = { name: `Firm ${number}`, domain: `firm${number}.org` }
        core.observe("app", "firm", `a${number}`, firm, 1_000 + number)
        core.observe("crm", "firm", `f${number}`, firm, 1_100 + number)
      }
      core.observe("crm", "deal", "d1", { title: "Engine", company: "firm:f1" }, 2_000)
      const ownId = `mark0000-${core.entities("deal")[0]!.id}`
      core.observe("app", "deal", "1", { title: "Engine", company: "firm:a1" }, 2_100, { ownId })
      const firm = { connection: "app", object: "firm", externalId: "a1" }
      core.append(3_000, { _tag: "RecordGone", ...firm, reason: "deleted", readStartedAt: 2_900 })
      core.observe("app", "deal", "1", { company }, 4_000, { by: "person" })
      const [first, second] = core.entities("company")
      assert.deepStrictEqual(core.value("deal", "company"), [isTaken ? second!.id : first!.id])
      assert.deepStrictEqual(core.loaded.range("conflict", ""), [])
      assert.deepStrictEqual(groupsDue(core, "crm"), isTaken ? [["company"]] : [])
    })
  for (const [what, company, written] of [
    ["is replaced by another elsewhere, that is", "firm:f2", "firm:a2"],
    ["is said to be none elsewhere, that is", null, null],
  ] as const)
    it(`[R15] one to a company that was deleted there is known: where it ${what} due there, whether it comes back or not`, () => {
      const core = scene()
      for (const number of [1, 2]) {
        const firm = { name: `Firm ${number}`, domain: `firm${number}.org` }
        core.observe("app", "firm", `a${number}`, firm, 1_000 + number)
        core.observe("crm", "firm", `f${number}`, firm, 1_100 + number)
      }
      core.observe("app", "person", "1", { ...ada, company: "firm:a1" }, 2_000)
      core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 2_100)
      const firm = { connection: "app", object: "firm", externalId: "a1" }
      core.append(3_000, { _tag: "RecordGone", ...firm, reason: "deleted", readStartedAt: 2_900 })
      assert.deepStrictEqual(core.due("app"), [])
      core.observe("crm", "person", "c1", { ...ada, company }, 4_000)
      assert.deepStrictEqual(groupsDue(core, "app"), [["company"]])
      core.observe("app", "firm", "a1", { name: "Firm 1", domain: "firm1.org" }, 5_000)
      assert.deepStrictEqual(write(core, "app", 6_000).values, { company: written })
      assert.deepStrictEqual([core.due("app"), core.due("crm")], [[], []])
      assert.strictEqual(core.replayed().dump(), core.dump())
    })
  for (const [what, contacts, written] of [
    ["where another side takes it off, it is taken off there too", ["person:c2"], ["person:p2"]],
    ["where nobody has taken it off, it is left alone", ["person:c1", "person:c2"], null],
  ] as const)
    it(`[R15] one of a set to a person who was deleted there is known: ${what}`, () => {
      const core = scene()
      const people = { 1: ada, 2: bertha }
      for (const [number, person] of Object.entries(people)) {
        core.observe("app", "person", `p${number}`, person, 1_000)
        core.observe("crm", "person", `c${number}`, person, 1_100)
      }
      const ownId = () => `mark0000-${core.entities("deal")[0]!.id}`
      const both = { title: "T", contacts: ["person:c1", "person:c2"] }
      core.observe("crm", "deal", "d1", both, 2_000)
      core.observe("app", "deal", "a1", { ...both, contacts: ["person:p1", "person:p2"] }, 2_100, { ownId: ownId() })
      gone(core, "app", "p1", 3_000)
      core.observe("crm", "deal", "d1", { ...both, contacts }, 4_000)
      const isDue = groupsDue(core, "app").flat().includes("contacts")
      assert.strictEqual(isDue, written !== null)
      if (written !== null) assert.deepStrictEqual(write(core, "app", 5_000).values, { contacts: written })
      core.observe("app", "person", "p1", ada, 6_000)
      assert.deepStrictEqual([core.due("app"), core.due("crm")], [[], []])
      assert.strictEqual(core.replayed().dump(), core.dump())
    })
  describe("one that we wrote, was emptied since and is there again", () => {
    /** The company is deleted there, which leaves its people without one, and taken back: they are of it again. */
    const backAgain = (edition?: number) => {
      const core = scene(edition === undefined ? {} : { edition })
      const firm = { name: "One", domain: "one.org" }
      core.observe("app", "firm", "a1", firm, 1_000)
      core.observe("crm", "firm", "f1", firm, 1_100)
      core.observe("crm", "person", "c1", { ...ada, company: null }, 1_200)
      core.observe("app", "person", "p1", { ...ada, company: "firm:a1" }, 1_300)
      write(core, "crm", 1_400)
      gone(core, "crm", "f1", 2_000, "firm")
      core.observe("crm", "person", "c1", { company: null }, 3_000)
      assert.deepStrictEqual(core.value("contact", "company"), [null])
      core.observe("crm", "person", "c1", { company: "firm:f1" }, 4_000)
      assert.deepStrictEqual(core.due("crm"), [])
      core.observe("crm", "firm", "f1", firm, 5_000)
      return { taken: core.value("contact", "company"), due: core.due("crm"), firm: core.entities("company")[0]!.id }
    }
    it("[CE7] [R15] is no echo of ours once it is linked", () => {
      const { due, firm, taken } = backAgain()
      assert.deepStrictEqual(taken, [firm])
      assert.deepStrictEqual(due, [])
    })
    it("[R27] is one by the first edition", () => assert.deepStrictEqual(backAgain(1).taken, [null]))
  })
  describe("to a company that has no record there yet, and becomes one with another", () => {
    /** A person of the second of two firms, of which the CRM has neither. */
    const waiting = () => {
      const core = scene()
      for (const number of [1, 2])
        core.observe("app", "firm", `a${number}`, { name: `Firm ${number}`, domain: `firm${number}.org` }, 900 + number)
      core.observe("crm", "person", "c1", { ...ada, company: null }, 1_000)
      core.observe("app", "person", "1", { ...ada, company: "firm:a2" }, 1_100)
      const [into, from] = core.entities("company").map(({ id }) => ({ type: "company", id }) as const)
      const waits = () => core.loaded.range("wait", "crm|ent|")
      assert.deepStrictEqual(waits(), [`crm|ent|company:${from!.id}`])
      const merge = (at: number) => core.append(at, { _tag: "MergeRequested", by: "ops", from: from!, into: into! })
      const split = (at: number) =>
        core.append(at, { _tag: "SplitRequested", by: "ops", entity: into!, merged: from!.id })
      return { core, waits, merge, split, into: into!.id, from: from!.id }
    }
    const firm = (number: number) => ({ name: `Firm ${number}`, domain: `firm${number}.org` })

    it("[R15] is due at once where that one has a record there, and waits no longer", () => {
      const { core, merge, waits } = waiting()
      core.observe("crm", "firm", "f1", firm(1), 2_000)
      assert.deepStrictEqual(core.due("crm"), [])
      merge(3_000)
      assert.deepStrictEqual(waits(), [])
      assert.deepStrictEqual(core.plan("crm", "contact", core.entities("contact")[0]!.id)?.values, {
        company: "firm:f1",
      })
    })
    it("[R15] waits for that one where it has none either, and is due when it has", () => {
      const { core, into, merge, waits } = waiting()
      merge(2_000)
      assert.deepStrictEqual(waits(), [`crm|ent|company:${into}`])
      core.observe("crm", "firm", "f1", firm(1), 3_000)
      assert.deepStrictEqual(waits(), [])
      assert.deepStrictEqual(groupsDue(core, "crm"), [["company"]])
    })
    it("[R25] waits for its own company again after a split", () => {
      const { core, from, merge, split, waits } = waiting()
      merge(2_000)
      split(3_000)
      assert.deepStrictEqual(waits(), [`crm|ent|company:${from}`])
      core.observe("crm", "firm", "f2", firm(2), 4_000)
      assert.deepStrictEqual(waits(), [])
      assert.deepStrictEqual(groupsDue(core, "crm"), [["company"]])
    })
  })

  const call = { kind: "task", subject: "Send it", time: "2026-12-01T00:00:00.000Z", contacts: ["person:1"] }
  const TASK = ["kind", "subject", "time", "contacts", "done"]

  /** A CRM whose tasks hang on a person, and where a done one goes on as a message that has no time of its own to plan. */
  const hanging = () => {
    const tasks = objectMapping(
      "task",
      "activity",
      TASK.map((group) => lens("activity", group)),
    )
    const said = objectMapping("said", "activity", [
      lens("activity", "done", { direction: "in", version: "said" }),
      { ...lens("activity", "subject", { version: "said" }), sources: ["body"] },
    ])
    const people = everything().objects.filter(({ type }) => type !== "activity")
    const crm = mapping(...people, { ...tasks, needs: ["contacts"] }, { ...said, canCreate: false })
    const app = mapping(
      ...people,
      objectMapping(
        "call",
        "activity",
        TASK.map((group) => lens("activity", group)),
      ),
    )
    const core = new Core({ mappings: { app, crm }, policy: policyOf() })
    core.open("app", { isApp: true, create: "always" })
    core.open("crm", { create: "always" })
    return core
  }
  const task = (core: Core) => core.due("crm").filter(({ type }) => type === "activity")

  it("[R15] what can't be created without a record that it hangs on waits for it as a whole", () => {
    const core = hanging()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("app", "call", "k1", { ...call, done: false }, 3_000)
    assert.deepStrictEqual(task(core), [])
    core.observe("crm", "person", "c1", ada, 4_000)
    const [due] = task(core)
    assert.strictEqual(due?.due.kind, "create")
    assert.deepInclude(core.plan("crm", "activity", due!.id)?.values, { contacts: ["person:c1"], subject: "Send it" })
  })

  it("[R20] where it hangs on nothing, that is listed, until it does", () => {
    const core = hanging()
    core.observe("crm", "person", "c1", ada, 1_000)
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("app", "call", "k1", { ...call, contacts: [], done: false }, 3_000)
    const problem = () => core.entities("activity")[0]!.links["crm"]?.groups["contacts"]?.problem
    assert.deepStrictEqual(task(core), [])
    assert.include(problem()?.message, "without one of: contacts")
    core.observe("app", "call", "k1", { ...call, done: false }, 4_000)
    assert.strictEqual(task(core)[0]?.due.kind, "create")
    assert.isUndefined(problem())
  })

  it("[R5] what a conversion changed in a field that goes on is a later edit, also where the app wins", () => {
    const core = hanging()
    core.observe("app", "person", "1", ada, 1_000)
    core.observe("crm", "person", "c1", ada, 2_000)
    core.observe("app", "call", "k1", { ...call, done: false }, 3_000)
    const { id } = core.entities("activity")[0]!
    core.observe("crm", "task", "t1", { ...call, contacts: ["person:c1"], done: false }, 4_000, {
      ownId: `mark0000-${id}`,
    })
    core.append(5_000, {
      _tag: "RecordConverted",
      connection: "crm",
      object: "task",
      externalId: "t1",
      into: [{ object: "said", id: "m1" }],
      readStartedAt: 5_000,
    })
    core.observe("crm", "said", "m1", { done: true, body: "Send it, done" }, 6_000)
    assert.deepStrictEqual(core.value("activity", "done"), [true])
    // What stands elsewhere in the message is seen for the first time, and the app's own stays.
    assert.deepStrictEqual(core.value("activity", "subject"), ["Send it"])
    assert.deepStrictEqual(
      core.due("app").map(({ due }) => due.kind),
      ["update"],
    )
  })
})
