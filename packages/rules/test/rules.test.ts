/** The numbered rules of `docs/rules.md` that a trace shows best. */
import { assert, describe, it } from "vitest"
import { policyOf } from "./core.ts"
import { ada, bertha, gone, groupsDue, refuse, scene, title, write } from "./scene.ts"

describe("conflicts", () => {
  it("[R1] in an agreement the stronger provenance stays", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    assert.strictEqual(core.entities("contact")[0]!.groups["title"]!.provenance.connection, "crm")
  })
  it("[R3] an empty side fills and never wins", () => {
    const core = scene()
    core.observe("crm", "person", "c1", ada, 2_000)
    core.observe("erp", "person", "e1", { ...ada, title: null, phone: "+493012345" }, 3_000)
    assert.deepStrictEqual([title(core), core.value("contact", "phone")], [["Countess"], ["+493012345"]])
    assert.deepStrictEqual([groupsDue(core, "crm"), groupsDue(core, "erp")], [[["phone"]], [["title"]]])
  })
  it("[R4] strict refuses an edit of the other side and pushes the value back", () => {
    const core = scene({ policy: policyOf({ "contact.title": { _tag: "Strict", connection: "crm" } }) })
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 4_000)
    assert.deepStrictEqual(title(core), ["Countess"])
    assert.deepStrictEqual(groupsDue(core, "app"), [["title"]])
    core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 5_000)
    assert.deepStrictEqual(title(core), ["Duchess"])
  })
  it("[R6] newest goes by provider time, and where two intervals overlap it is asked", () => {
    const policy = policyOf({ contact: { _tag: "Newest" } })
    const sure = scene({ policy })
    sure.observe("app", "person", "1", ada, 2_000)
    sure.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 9_000, { before: 5_000, stamp: 8_000 })
    assert.deepStrictEqual(title(sure), ["Duchess"])
    const unsure = scene({ policy })
    unsure.observe("app", "person", "1", ada, 2_000)
    unsure.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 9_000, { stamp: 8_000 })
    assert.deepStrictEqual([title(unsure), unsure.loaded.range("conflict", "crm|")!.length], [["Countess"], 1])
  })
  it("[R6] newest goes by no stamp from before the last reading: an edit that was long on its way, or a clock that is behind", () => {
    const late = scene({ policy: policyOf({ contact: { _tag: "Newest" } }) })
    // The app's edit of 1,000 came after one of 6,000; the CRM's is of 5,000.
    late.observe("app", "person", "1", ada, 7_000, { before: 6_000, stamp: 1_000 })
    late.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 9_000, { before: 500, stamp: 5_000 })
    assert.deepStrictEqual([title(late), late.loaded.range("conflict", "crm|")!.length], [["Countess"], 1])
    // The CRM's clock is behind by 60,000: its edit is of 90,000, and the app's of 70,000.
    const behind = scene({ policy: policyOf({ contact: { _tag: "Newest" } }) })
    behind.observe("app", "person", "1", ada, 70_000, { before: 60_000, stamp: 70_000 })
    behind.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 91_000, { before: 89_000, stamp: 30_000 })
    assert.deepStrictEqual([title(behind), behind.loaded.range("conflict", "crm|")!.length], [["Countess"], 1])
  })
  it("[R10] what moves on, time and again, after one write of ours answers it once", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 4_000)
    write(core, "crm", 5_000)
    for (let moved = 1; moved < 7; moved++)
      core.observe("crm", "person", "c1", { ...ada, title: `Title ${moved}` }, 5_000 + moved * 1_000)
    assert.deepStrictEqual(core.loaded.range("issue", "crm|"), [])
    assert.deepStrictEqual(title(core), ["Title 6"])
  })
  it("[R8] a parked conflict is settled by a person, and by a change of the rule", () => {
    const parked = () => {
      const core = scene({ policy: policyOf({ contact: { _tag: "Manual" } }) })
      core.observe("app", "person", "1", ada, 2_000)
      core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 3_000)
      assert.strictEqual(core.loaded.range("conflict", "crm|")!.length, 1)
      return core
    }
    const taken = parked()
    const { id } = taken.entities("contact")[0]!
    taken.append(4_000, {
      _tag: "ResolveRequested",
      connection: "crm",
      by: "ops",
      entity: { type: "contact", id },
      group: "title",
      keep: "connection",
    })
    assert.deepStrictEqual(
      [title(taken), taken.loaded.range("conflict", "crm|"), groupsDue(taken, "app")],
      [["Duchess"], [], [["title"]]],
    )
    const kept = parked()
    kept.append(4_000, {
      _tag: "ResolveRequested",
      connection: "crm",
      by: "ops",
      entity: { type: "contact", id },
      group: "title",
      keep: "entity",
    })
    assert.deepStrictEqual(
      [title(kept), kept.loaded.range("conflict", "crm|"), groupsDue(kept, "crm")],
      [["Countess"], [], [["title"]]],
    )
    const ruled = parked()
    ruled.options = { ...ruled.options, policy: policyOf() }
    ruled.append(4_000, { _tag: "RulesChanged", connection: "", document: {} })
    assert.deepStrictEqual([title(ruled), ruled.loaded.range("conflict", "crm|")], [["Duchess"], []])
  })
  it("[R9] what the answer holds instead of what was sent is its rendering: held, and nobody's edit", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.observe("app", "person", "1", { ...ada, title: "Baroness  of Ockham" }, 4_000)
    write(core, "crm", 5_000, "values", { title: "Baroness of Ockham" })
    core.observe("crm", "person", "c1", { ...ada, title: "Baroness of Ockham" }, 6_000)
    assert.deepStrictEqual([title(core), core.due("crm"), core.due("app")], [["Baroness  of Ockham"], [], []])
  })
  it("[R2] a write that a read has shown is done with: the same value again is a person's", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000)
    core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 4_000)
    write(core, "crm", 5_000, "lost")
    core.observe("crm", "person", "c1", { ...ada, title: "Baroness" }, 6_000)
    assert.deepStrictEqual(core.entities("contact")[0]!.links["crm"]!.intents, [])
    core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 7_000)
    core.observe("crm", "person", "c1", { ...ada, title: "Baroness" }, 8_000)
    assert.deepStrictEqual([title(core), core.due("crm")], [["Baroness"], []])
  })
})

describe("identity", () => {
  it("[R11] e-mail before phone with family name; a role mailbox and a free-mail domain identify nobody", () => {
    const core = scene()
    core.observe("app", "person", "1", { ...ada, email: "info@lovelace.org" }, 2_000)
    core.observe("crm", "person", "c1", { ...bertha, email: "info@lovelace.org" }, 3_000)
    core.observe("app", "firm", "f1", { name: "One", domain: "gmail.com" }, 4_000)
    core.observe("crm", "firm", "f2", { name: "Two", domain: "gmail.com" }, 5_000)
    assert.deepStrictEqual([core.entities("contact").length, core.entities("company").length], [2, 2])
    core.observe("erp", "person", "e1", { ...ada, email: null, phone: "+49 30 12345" }, 6_000)
    core.observe(
      "crm",
      "person",
      "c2",
      { ...ada, email: null, phone: "030 12345".replace("0", "+49"), firstName: "A." },
      7_000,
    )
    assert.strictEqual(core.entities("contact").length, 3)
  })
  it("[R12] a contradicting name is a question; the answer links, or makes another", () => {
    const ask = () => {
      const core = scene()
      core.observe("app", "person", "1", ada, 2_000)
      core.observe("crm", "person", "c1", { ...bertha, email: ada.email }, 3_000)
      assert.deepStrictEqual([core.entities("contact").length, core.loaded.range("question", "")!.length], [1, 1])
      return { core, id: core.entities("contact")[0]!.id }
    }
    const same = ask()
    same.core.append(4_000, {
      _tag: "MatchRequested",
      connection: "crm",
      by: "ops",
      record: { object: "person", id: "c1" },
      entity: { type: "contact", id: same.id },
    })
    assert.deepStrictEqual(
      [same.core.entities("contact").length, same.core.entities("contact")[0]!.links["crm"]!.primary?.id],
      [1, "c1"],
    )
    const other = ask()
    other.core.append(4_000, {
      _tag: "MatchRequested",
      connection: "crm",
      by: "ops",
      record: { object: "person", id: "c1" },
      entity: null,
    })
    assert.deepStrictEqual([other.core.entities("contact").length, other.core.loaded.range("question", "")], [2, []])
  })
  it("[R12] a part of a parked record answers no question, and what was read before it stands", () => {
    const core = scene()
    core.observe("crm", "person", "c1", ada, 2_000)
    core.observe("app", "person", "1", { ...bertha, email: ada.email }, 3_000)
    core.observe("app", "person", "1", { title: "Pioneer" }, 4_000)
    assert.deepStrictEqual([core.entities("contact").length, core.loaded.range("question", "")!.length], [1, 1])
    const record = { object: "person", id: "1" }
    core.append(5_000, { _tag: "MatchRequested", connection: "app", by: "ops", record, entity: null })
    const apart = core.entities("contact").find((doc) => doc.links["app"]?.primary?.id === "1")
    assert.deepStrictEqual(
      [
        apart?.groups["email"]?.value["email"],
        apart?.groups["name"]?.value["lastName"],
        apart?.groups["title"]?.value["title"],
      ],
      [ada.email, "Benz", "Pioneer"],
    )
  })
  it("[R12] a parked match is looked at again when a key changes", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", { ...bertha, email: ada.email }, 3_000)
    core.observe("app", "person", "1", { ...ada, email: "countess@lovelace.org" }, 4_000)
    assert.deepStrictEqual([core.entities("contact").length, core.loaded.range("question", "")], [2, []])
  })
  it("[R12] a record whose keys change to another entity's is a question", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c2", bertha, 3_000)
    core.observe("crm", "person", "c2", { ...bertha, email: ada.email }, 4_000)
    assert.deepStrictEqual([core.entities("contact").length, core.loaded.range("question", "")!.length], [2, 1])
  })
  it("[R13] an own id that nobody knows makes no second entity of what another record is known as", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 3_000, { ownId: "mark0000-00000000-07d0-8143-8fb0-efe365f88528" })
    core.observe("erp", "person", "e1", bertha, 4_000, { ownId: "mark0000-00000000-07d0-8143-8fb0-efe365f88529" })
    core.observe("crm", "person", "c2", bertha, 5_000)
    assert.deepStrictEqual(
      core
        .entities("contact")
        .map(({ links }) =>
          Object.keys(links)
            .filter((name) => links[name]!.primary !== null)
            .toSorted(),
        )
        .toSorted(),
      [
        ["app", "crm"],
        ["crm", "erp"],
      ],
    )
  })
  it("[R13] our own id names the entity, and one that nobody knows is adopted", () => {
    const core = scene()
    core.observe("crm", "person", "c1", ada, 2_000, { ownId: "mark0000-00000000-07d0-8143-8fb0-efe365f88528" })
    assert.strictEqual(core.entities("contact")[0]!.id, "00000000-07d0-8143-8fb0-efe365f88528")
    core.observe("erp", "person", "e9", { ...bertha }, 3_000, {
      ownId: "mark0000-00000000-07d0-8143-8fb0-efe365f88528",
    })
    assert.strictEqual(core.entities("contact").length, 1)
    core.observe("erp", "person", "e8", { ...bertha }, 3_000, {
      ownId: "other000-00000000-07d0-8143-8fb0-efe365f88528",
    })
    assert.strictEqual(core.entities("contact").length, 2)
  })
})

describe("what waits, goes and is refused", () => {
  it("[R15] a reference to a record not seen yet waits, of a push only the reference", () => {
    const core = scene({ create: "always" })
    core.observe("crm", "person", "c1", { ...ada, company: "firm:f1" }, 2_000)
    assert.deepStrictEqual(core.value("contact", "company"), [null])
    core.observe("crm", "firm", "f1", { name: "Engines", domain: "engines.org" }, 3_000)
    assert.deepStrictEqual(core.value("contact", "company"), [core.entities("company")[0]!.id])
    const contact = core.entities("contact")[0]!.id
    assert.notProperty(core.plan("app", "contact", contact)!.values, "company")
    const company = core.due("app").find((one) => one.type === "company")!
    assert.strictEqual(company.due.kind, "create")
  })
  it("[R14] an entity is created where it is allowed and something holds it", () => {
    const core = scene({ create: "always" })
    core.observe("app", "person", "1", ada, 2_000)
    assert.deepStrictEqual(
      ["crm", "erp"].map((name) => core.due(name).map((one) => one.due.kind)),
      [["create"], ["create"]],
    )
    assert.strictEqual(
      core.plan("crm", "contact", core.entities("contact")[0]!.id)!.ownId,
      `mark0000-${core.entities("contact")[0]!.id}`,
    )
  })
  it("[R16] a tombstone keeps it from being created again, until a person asks", () => {
    const core = scene({ create: "always" })
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 2_100)
    core.observe("erp", "person", "e1", ada, 2_200)
    gone(core, "crm", "c1", 3_000)
    assert.deepStrictEqual(core.due("crm"), [])
    core.append(4_000, {
      _tag: "ReleaseRequested",
      connection: "crm",
      by: "ops",
      entity: { type: "contact", id: core.entities("contact")[0]!.id },
      group: null,
    })
    assert.deepStrictEqual(
      core.due("crm").map((one) => one.due.kind),
      ["create"],
    )
  })
  it("[R17] more than a tenth and more than five gone within a day pauses the connection and asks", () => {
    const core = scene()
    for (let n = 0; n < 20; n++) core.observe("crm", "person", `c${n}`, { ...ada, email: `p${n}@x.org` }, 2_000 + n)
    for (let n = 0; n < 5; n++) gone(core, "crm", `c${n}`, 3_000 + n)
    const paused = () => (core.loaded.get("connection", "crm") as { paused: ReadonlyArray<string> }).paused
    assert.deepStrictEqual(paused(), [])
    gone(core, "crm", "c5", 4_000)
    assert.deepStrictEqual(paused(), ["mass deletion"])
    core.append(5_000, { _tag: "ResumeRequested", connection: "crm", by: "ops" })
    assert.deepStrictEqual(paused(), [])
  })
  it("[R19] a refusal stands for that value only; one that names a field leaves the others due", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 2_100)
    core.observe("app", "person", "1", { ...ada, title: "X".repeat(300), phone: "+493012345" }, 3_000)
    refuse(core, "crm", 4_000, { code: "validation", field: "title" })
    assert.deepStrictEqual(groupsDue(core, "crm"), [["phone"]])
    assert.deepStrictEqual(
      core.loaded.range("issue", "crm|")!.map((key) => key.split("|")[2]),
      ["title"],
    )
    core.observe("app", "person", "1", { ...ada, title: "Baroness", phone: "+493012345" }, 5_000)
    assert.deepStrictEqual(groupsDue(core, "crm"), [["phone", "title"]])
    assert.deepStrictEqual(core.loaded.range("issue", "crm|"), [])
  })
  it("[R19] what was refused for a record that turns out to be gone waits no more, and is due again once it is back", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 2_100)
    core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 3_000)
    refuse(core, "crm", 4_000, { code: "missing" })
    assert.lengthOf(core.loaded.range("issue", "crm|")!, 1)
    gone(core, "crm", "c1", 5_000)
    assert.deepStrictEqual([core.loaded.range("issue", "crm|"), core.due("crm")], [[], []])
    core.observe("crm", "person", "c1", ada, 6_000)
    assert.deepStrictEqual(groupsDue(core, "crm"), [["title"]])
  })
  it("[R19] a uniqueness refusal waits for its holder's change", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 2_100)
    core.observe("crm", "person", "c2", { ...bertha, email: "old@x.org" }, 2_200)
    core.observe("app", "person", "1", { ...ada, email: "new@x.org" }, 3_000)
    refuse(core, "crm", 4_000, { code: "uniqueness", field: "email", existing: "c2" })
    assert.deepStrictEqual(core.due("crm"), [])
    core.observe("crm", "person", "c2", { ...bertha, email: "other@x.org" }, 5_000)
    assert.deepStrictEqual(groupsDue(core, "crm"), [["email"]])
  })
  it("[R19] a create that meets somebody else's record is refused until that record changes", () => {
    const core = scene({ create: "always" })
    core.observe("crm", "person", "c1", { ...ada, email: "info@x.org" }, 2_000)
    core.observe("app", "person", "b1", { ...bertha, email: "info@x.org" }, 2_100)
    const other = core.entities("contact").find((doc) => doc.links["app"]?.primary?.id === "b1")!
    const plan = core.plan("crm", "contact", other.id)!
    const common = {
      connection: "crm",
      object: plan.object,
      entity: { type: plan.type, id: plan.entity },
      due: plan.due,
      key: "k",
      kind: plan.kind,
    }
    core.append(3_000, {
      _tag: "WriteIntended",
      ...common,
      externalId: null,
      sent: { clear: { groups: plan.groups as never, values: plan.values } },
    })
    core.append(3_010, {
      _tag: "RecordWritten",
      ...common,
      externalId: "c1",
      held: null,
      stamp: null,
      adopted: true,
      refused: [],
      attempts: 1,
    })
    assert.deepStrictEqual([core.loaded.range("question", ""), core.plan("crm", "contact", other.id)], [[], null])
    core.observe("crm", "person", "c1", { ...ada, email: "info@x.org" }, 3_500)
    assert.isNull(core.plan("crm", "contact", other.id))
    core.observe("crm", "person", "c1", { ...ada, email: "ada@x.org" }, 4_000)
    assert.strictEqual(core.plan("crm", "contact", other.id)?.kind, "create")
  })
  it("[R19] an unknown effect leaves the write unresolved", () => {
    const core = scene()
    core.observe("app", "person", "1", ada, 2_000)
    core.observe("crm", "person", "c1", ada, 2_100)
    core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 3_000)
    refuse(core, "crm", 4_000, { code: "other", effect: "unknown" })
    assert.strictEqual(core.entities("contact")[0]!.links["crm"]!.intents.length, 1)
    core.observe("crm", "person", "c1", { ...ada, title: "Baroness" }, 5_000)
    assert.deepStrictEqual([title(core), core.due("crm")], [["Baroness"], []])
  })
})
