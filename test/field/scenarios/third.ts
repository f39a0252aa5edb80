/** (18) (19) What a third system makes of it: merges, and money that it counts in another currency. */
import { people, type Scenario } from "../scenario.ts"
import { HOUR, MINUTE, Scene, SECOND } from "../scene.ts"
import { keyFor } from "../../simulation/world/things.ts"

export const mergedBesideOthers: Scenario = {
  number: 18,
  name: "merged beside a third",
  says: "20 pairs merged in one CRM that are two records each in the other one and in the app; HubSpot gives a new id",
  over: ["hubspot", "odoo"],
  play: async ({ crm, title }) => {
    const scene = new Scene(title, { sides: ["app", "hubspot", "odoo"] })
    const keys = people(100)
    scene.seed(keys, ["app", "hubspot", "odoo"])
    await scene.begin()
    await scene.agreement(HOUR)
    for (let n = 0; n < 20; n += 1) {
      const [winner, loser] = [keys[2 * n]!, keys[2 * n + 1]!]
      // Half of them carry our id by then.
      if (n % 2 === 0) {
        scene.edit("app", winner, "title")
        scene.edit("app", loser, "title")
        await scene.pass(30 * SECOND)
      }
      await scene.merge(crm, winner, loser)
      await scene.pass(10 * SECOND)
      scene.edit(n % 4 < 2 ? crm : "app", winner, "title")
      await scene.pass(10 * SECOND)
    }
    scene.mark()
    return scene.result()
  },
}

/** HubSpot's leads are contacts in a stage of life; Odoo's become opportunities under their id. See `docs/proof.md`. */
export const converted: Scenario = {
  number: 18,
  name: "leads converted",
  says: "20 leads in Odoo, which are nobody's business, become opportunities: each is once in the app and in HubSpot",
  over: ["odoo"],
  play: async ({ title }) => {
    const scene = new Scene(title, { sides: ["app", "hubspot", "odoo"] })
    const { backdoor } = scene.odoo
    const keys = Array.from({ length: 20 }, (_, at) => keyFor("deal", at + 1))
    scene.seed(keys, ["odoo"])
    const ids = keys.map((key) => Number(scene.idOf("odoo", key)))
    backdoor.seed(
      "crm.lead",
      ids.map((id) => ({ ...backdoor.get("crm.lead", id), type: "lead" })),
    )
    await scene.begin()
    await scene.pass(10 * MINUTE)
    const early = scene.side("app").list("deal").length + scene.side("hubspot").list("deal").length
    if (early > 0) scene.unkept.push(`${early} deals were made of what was a lead still`)
    for (const [n, id] of ids.entries()) {
      // The press of the button, and in half of them somebody who types at once.
      scene.does(backdoor.put({ model: "crm.lead", id, vals: { type: "opportunity" } }))
      if (n % 2 === 0) scene.edit("odoo", keys[n]!, "closeDate")
      await scene.pass(5 * SECOND)
    }
    await scene.agreement(HOUR)
    for (const [n, key] of keys.entries()) {
      scene.edit(n % 3 === 0 ? "app" : n % 3 === 1 ? "hubspot" : "odoo", key, "closeDate")
      await scene.pass(5 * SECOND)
    }
    scene.mark()
    return scene.result()
  },
}

export const currencies: Scenario = {
  number: 19,
  name: "currencies",
  says: "20 deals in US dollars beside a CRM that counts in euros: the number never stands there",
  over: ["hubspot"],
  play: async ({ title }) => {
    const scene = new Scene(title, { sides: ["app", "hubspot", "odoo"] })
    const { backdoor } = scene.odoo
    const [euro] = backdoor.list("res.currency", [["name", "=", "EUR"]])
    backdoor.seed("res.company", [{ ...backdoor.get("res.company", 1), currency_id: euro!["id"]!, partner_id: 1 }])
    const keys = Array.from({ length: 20 }, (_, at) => keyFor("deal", at + 1))
    scene.seed(keys, ["hubspot"])
    await scene.begin()
    for (const key of keys) scene.truth.listed(key, "odoo", "money")
    await scene.agreement(HOUR)
    let wrong = 0
    const look = (): void => {
      wrong += scene
        .side("odoo")
        .list("deal")
        .filter(({ values }) => (values.money ?? "") !== "").length
    }
    for (const key of keys) {
      scene.edit("hubspot", key, "money")
      await scene.pass(10 * SECOND)
      look()
    }
    scene.mark()
    const result = await scene.result()
    look()
    const named = (await scene.waiting()).filter(({ connection, group }) => connection === "odoo" && group === "money")
    const unkept = named.length < keys.length ? [`${named.length} of ${keys.length} amounts are named`] : []
    return { ...result, stale: result.stale + wrong, unkept: [...result.unkept, ...unkept] }
  },
}
