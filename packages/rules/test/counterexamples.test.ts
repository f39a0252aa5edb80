/** Traces that broke simpler forms of the rules, each with the rule that answers it. `docs/rules.md` names them CE1 … */
import { assert, describe, it } from "vitest"
import type { Value } from "@concordat/model/canonical/fields"
import { Core, policyOf } from "./core.ts"
import { ada, title, write } from "./scene.ts"
import { lens, mapping, objectMapping } from "./lenses.ts"
import { calm, store, World } from "./world.ts"

const lower = (value: Value): Value => (typeof value === "string" ? value.toLowerCase() : value)
const groups = ["email", "phone", "name", "title", "otherEmails"]
const people = (options: Readonly<Record<string, Parameters<typeof lens>[2]>> = {}) =>
  mapping(
    objectMapping(
      "person",
      "contact",
      groups.map((group) => lens("contact", group, options[group] ?? {})),
    ),
  )
const start = (
  options: ConstructorParameters<typeof Core>[0] = { mappings: { app: people(), crm: people(), erp: people() } },
) => {
  const core = new Core(options)
  core.open("app", { isApp: true })
  core.open("crm")
  if (options.mappings["erp"] !== undefined) core.open("erp")
  return core
}

describe("counterexamples", () => {
  it("[CE1] a read that began before the newest fact does not bring the old value back", () => {
    const run = (seed: number, staleRead: boolean) => {
      const core = start()
      const crm = store("crm")
      const world = new World(core, [crm], seed, { ...calm, staleReads: 1 }, { staleRead })
      crm.records.set("1", { values: { ...ada, title: "A" }, stamp: 1 })
      world.read(crm, "1")
      crm.records.set("1", { values: { ...ada, title: "B" }, stamp: 2 })
      world.read(crm, "1")
      // Whichever comes first, a read of the newer value is appended before the older one arrives, in some order.
      world.deliverReads()
      return title(core)
    }
    const seeds = Array.from({ length: 20 }, (_, seed) => seed)
    for (const seed of seeds) assert.deepStrictEqual(run(seed, false), ["B"])
    // Without the rule some order of arrival brings the old value back.
    assert.isTrue(seeds.some((seed) => run(seed, true)[0] === "A"))
  })
  it("[CE2] [R2] the lossy form of what we sent is our echo and never becomes canonical, with or without an answer", () => {
    for (const answer of ["lost", "bare"] as const) {
      const core = start({ mappings: { app: people(), crm: people({ title: { lossy: lower } }) } })
      core.observe("app", "person", "1", ada, 2_000)
      core.observe("crm", "person", "c1", { ...ada, title: "countess" }, 3_000)
      core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 4_000)
      write(core, "crm", 5_000, answer)
      core.observe("crm", "person", "c1", { ...ada, title: "baroness" }, 6_000)
      assert.deepStrictEqual(title(core), ["Baroness"])
      assert.deepStrictEqual(core.due("crm"), [])
      assert.deepStrictEqual(core.due("app"), [])
    }
  })
  it("[CE3] A, B, A again within a deduplication window: each has a sequence, so the last A travels", () => {
    const core = start()
    core.observe("app", "person", "1", { ...ada, title: "A" }, 2_000)
    core.observe("crm", "person", "c1", { ...ada, title: "A" }, 3_000)
    const sequences = ["B", "A", "B", "A"].map((value, index) => {
      core.observe("app", "person", "1", { ...ada, title: value }, 4_000 + index * 1_000)
      const plan = write(core, "crm", 4_200 + index * 1_000)
      assert.deepStrictEqual(plan.values, { title: value })
      return plan.due
    })
    assert.strictEqual(new Set(sequences).size, 4)
    assert.strictEqual(
      new Set(core.wakes.filter((wake) => wake.connection === "crm" && wake.entity !== "*").map((wake) => wake.seq))
        .size,
      4,
    )
  })
  it("[CE4] of an answer only what was sent is answer: a person's edit in it is an edit", () => {
    const core = start()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.observe("app", "person", "1", { ...ada, phone: "+493012345" }, 4_000)
    write(core, "crm", 5_000, "values", { phone: "+493012345", title: "Baroness" })
    core.observe("crm", "person", "c1", { ...ada, phone: "+493012345", title: "Baroness" }, 6_000)
    assert.deepStrictEqual(title(core), ["Baroness"])
    assert.deepStrictEqual(
      core.due("app").map((one) => one.due.groups),
      [["title"]],
    )
    assert.deepStrictEqual(core.due("crm"), [])
  })
  it("[CE5] what a person types after our write is no rendering of it", () => {
    const core = start()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.observe("app", "person", "1", { ...ada, title: "N1" }, 4_000)
    write(core, "crm", 5_000)
    core.observe("crm", "person", "c1", { ...ada, title: "N2" }, 6_000)
    assert.deepStrictEqual(title(core), ["N2"])
    assert.deepStrictEqual(
      core.due("app").map((one) => one.due.groups),
      [["title"]],
    )
  })
  it("[CE6] a parked group is not due and overwrites nobody", () => {
    const core = start({
      mappings: { app: people(), crm: people() },
      policy: policyOf({ contact: { _tag: "Manual" } }),
    })
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", { ...ada, title: "Baroness" }, 3_000)
    assert.deepStrictEqual(core.due("crm"), [])
    assert.deepStrictEqual(core.due("app"), [])
    assert.deepStrictEqual(core.loaded.range("conflict", "crm|")!.length, 1)
    core.observe("crm", "person", "c1", { ...ada, title: "Countess" }, 4_000)
    assert.deepStrictEqual(core.loaded.range("conflict", "crm|"), [])
  })
  it("[CE7] back to the old value after our write is news: the answer moved the shadow", () => {
    const core = start()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 4_000)
    write(core, "crm", 5_000)
    core.observe("crm", "person", "c1", ada, 6_000)
    assert.deepStrictEqual(title(core), ["Countess"])
    assert.deepStrictEqual(
      core.due("app").map((one) => one.due.groups),
      [["title"]],
    )
  })
  it("[CE7] gone and restored alike is linked again", () => {
    const core = start()
    core.observe("crm", "person", "c1", ada, 2_000)
    core.append(3_000, {
      _tag: "RecordGone",
      connection: "crm",
      object: "person",
      externalId: "c1",
      reason: "deleted",
      readStartedAt: 2_990,
    })
    core.observe("crm", "person", "c1", ada, 4_000)
    assert.strictEqual(core.entities("contact").length, 1)
    assert.strictEqual(core.entities("contact")[0]!.links["crm"]!.primary?.id, "c1")
  })
  it("[CE8] what was deleted there is not created there again; restored it keeps its shadows and gets what it missed", () => {
    const core = new Core({ mappings: { app: people(), crm: people() } })
    core.open("app", { isApp: true, create: "always" })
    core.open("crm", { create: "always" })
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.append(4_000, {
      _tag: "RecordGone",
      connection: "crm",
      object: "person",
      externalId: "c1",
      reason: "archived",
      readStartedAt: 3_990,
    })
    assert.deepStrictEqual(core.due("crm"), [])
    core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 5_000)
    assert.deepStrictEqual(core.due("crm"), [])
    core.observe("crm", "person", "c1", ada, 6_000)
    assert.deepStrictEqual(title(core), ["Baroness"])
    assert.deepStrictEqual(
      core.due("crm").map((one) => [one.due.kind, one.due.groups]),
      [["update", ["title"]]],
    )
  })
  it("[CE8] [R16] what the app deleted and puts again gets what it lacks, and takes it from nobody", () => {
    for (const reason of ["deleted", "archived"] as const) {
      const core = new Core({ mappings: { app: people(), crm: people() } })
      core.open("app", { isApp: true })
      core.open("crm")
      core.observe("app", "person", "1", ada, 2_000)
      core.observe("crm", "person", "c1", ada, 3_000)
      const of = { connection: "app", object: "person", externalId: "1" }
      core.append(4_000, { _tag: "RecordGone", ...of, reason, readStartedAt: 3_990 })
      core.observe("app", "person", "1", { ...ada, title: "", firstName: "Augusta" }, 5_000)
      // What somebody else restores in its own system holds what it held: an empty field there is an edit.
      assert.deepStrictEqual(title(core), [reason === "deleted" ? ada.title : ""])
      assert.deepStrictEqual(
        core.due("app").map(({ due }) => due.groups),
        reason === "deleted" ? [["title"]] : [],
      )
      assert.deepStrictEqual(core.value("contact", "firstName"), ["Augusta"])
      assert.deepStrictEqual(
        core.due("crm").map(({ due }) => due.groups),
        [reason === "deleted" ? ["name"] : ["name", "title"]],
      )
    }
  })
  it("[CE9] a record of ours seen before the answer to its create waits, and is not created everywhere", () => {
    const core = new Core({ mappings: { app: people(), crm: people() } })
    core.open("app", { isApp: true, create: "always" })
    core.open("crm", { create: "always" })
    // Nothing but our create tells who it is: the address is a role mailbox.
    const office = { ...ada, email: "office@lovelace.org" }
    core.observe("app", "person", "1", office, 2_000)
    const plan = write(core, "crm", 3_000, "lost")
    core.observe("crm", "person", "crm-new", office, 4_000)
    assert.strictEqual(core.entities("contact").length, 1)
    core.append(5_000, {
      _tag: "RecordWritten",
      connection: "crm",
      object: "person",
      externalId: "crm-new",
      entity: { type: "contact", id: plan.entity },
      due: plan.due,
      key: `crm-${plan.due}`,
      kind: "create",
      held: null,
      stamp: null,
      adopted: false,
      refused: [],
      attempts: 1,
    })
    assert.strictEqual(core.entities("contact").length, 1)
    assert.deepStrictEqual([...core.due("app"), ...core.due("crm")], [])
  })
  it("[CE10] app = A, crm = A, erp = B gives one value in every order", () => {
    const facts = [
      ["app", "A"],
      ["crm", "A"],
      ["erp", "B"],
    ] as const
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]
    const values = orders.map((order) => {
      const core = start()
      order.forEach((index, at) => {
        const [connection, value] = facts[index]!
        core.observe(connection, "person", `${connection}1`, { ...ada, title: value }, 2_000 + at * 1_000)
      })
      return title(core)
    })
    assert.deepStrictEqual(
      values,
      orders.map(() => ["A"]),
    )
  })
  it("[CE11] [R10] a provider that answers each write with another value is quarantined after three hops", () => {
    const core = start({
      mappings: { app: people(), crm: people() },
      policy: policyOf({ "contact.title": { _tag: "Strict", connection: "app" } }),
    })
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.observe("crm", "person", "c1", { ...ada, title: "n0" }, 4_000)
    let writes = 0
    for (let round = 1; round < 20 && core.due("crm").length > 0; round++) {
      write(core, "crm", 4_000 + round * 100_000)
      writes++
      core.observe("crm", "person", "c1", { ...ada, title: `n${round}` }, 4_000 + round * 100_000 + 60_000)
    }
    assert.isAtMost(writes, 5)
    assert.strictEqual(core.outputs.filter((event) => event.type === "OscillationDetected").length, 1)
    assert.strictEqual(core.loaded.range("issue", "crm|")!.length, 1)
  })
  it("[CE12] after a mapping change the first observation is a first link, not an edit to empty", () => {
    const core = start()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.options = {
      ...core.options,
      mappings: { ...core.options.mappings, crm: people({ title: { version: "another field" } }) },
    }
    core.append(4_000, { _tag: "MappingChanged", connection: "crm", document: { changed: true } })
    core.observe("crm", "person", "c1", { ...ada, title: null }, 5_000)
    assert.deepStrictEqual(title(core), ["Countess"])
  })
  it("[CE13] amount and currency are decided together: 10,000 USD never become 10,000 EUR", () => {
    const deals = mapping(
      objectMapping(
        "deal",
        "deal",
        ["title", "money", "stage"].map((group) => lens("deal", group)),
      ),
    )
    const core = new Core({ mappings: { app: deals, crm: deals } })
    core.open("app", { isApp: true })
    core.open("crm")
    core.observe("app", "deal", "1", { title: "T", amount: 1_000_000, currency: "USD" }, 2_000)
    const { id } = core.entities("deal")[0]!
    core.observe("crm", "deal", "d1", { title: "T", amount: 900_000, currency: "EUR" }, 3_000, {
      ownId: `mark0000-${id}`,
    })
    assert.deepStrictEqual([core.value("deal", "amount"), core.value("deal", "currency")], [[900_000], ["EUR"]])
  })
  it("[CE14] an edit of the one e-mail a system has does not erase the others", () => {
    const one = mapping(
      objectMapping(
        "person",
        "contact",
        ["email", "phone", "name", "title"].map((group) => lens("contact", group)),
      ),
    )
    const core = start({ mappings: { app: people(), crm: people(), erp: one } })
    core.observe("crm", "person", "c1", { ...ada, email: "a@x.org", otherEmails: ["b@x.org"] }, 2_000)
    const { otherEmails: _, ...narrow } = { ...ada, email: "a@x.org" }
    core.observe("erp", "person", "e1", narrow, 3_000)
    core.observe("erp", "person", "e1", { ...narrow, email: "c@x.org" }, 4_000)
    assert.deepStrictEqual(
      [core.value("contact", "email"), core.value("contact", "otherEmails")],
      [["c@x.org"], [["b@x.org"]]],
    )
    assert.deepStrictEqual(
      core.due("crm").map((due) => due.due.groups),
      [["email"]],
    )
  })
  it("[CE15] a set takes the difference: a member that a system can't show is not dropped", () => {
    const deal = objectMapping(
      "deal",
      "deal",
      ["title", "contacts"].map((group) => lens("deal", group)),
    )
    const all = mapping(deal, ...people().objects)
    const core = new Core({ mappings: { app: all, crm: all } })
    core.open("app", { isApp: true })
    core.open("crm")
    for (const n of [1, 2, 3])
      core.observe("app", "person", `p${n}`, { ...ada, email: `p${n}@x.org`, firstName: `P${n}` }, 2_000 + n)
    for (const n of [1, 3])
      core.observe("crm", "person", `c${n}`, { ...ada, email: `p${n}@x.org`, firstName: `P${n}` }, 2_100 + n)
    core.observe("app", "deal", "1", { title: "T", contacts: ["person:p1", "person:p2"] }, 3_000)
    const { id } = core.entities("deal")[0]!
    core.observe("crm", "deal", "d1", { title: "T", contacts: ["person:c1"] }, 4_000, { ownId: `mark0000-${id}` })
    core.observe("crm", "deal", "d1", { title: "T", contacts: ["person:c1", "person:c3"] }, 5_000)
    const [contacts] = core.value("deal", "contacts") as [ReadonlyArray<string>]
    const byMail = (mail: string) =>
      core.entities("contact").find((doc) => doc.groups["email"]!.value["email"] === mail)!.id
    assert.deepStrictEqual(contacts, ["p1@x.org", "p2@x.org", "p3@x.org"].map(byMail).toSorted())
    assert.deepStrictEqual(core.plan("app", "deal", id)?.values, {
      contacts: ["person:p1", "person:p2", "person:p3"].toSorted(),
    })
  })
  it("[CE16] nothing is created where a create is not allowed, and nothing of an entity with an open question", () => {
    const core = new Core({ mappings: { app: people(), crm: people(), erp: people() } })
    core.open("app", { isApp: true, create: "always" })
    core.open("crm", { create: "linkOnly" })
    core.open("erp", { create: "always" })
    core.observe("app", "person", "1", ada, 2_000)
    assert.deepStrictEqual(core.due("crm"), [])
    assert.strictEqual(core.due("erp").length, 1)
    core.observe("crm", "person", "c1", { ...ada, firstName: "Bertha", lastName: "Benz" }, 3_000)
    assert.strictEqual(core.loaded.range("question", "crm|")!.length, 1)
    assert.deepStrictEqual(core.due("erp"), [])
  })
})
