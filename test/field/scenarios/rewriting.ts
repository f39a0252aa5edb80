/** (10) An automation in the CRM that does not leave our writes alone. */
import type { Crm } from "../scenario.ts"
import { people, type Scenario } from "../scenario.ts"
import { HOUR, Scene, SECOND } from "../scene.ts"

/** More writes than that to one record, for one edit, are no bound any more. */
const MOST_WRITES = 8

export const automation: Scenario = {
  number: 10,
  name: "automation that rewrites",
  says: "an automation rewrites each of our writes to 20 records, and the app's word is law",
  over: ["hubspot", "odoo"],
  play: async ({ crm, title }) => {
    const scene = new Scene(title, { sides: ["app", crm], rules: "rules: { contact: { title: { strict: app } } }" })
    const keys = people(40)
    const touched = new Set(keys.slice(0, 20))
    scene.seed(keys, [crm, "app"])
    await scene.begin()
    await scene.agreement(HOUR)
    const writes = new Map<string, number>()
    let rewrites = 0
    scene.watch.onWritten = (side, key, id) => {
      if (side !== crm || !touched.has(key)) return
      writes.set(key, (writes.get(key) ?? 0) + 1)
      rewrites += 1
      const value = `Standard ${rewrites}`
      scene.timeline.after({ isAlive: true }, 300, () => {
        // A machine's word, which nobody entered: it must not come to the app.
        scene.does(rewriting(scene, crm, id, value))
      })
    }
    for (const key of touched) {
      scene.edit("app", key, "title")
      scene.truth.listed(key, crm, "title")
    }
    scene.mark()
    // Agreement is here that nobody writes any more.
    for (let before = -1; before !== scene.writes;) {
      before = scene.writes
      await scene.pass(60 * SECOND)
    }
    const result = await scene.result(HOUR, 30 * 60 * SECOND)
    const named = (await scene.waiting()).filter(
      ({ connection, group, kind }) => kind === "quarantined" && connection === crm && group === "title",
    )
    const most = Math.max(...writes.values())
    return {
      ...result,
      unkept: [
        ...result.unkept,
        ...(most > MOST_WRITES ? [`${most} writes to one record for one edit`] : []),
        ...(named.length < touched.size ? [`${named.length} of ${touched.size} fields are named`] : []),
      ],
    }
  },
}

const rewriting = (scene: Scene, crm: Crm, id: string, value: string): Promise<unknown> | unknown =>
  crm === "hubspot"
    ? scene.hubspot.put({ object: "contacts", id, properties: { jobtitle: value }, byWorkflow: true })
    : scene.odoo.backdoor.put({ model: "res.partner", id: Number(id), vals: { function: value } })
