/** An edit that a write of ours stood over, found in the provider's history. */
import { clear } from "@concordat/model/events/envelope"
import type { Rule } from "../src/reconcile/context.ts"
import { assert, describe, it } from "vitest"
import type { Core } from "./core.ts"
import { policyOf } from "./core.ts"
import { ada, groupsDue, scene, title, write } from "./scene.ts"

const overwritten = (core: Core, values: Record<string, string>, at: number, stamp = 5_500) =>
  core.append(at, {
    _tag: "EditOverwritten",
    connection: "crm",
    object: "person",
    externalId: "c1",
    entity: { type: "contact", id: core.entities("contact")[0]!.id },
    key: "k",
    values: clear(values),
    readBefore: 5_000,
    stamp,
    by: "person",
  })

/** The app's edit to Baroness was written to the CRM, where somebody had made it Duchess in between. */
const slipped = (policy = policyOf()): Core => {
  const core = scene({ policy })
  core.observe("crm", "person", "c1", ada, 2_000)
  core.observe("app", "person", "1", ada, 3_000)
  core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 4_000)
  write(core, "crm", 6_000)
  return core
}

const parked = (core: Core) => core.loaded.range("conflict", "crm|")!.length

describe("[R26] an edit that a write stood over", () => {
  it("wins where its side does, and is written back", () => {
    const core = slipped()
    overwritten(core, { title: "Duchess" }, 7_000)
    assert.deepStrictEqual(title(core), ["Duchess"])
    assert.deepStrictEqual([groupsDue(core, "crm"), groupsDue(core, "app")], [[["title"]], [["title"]]])
    write(core, "crm", 8_000)
    write(core, "app", 8_100)
    core.observe("crm", "person", "c1", { ...ada, title: "Duchess" }, 9_000)
    assert.deepStrictEqual([groupsDue(core, "crm"), groupsDue(core, "app"), title(core)], [[], [], ["Duchess"]])
    assert.strictEqual(core.replayed().dump(), core.dump())
  })

  it("stands as the loser in the event where its side loses, and nothing is written", () => {
    const core = slipped(policyOf({ "contact.title": { _tag: "App" } }))
    const events = overwritten(core, { title: "Duchess" }, 7_000)
    assert.deepStrictEqual([title(core), groupsDue(core, "crm")], [["Baroness"], []])
    assert.include(JSON.stringify(events), "Duchess")
  })

  it("of which the answer was lost is known from when a read shows what was sent", () => {
    const core = scene()
    core.observe("crm", "person", "c1", ada, 2_000)
    core.observe("app", "person", "1", ada, 3_000)
    core.observe("app", "person", "1", { ...ada, title: "Baroness" }, 4_000)
    write(core, "crm", 6_000, "lost")
    core.observe("crm", "person", "c1", { ...ada, title: "Baroness" }, 6_500)
    overwritten(core, { title: "Duchess" }, 7_000)
    assert.deepStrictEqual(title(core), ["Duchess"])
    assert.deepStrictEqual([groupsDue(core, "crm"), groupsDue(core, "app")], [[["title"]], [["title"]]])
    assert.strictEqual(core.replayed().dump(), core.dump())
  })

  it("is no news where somebody has edited there since, or where it says the same", () => {
    const later = slipped()
    later.observe("crm", "person", "c1", { ...ada, title: "Queen" }, 6_500)
    overwritten(later, { title: "Duchess" }, 7_000)
    assert.deepStrictEqual(title(later), ["Queen"])
    const same = slipped()
    overwritten(same, { title: "Baroness" }, 7_000)
    assert.deepStrictEqual([title(same), groupsDue(same, "crm")], [["Baroness"], []])
  })

  /** Of the CRM's own title, which the app was given, where somebody has edited again after what was to be put back. */
  const ownTitle = (title: Rule): Core => {
    const core = scene({
      create: "always",
      policy: policyOf({ "contact.title": { _tag: "Strict", connection: "app" } }),
    })
    core.observe("crm", "person", "c1", ada, 2_000)
    write(core, "app", 3_000)
    core.observe("crm", "person", "c1", { ...ada, title: "Baroness" }, 4_000)
    core.options = { ...core.options, policy: policyOf({ "contact.title": title }) }
    write(core, "crm", 6_000)
    overwritten(core, { title: "Duchess" }, 7_000)
    return core
  }

  it("[R4] is refused where the rule is strict for another side, whoever had said what stands", () => {
    const core = ownTitle({ _tag: "Strict", connection: "app" })
    assert.deepStrictEqual([title(core), groupsDue(core, "app"), groupsDue(core, "crm")], [["Countess"], [], []])
    assert.strictEqual(core.replayed().dump(), core.dump())
  })

  it("[R4] that is asked about is refused where a changed rule is strict for another side", () => {
    const core = slipped(policyOf({ "contact.title": { _tag: "Manual" } }))
    overwritten(core, { title: "Duchess" }, 7_000)
    assert.strictEqual(parked(core), 1)
    core.options = { ...core.options, policy: policyOf({ "contact.title": { _tag: "Strict", connection: "app" } }) }
    core.append(9_000, { _tag: "RulesChanged", connection: "", document: {} })
    assert.deepStrictEqual([title(core), parked(core)], [["Baroness"], 0])
    assert.deepStrictEqual([groupsDue(core, "app"), groupsDue(core, "crm")], [[], []])
  })

  it("[R5] is a later edit where what stands came from there: no rule decides, and nobody is asked", () => {
    const ranked = ownTitle({ _tag: "Manual" })
    assert.deepStrictEqual([title(ranked), parked(ranked), groupsDue(ranked, "crm")], [["Duchess"], 0, [["title"]]])
    // Twice in a row, by a clock that is ahead: the intervals in which the two were made overlap.
    const twice = slipped(policyOf({ "contact.title": { _tag: "Newest" } }))
    overwritten(twice, { title: "Duchess" }, 7_000, 120_000)
    write(twice, "app", 7_500)
    write(twice, "crm", 8_000)
    overwritten(twice, { title: "Queen" }, 9_000, 121_500)
    assert.deepStrictEqual([title(twice), parked(twice)], [["Queen"], 0])
    assert.deepStrictEqual([groupsDue(twice, "crm"), groupsDue(twice, "app")], [[["title"]], [["title"]]])
    // And the earlier one told last.
    overwritten(twice, { title: "Duchess" }, 9_500, 120_000)
    assert.deepStrictEqual([title(twice), parked(twice)], [["Queen"], 0])
    assert.strictEqual(twice.replayed().dump(), twice.dump())
  })

  it("[R5] so it is where a person took what stands from there, which the person who edited never saw", () => {
    const core = slipped(policyOf({ "contact.title": { _tag: "Manual" } }))
    overwritten(core, { title: "Duchess" }, 7_000)
    core.append(7_500, {
      _tag: "ResolveRequested",
      entity: { type: "contact", id: core.entities("contact")[0]!.id },
      connection: "crm",
      group: "title",
      keep: "connection",
      by: "operator",
    })
    write(core, "crm", 8_000)
    // By a clock that is behind.
    overwritten(core, { title: "Queen" }, 9_000, 6_000)
    assert.deepStrictEqual([title(core), parked(core), groupsDue(core, "crm")], [["Queen"], 0, [["title"]]])
  })

  it("[R7] opens no deal again that another CRM has closed", () => {
    const core = scene({ policy: policyOf({}, ["crm"]) })
    const deal = { title: "Engine", pipeline: "default", stage: "proposal", status: "open", lostReason: null }
    core.observe("app", "deal", "1", deal, 2_000)
    const ownId = `mark0000-${core.entities("deal")[0]!.id}`
    for (const crm of ["crm", "erp"]) core.observe(crm, "deal", crm, deal, 3_000, { ownId })
    core.observe("erp", "deal", "erp", { ...deal, stage: "won", status: "won" }, 4_000)
    write(core, "crm", 6_000)
    core.append(7_000, {
      _tag: "EditOverwritten",
      connection: "crm",
      object: "deal",
      externalId: "crm",
      entity: { type: "deal", id: core.entities("deal")[0]!.id },
      key: "k",
      values: clear({ stage: "negotiation", status: "open" }),
      readBefore: 5_000,
      stamp: 5_500,
      by: "person",
    })
    assert.deepStrictEqual([core.value("deal", "status"), groupsDue(core, "crm")], [["won"], []])
  })

  const asked = () => {
    const core = slipped(policyOf({ "contact.title": { _tag: "Manual" } }))
    // What both had moved before is settled first.
    overwritten(core, { title: "Duchess" }, 7_000)
    // Our own write is read there meanwhile.
    core.observe("crm", "person", "c1", { ...ada, title: "Baroness" }, 7_500)
    assert.deepStrictEqual([title(core), parked(core), groupsDue(core, "crm")], [["Baroness"], 1, []])
    return core
  }
  const resolve = (core: Core, keep: "entity" | "connection") => {
    const { id } = core.entities("contact")[0]!
    core.append(8_000, {
      _tag: "ResolveRequested",
      connection: "crm",
      by: "ops",
      entity: { type: "contact", id },
      group: "title",
      keep,
    })
  }

  it("is asked about where people are, and goes back when they say so", () => {
    const core = asked()
    resolve(core, "connection")
    assert.deepStrictEqual([title(core), parked(core), groupsDue(core, "crm")], [["Duchess"], 0, [["title"]]])
    const other = asked()
    resolve(other, "entity")
    assert.deepStrictEqual([title(other), parked(other), groupsDue(other, "crm")], [["Baroness"], 0, []])
  })

  it("that is asked about gives way to a later one that a write stood over too, in whatever order they are found", () => {
    const found = (...edits: ReadonlyArray<readonly [title: string, stamp: number]>) => {
      const core = slipped(policyOf({ "contact.title": { _tag: "Manual" } }))
      core.observe("app", "person", "1", { ...ada, title: "Countess" }, 6_200)
      write(core, "crm", 6_500)
      for (const [title, stamp] of edits) overwritten(core, { title }, 7_000, stamp)
      assert.deepStrictEqual([title(core), parked(core), groupsDue(core, "crm")], [["Countess"], 1, []])
      resolve(core, "connection")
      assert.deepStrictEqual([parked(core), groupsDue(core, "crm")], [0, [["title"]]])
      assert.strictEqual(core.replayed().dump(), core.dump())
      return title(core)
    }
    const [first, second] = [["Duchess", 5_500] as const, ["Queen", 6_400] as const]
    assert.deepStrictEqual([found(first, second), found(second, first)], [["Queen"], ["Queen"]])
  })

  it("that is asked about is settled by a further edit there, and by a change of the rule", () => {
    const edited = asked()
    edited.observe("crm", "person", "c1", { ...ada, title: "Queen" }, 9_000)
    assert.deepStrictEqual([title(edited), parked(edited), groupsDue(edited, "crm")], [["Queen"], 0, []])
    const ruled = asked()
    ruled.options = { ...ruled.options, policy: policyOf({ "contact.title": { _tag: "Crm" } }) }
    ruled.append(9_000, { _tag: "RulesChanged", connection: "", document: {} })
    assert.deepStrictEqual([title(ruled), parked(ruled), groupsDue(ruled, "crm")], [["Duchess"], 0, [["title"]]])
  })

  it("[R8] that is asked about loses where a changed rule has the other side win", () => {
    const core = asked()
    core.options = { ...core.options, policy: policyOf({ "contact.title": { _tag: "App" } }) }
    core.append(9_000, { _tag: "RulesChanged", connection: "", document: {} })
    assert.deepStrictEqual([title(core), parked(core), groupsDue(core, "crm")], [["Baroness"], 0, []])
    core.observe("crm", "person", "c1", { ...ada, title: "Baroness" }, 9_500)
    assert.deepStrictEqual([title(core), groupsDue(core, "crm"), groupsDue(core, "app")], [["Baroness"], [], []])
  })
})
