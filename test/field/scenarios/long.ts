/** (12) (20) Long absence, and a past that comes back. */
import { people, type Scenario } from "../scenario.ts"
import { HOUR, MINUTE, Scene, SECOND, SILENT } from "../scene.ts"
import { restoredTo } from "../restoring.ts"

const DAY = 24 * HOUR

export const longGone: Scenario = {
  number: 12,
  name: "gone for 40 days",
  says: "the product is away for 40 days, with 5 edits and a new contact a day, and goes on where it was",
  over: ["hubspot", "odoo"],
  play: async ({ count, crm, title }) => {
    const scene = new Scene(title, { sides: ["app", crm], pollMs: { [crm]: HOUR } })
    const keys = people(200)
    scene.seed(keys, [crm])
    await scene.begin()
    await scene.agreement(HOUR)
    scene.isProductAway = true
    const days = count(40, 4)
    for (let day = 0; day < days; day += 1) {
      for (let n = 0; n < 5; n += 1)
        scene.edit(crm, keys[(day * 5 + n) % keys.length]!, n % 2 === 0 ? "title" : "phone")
      scene.create(crm, people(1, 1_000 + day)[0]!)
      await scene.pass(DAY)
    }
    scene.isProductAway = false
    scene.mark()
    return scene.result(DAY)
  },
}

export const restored: Scenario = {
  number: 20,
  name: "journal of an hour ago",
  says: "the journal is restored from an hour ago; in that hour 60 edits and 20 new contacts had gone both ways",
  over: ["hubspot", "odoo"],
  play: async ({ crm, title }) => {
    const scene = new Scene(title, { sides: ["app", crm], webhooks: SILENT })
    const keys = people(200)
    scene.seed(keys, [crm])
    await scene.begin()
    await scene.agreement(HOUR)
    const then = scene.stores.log.count
    for (let n = 0; n < 60; n += 1) {
      scene.edit(n % 2 === 0 ? crm : "app", keys[n]!, "title")
      if (n % 3 === 0) scene.create(n % 2 === 0 ? crm : "app", people(1, 1_000 + n)[0]!)
      await scene.pass(30 * SECOND)
    }
    await scene.agreement(HOUR)
    await scene.pass(20 * MINUTE)
    restoredTo(scene, then)
    await scene.pass(10 * MINUTE)
    for (let n = 0; n < 40; n += 1) {
      scene.edit(n % 2 === 0 ? "app" : crm, keys[n]!, n < 20 ? "title" : "phone")
      await scene.pass(5 * SECOND)
    }
    scene.mark()
    return scene.result()
  },
}
