/** (1) Nothing goes wrong. */
import { people, type Scenario } from "../scenario.ts"
import { Scene, SECOND } from "../scene.ts"
import type { GroupName } from "../../simulation/world/things.ts"

const GROUPS: ReadonlyArray<GroupName> = ["title", "phone", "address", "email"]

export const calm: Scenario = {
  number: 1,
  name: "calm",
  says: "2,000 contacts, and 100 edits on both sides",
  over: ["hubspot", "odoo"],
  play: async ({ count, crm, title }) => {
    const scene = new Scene(title, { sides: ["app", crm] })
    const keys = people(count(2_000, 200))
    scene.seed(keys, [crm])
    await scene.begin()
    await scene.agreement(3_600_000)
    const edits = count(100, 40)
    for (let n = 0; n < edits; n += 1) {
      await scene.pass(2 * SECOND)
      scene.edit(n % 2 === 0 ? crm : "app", keys[n * Math.floor(keys.length / edits)]!, GROUPS[n % GROUPS.length]!)
    }
    scene.mark()
    return scene.result()
  },
}
