/** Two that were made one and are not: what became of their records meanwhile. */
import { canonicalJson } from "@concordat/model/json"
import { assert, describe, it } from "vitest"
import { ada, bertha, gone, groupsDue, scene } from "./scene.ts"

describe("a split", () => {
  /** Ada and Bertha, known to the app and the CRM each, and one by the word of a person. */
  const merged = (create: "never" | "always" = "never") => {
    const core = scene({ create })
    for (const [at, id, person] of [
      [2_000, "1", ada],
      [2_100, "2", bertha],
    ] as const) {
      core.observe("app", "person", `a${id}`, person, at)
      core.observe("crm", "person", `c${id}`, person, at + 50)
    }
    const idOf = (record: string) =>
      core.entities("contact").find(({ links }) => links["app"]?.primary?.id === record)!.id
    const [into, from] = [idOf("a1"), idOf("a2")].map((id) => ({ type: "contact", id }) as const)
    core.append(3_000, { _tag: "MergeRequested", by: "ops", from: from!, into: into! })
    const split = (at: number) =>
      core.append(at, { _tag: "SplitRequested", by: "ops", entity: into!, merged: from!.id })
    const bertha2 = () => core.entities("contact").find(({ id }) => id === from!.id)!
    return { core, split, bertha2, from: from!.id }
  }
  const valueOf = ({ groups }: ReturnType<ReturnType<typeof merged>["bertha2"]>, group: string) => groups[group]!.value

  it("[R25] gives duplicates back with what was known of them: nothing is unknown, and a later edit travels", () => {
    const { bertha2, core, split } = merged()
    split(4_000)
    assert.deepStrictEqual([core.due("app"), core.due("crm")], [[], []])
    // The app's edit is no conflict that the CRM would win: it knew what stands.
    core.observe("app", "person", "a2", { ...bertha, title: "Pilot" }, 5_000)
    assert.deepStrictEqual(valueOf(bertha2(), "title"), { title: "Pilot" })
    assert.deepStrictEqual(groupsDue(core, "crm"), [["title"]])
  })

  it("[R22] [R25] keeps what was known in one order, whoever held it: kept and read back, or at hand", () => {
    const { core } = merged()
    const into = core.entities("contact")[0]!
    const { held } = into.merges[0]!.brought
    assert.deepStrictEqual(Object.keys(held!), ["app", "crm"])
    for (const groups of Object.values(held!)) {
      assert.deepStrictEqual(Object.keys(groups), Object.keys(groups).toSorted())
      for (const one of Object.values(groups)) {
        assert.deepStrictEqual(Object.keys(one).slice(0, 3), ["signature", "shadow", "seen"])
        assert.strictEqual(JSON.stringify(one.shadow), canonicalJson(one.shadow))
      }
    }
  })

  it("[R15] [R25] settles a reference whose target came meanwhile", () => {
    const core = scene()
    core.observe("app", "person", "a1", ada, 2_000)
    core.observe("app", "person", "a2", { ...bertha, company: "firm:f9" }, 2_100)
    const [into, from] = ["a1", "a2"].map((record) => {
      const { id } = core.entities("contact").find(({ links }) => links["app"]?.primary?.id === record)!
      return { type: "contact", id } as const
    })
    core.append(3_000, { _tag: "MergeRequested", by: "ops", from: from!, into: into! })
    core.observe("app", "firm", "f9", { name: "Cars", domain: "cars.de" }, 3_500)
    core.append(4_000, { _tag: "SplitRequested", by: "ops", entity: into!, merged: from!.id })
    const doc = core.entities("contact").find(({ id }) => id === from!.id)!
    assert.deepStrictEqual(valueOf(doc, "company"), { company: core.entities("company")[0]!.id })
  })

  it("[R25] takes what people did in a duplicate meanwhile for an edit", () => {
    const { bertha2, core, split } = merged()
    core.observe("app", "person", "a2", { ...bertha, title: "Pilot" }, 3_500)
    assert.deepStrictEqual([core.due("app"), core.due("crm")], [[], []])
    split(4_000)
    assert.deepStrictEqual(valueOf(bertha2(), "title"), { title: "Pilot" })
    assert.deepStrictEqual(groupsDue(core, "crm"), [["title"]])
    assert.deepStrictEqual(core.due("app"), [])
  })

  it("[R25] [R16] creates nothing where its record was deleted meanwhile", () => {
    const { bertha2, core, from, split } = merged("always")
    gone(core, "crm", "c2", 3_500)
    split(4_000)
    const link = bertha2().links["crm"]!
    assert.deepStrictEqual([link.primary, link.tombstone?.record.id], [null, "c2"])
    assert.deepStrictEqual(
      core.due("crm").filter(({ id }) => id === from),
      [],
    )
    // Taken back, it is linked again.
    core.observe("crm", "person", "c2", bertha, 5_000)
    assert.strictEqual(bertha2().links["crm"]!.primary?.id, "c2")
  })

  it("[R25] [R16] leaves the other free where the record that it had of the one is gone", () => {
    const core = scene({ create: "always" })
    core.observe("app", "person", "a1", ada, 2_000)
    core.observe("crm", "person", "c2", bertha, 2_100)
    const idOf = (connection: string) =>
      core.entities("contact").find(({ links }) => links[connection]?.primary != null)!.id
    const [into, from] = [idOf("app"), idOf("crm")].map((id) => ({ type: "contact", id }) as const)
    core.append(3_000, { _tag: "MergeRequested", by: "ops", from: from!, into: into! })
    gone(core, "crm", "c2", 3_500)
    core.append(4_000, { _tag: "SplitRequested", by: "ops", entity: into!, merged: from!.id })
    const linkOf = (id: string) => core.entities("contact").find((doc) => doc.id === id)!.links["crm"]
    assert.strictEqual(linkOf(into!.id)?.tombstone ?? null, null)
    assert.strictEqual(linkOf(from!.id)!.tombstone?.record.id, "c2")
  })
})
