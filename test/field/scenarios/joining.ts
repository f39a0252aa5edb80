/** (9) (13) Systems that meet for the first time. */
import { people, type Scenario } from "../scenario.ts"
import { HOUR, Scene } from "../scene.ts"

export const overlap: Scenario = {
  number: 9,
  name: "two CRMs joined",
  says: "two populated CRMs meet for the first time; three tenths of the people are in both",
  over: ["hubspot"],
  play: async ({ count, title }) => {
    const scene = new Scene(title, { sides: ["hubspot", "odoo"] })
    const each = count(1_000, 200)
    const both = each * 0.3
    const keys = people(2 * each - both)
    scene.seed(keys.slice(0, each - both), ["hubspot"])
    scene.seed(keys.slice(each - both, each), ["hubspot", "odoo"], { hubspot: ["title"], odoo: ["phone"] })
    scene.seed(keys.slice(each), ["odoo"])
    scene.mark()
    await scene.begin()
    return scene.result(6 * HOUR)
  },
}
