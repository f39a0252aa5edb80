/** (9) (13) Systems that meet for the first time. */
import { people, type Scenario } from "../scenario.ts"
import type { HttpAnswer } from "@concordat/engine/ports/ProviderHttp"
import { HOUR, Scene, SECOND } from "../scene.ts"

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

export const joinedDuringBackfill: Scenario = {
  number: 13,
  name: "joined during a first sync",
  says: "a CRM is joined and armed while the first sync of another, 20 s a page, goes on; both are edited meanwhile",
  over: ["hubspot"],
  play: async ({ count, title }) => {
    const scene = new Scene(title, { sides: ["hubspot", "odoo"] })
    const [large, small, both] = [count(1_500, 400), 300, 100]
    const keys = people(large + small - both)
    scene.seed(keys.slice(0, large - both), ["hubspot"])
    scene.seed(keys.slice(large - both, large), ["hubspot", "odoo"])
    scene.seed(keys.slice(large), ["odoo"])
    scene.intercept("hubspot", (call, serve) => {
      if (!/\/contacts\?/.test(call.url)) return serve()
      return new Promise<HttpAnswer | null>((resolve) => {
        const answer = serve() as HttpAnswer | null
        scene.timeline.after(scene.world.owner, 20 * SECOND, () => {
          scene.timeline.promised()
          resolve(answer)
        })
      })
    })
    await scene.pass(15 * SECOND)
    await scene.arm()
    for (let n = 0; n < 40; n += 1) {
      scene.edit("odoo", keys[large - both + n * 2]!, "title")
      scene.edit("hubspot", keys[n * 2]!, "title")
      await scene.pass(2 * SECOND)
    }
    scene.mark()
    await scene.untilBackfilled()
    return scene.result(6 * HOUR)
  },
}
