/** (17) A connection without calls for the rest of the day, beside others that live. */
import { people, type Scenario } from "../scenario.ts"
import { HOUR, MINUTE, Scene, SECOND } from "../scene.ts"

/** What the living connections may take for an edit meanwhile, seconds. */
const LIVE_SECONDS = 60

export const dailyQuota: Scenario = {
  number: 17,
  name: "daily quota",
  says: "HubSpot's calls of the day are used up; the app and Odoo go on, and HubSpot has it all on the next day",
  over: ["hubspot"],
  play: async ({ title }) => {
    const scene = new Scene(title, {
      sides: ["app", "hubspot", "odoo"],
      pollMs: { hubspot: MINUTE, odoo: MINUTE },
    })
    const keys = people(120)
    scene.seed(keys, ["app", "hubspot", "odoo"])
    await scene.begin()
    // What Odoo had of its own, its administrator say, has come to all by then.
    await scene.pass(10 * MINUTE)
    const { daily } = scene.hubspot.settings().limits
    scene.hubspot.settings({ limits: { daily: 1 } })
    for (const [n, key] of keys.slice(0, 60).entries()) {
      scene.edit(n % 3 === 0 ? "hubspot" : n % 3 === 1 ? "odoo" : "app", key, "title")
      await scene.pass(SECOND)
    }
    scene.mark()
    const waits = (n: number): boolean => n % 3 === 0 && n < 60
    const living = keys.filter((_, n) => !waits(n))
    const seconds = await scene.agreement(HOUR, ["app", "odoo"], new Set(living))
    if (seconds > LIVE_SECONDS) scene.unkept.push(`the others took ${seconds} s meanwhile`)
    await scene.pass(22 * HOUR)
    scene.hubspot.settings({ limits: { daily } })
    // The time of those that live is the one to be told.
    return { ...(await scene.result(4 * HOUR)), secondsToAgreement: seconds }
  },
}
