/** (6) (8) What is archived, merged and deleted, and what is said of it late. */
import { people, type Scenario } from "../scenario.ts"
import { HOUR, MINUTE, Scene, SECOND, SILENT } from "../scene.ts"

const PROPAGATE = "deletions: { contact: propagate }"

export const archivedAndMerged: Scenario = {
  number: 6,
  name: "archived and merged",
  says: "100 archived and 20 merged, found by polls alone; the tenant lets deletions follow",
  over: ["hubspot", "odoo"],
  play: async ({ count, crm, title }) => {
    const scene = new Scene(title, { sides: ["app", crm], webhooks: SILENT, rules: PROPAGATE })
    const keys = people(count(2_000, 400))
    scene.seed(keys, [crm])
    await scene.begin()
    await scene.agreement(HOUR)
    const [archived, merged] = [count(100, 20), count(20, 6)]
    for (const key of keys.slice(0, archived)) scene.remove(crm, key, true)
    for (let n = 0; n < merged; n += 1) {
      const [winner, loser] = [keys[archived + 2 * n]!, keys[archived + 2 * n + 1]!]
      await scene.merge(crm, winner, loser)
      // Odoo leaves no trace of a merge: what went away looks deleted.
      if (crm === "odoo") scene.truth.of(loser).gone.add("app")
      await scene.pass(SECOND)
      scene.edit(crm, winner, "title")
    }
    scene.mark()
    return scene.result()
  },
}

export const neverBack: Scenario = {
  number: 8,
  name: "twice quickly",
  says: "60 values updated twice within 300 ms on each side, 30 records deleted after an edit; hooks late and doubled",
  over: ["hubspot", "odoo"],
  play: async ({ crm, title }) => {
    const scene = new Scene(title, {
      sides: ["app", crm],
      rules: PROPAGATE,
      pollMs: { [crm]: 5 * SECOND },
      webhooks: { duplicate: 0.3, reorder: 0.5, delayMs: [500, MINUTE] },
      network: { latency: [50, 3_000] },
    })
    const keys = people(600)
    scene.seed(keys, [crm])
    await scene.begin()
    await scene.agreement(HOUR)
    for (let n = 0; n < 60; n += 1) {
      const [theirs, ours, gone] = [keys[n]!, keys[100 + n]!, keys[200 + n]!]
      scene.edit(crm, theirs, "title")
      scene.edit("app", ours, "title")
      if (n < 30) scene.edit(crm, gone, "phone")
      await scene.pass(300)
      scene.edit(crm, theirs, "title")
      scene.edit("app", ours, "title")
      if (n < 30) scene.remove(crm, gone, true)
      await scene.pass(700)
    }
    scene.mark()
    return scene.result()
  },
}
