/** The three systems of the demo: sandboxes in processes of their own, filled with the data set, and known to each other. */
import { join } from "node:path"
import type { Dataset } from "./dataset/dataset.ts"
import { seedRequests } from "./dataset/seed.ts"
import { APP_TOKEN, HUBSPOT_SECRET, HUBSPOT_TOKEN, ODOO_HOOK_SECRET, TENANT } from "./engine.ts"
import { type Addresses, knock } from "./oracle/fetch.ts"
import { type Running, scriptOf, start, stop, urlOf } from "./processes.ts"

export interface Scene {
  readonly at: Addresses
  readonly stop: () => Promise<void>
}

/** Faults that the demo puts up with: webhooks that come twice, late or never, and an index that is behind. */
const HUBSPOT = {
  tokens: [HUBSPOT_TOKEN],
  indexLagMs: [200, 1_200],
  // A portal of the plan Professional.
  limits: { enforced: true, burst: 190, searchPerSecond: 5, daily: 625_000, dayBeginsAtHour: 5 },
}

export const makeScene = async (dir: string, dataset: Dataset): Promise<Scene> => {
  const running: Array<Running> = []
  const sandbox = (name: string, args: ReadonlyArray<string>): Promise<string> => {
    const process = start(scriptOf(`@concordat/providers/${name}/sandbox/main`), ["--port", "0", ...args], {
      log: join(dir, `${name}.log`),
    })
    running.push(process)
    return urlOf(process)
  }
  const end = async (): Promise<void> => {
    await Promise.all(running.map((one) => stop(one)))
  }
  try {
    const [hubspot, odoo, app] = await Promise.all([
      sandbox("hubspot", [
        "--secret",
        HUBSPOT_SECRET,
        "--settings",
        JSON.stringify(HUBSPOT),
        "--log",
        join(dir, "hubspot.writes.jsonl"),
      ]),
      sandbox("odoo", ["--version", "17", "--log", join(dir, "odoo.writes.jsonl")]),
      sandbox("app", ["--log", join(dir, "app.writes.jsonl")]),
    ])
    const at: Addresses = { hubspot, odoo, app }
    for (const { body, system, verb } of seedRequests(dataset)) await knock(at[system], verb, body)
    return { at, stop: end }
  } catch (error) {
    await end()
    throw error
  }
}

/** Tells the systems where Concordat is: the product calls it, the CRMs send it webhooks (to `intake`, if that is elsewhere). */
export const introduce = async (at: Addresses, engine: string, intake = engine): Promise<void> => {
  await knock(at.hubspot, "settings", [
    {
      webhooks: {
        target: `${intake}/webhooks/${TENANT}/hubspot`,
        duplicateRate: 0.1,
        dropRate: 0.1,
        reorderRate: 0.2,
        delayMs: [20, 400],
        properties: null,
      },
    },
  ])
  await knock(at.odoo, "settings", {
    webhook: {
      url: `${intake}/webhooks/${TENANT}/odoo?secret=${ODOO_HOOK_SECRET}`,
      dropRate: 0.1,
      duplicateRate: 0.1,
      // Rules bound to a few fields: an unbound one posts eleven times for a create, inside the user's own call.
      postsPerCreate: 1,
      postsPerWrite: 1,
      delayRate: 0.1,
      delayMs: 300,
    },
  })
  await knock(at.app, "settings", [{ pollMs: 50, waitSeconds: 5, duplicateRate: 0.05, duplicateDelayMs: [50, 500] }])
  await knock(at.app, "connect", [{ url: engine, tenant: TENANT, connection: "app", token: APP_TOKEN }])
}
