/** The engine of the demo: Concordat as a process of its own, so that it can be ended in the middle and started again. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Addresses } from "./oracle/fetch.ts"
import { type Running, scriptOf, start, stop } from "./processes.ts"

export const TENANT = "demo"
export const OPERATOR_TOKEN = "demo-operator-token"
export const APP_TOKEN = "demo-app-token"
export const HUBSPOT_TOKEN = "pat-demo-token"
export const HUBSPOT_SECRET = "demo-client-secret"
export const ODOO_KEY = "admin"
export const ODOO_HOOK_SECRET = "demo-hook-secret"

/** The environment that the configuration names. */
export const SECRETS = {
  CONCORDAT_TOKEN: OPERATOR_TOKEN,
  APP_TOKEN,
  HUBSPOT_TOKEN,
  HUBSPOT_SECRET,
  ODOO_KEY,
  ODOO_HOOK_SECRET,
}

/**
 * Another base URL and other credentials are all that a real HubSpot or Odoo needs. `publicUrl`: where webhooks arrive, if
 * somebody stands before the engine.
 */
export const configuration = (
  dir: string,
  port: number,
  at: Addresses,
  publicUrl?: string,
): string => `# The demo: a product, a HubSpot portal and an Odoo database on this machine.
store: ${JSON.stringify(join(dir, "concordat.sqlite"))}
http:
  port: ${port}
  token: \${CONCORDAT_TOKEN}${publicUrl === undefined ? "" : `\n  publicUrl: ${JSON.stringify(publicUrl)}`}
tenants:
  - name: ${TENANT}
    region: DE
    connections:
      - name: app
        provider: app
        credentials: { token: "\${APP_TOKEN}" }
        create: { contact: always, company: always, deal: always, activity: always }
      - name: hubspot
        provider: hubspot
        settings: { baseUrl: ${JSON.stringify(at.hubspot)}, indexLagSeconds: "5", plan: professional }
        credentials: { token: "\${HUBSPOT_TOKEN}", clientSecret: "\${HUBSPOT_SECRET}" }
        create: { contact: afterPlan, company: afterPlan, deal: afterPlan, activity: afterPlan }
        allowPrivateAddresses: true
        pollEvery: 3s
      - name: odoo
        provider: odoo
        settings: { url: ${JSON.stringify(at.odoo)}, database: crm17, login: admin, overlapSeconds: "5", keepDoneActivities: "yes" }
        credentials: { apiKey: "\${ODOO_KEY}", webhookSecret: "\${ODOO_HOOK_SECRET}" }
        create: { contact: afterPlan, company: afterPlan, deal: afterPlan, activity: never }
        allowPrivateAddresses: true
        pollEvery: 2s
`

export interface Engine {
  readonly url: string
  readonly start: () => Promise<void>
  readonly stop: (signal: "SIGTERM" | "SIGKILL") => Promise<void>
  /** Calls to providers that were made again, by this process and by those that were stopped. */
  readonly retries: () => Promise<number>
  /** Fails with the end of its log where it has ended by itself. */
  readonly alive: () => void
}

/** It has seldom taken more than five; on a machine that does much else at once, half a minute. */
const READY_MS = 180_000

const ANSWER_MS = 5_000

const MOST_SAID = 400

/** The last line of a log, to be said with what went wrong; empty where nothing was logged. */
const lastWords = (log: string): string => {
  try {
    const last = readFileSync(log, "utf8").trimEnd().split("\n").at(-1) ?? ""
    return last === "" ? "" : `: ${last.length > MOST_SAID ? `${last.slice(0, MOST_SAID)}…` : last}`
  } catch {
    // It ended before it said anything.
    return ""
  }
}

/** The sum of a series over all connections, in the text that `/metrics` answers. */
export const seriesSum = (text: string, name: string): number =>
  [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)$`, "gm"))].reduce((sum, [, n]) => sum + Number(n), 0)

export const makeEngine = (dir: string, port: number, at: Addresses, env: Record<string, string> = {}): Engine => {
  const file = join(dir, "concordat.yaml")
  writeFileSync(file, configuration(dir, port, at))
  const log = join(dir, "engine.log")
  const url = `http://127.0.0.1:${port}`
  let running: Running | null = null
  const alive = (): void => {
    if (running !== null && running.child.exitCode !== null) {
      throw new Error(`the engine ended with ${running.child.exitCode}${lastWords(log)}\nits log: ${log}`)
    }
  }
  let retriedBefore = 0
  const retried = async (): Promise<number> => {
    const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${OPERATOR_TOKEN}` } })
    return seriesSum(await answer.text(), "concordat_retries_total")
  }
  const isReady = async (): Promise<boolean> => {
    try {
      // One that takes the call and never answers is asked again, and whether the process still lives is looked at.
      return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) })).ok
    } catch {
      // Not listening yet.
      return false
    }
  }
  return {
    url,
    alive,
    start: async () => {
      running = start(scriptOf("@concordat/all-in-one/main"), [file], {
        env: { ...SECRETS, ...env },
        log,
      })
      const until = Date.now() + READY_MS
      while (!(await isReady())) {
        alive()
        if (Date.now() > until)
          throw new Error(`the engine is not ready after ${READY_MS / 1000} s${lastWords(log)}\nits log: ${log}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },
    retries: async () => retriedBefore + (running === null ? 0 : await retried()),
    stop: async (signal) => {
      // What it counted dies with it. One that is killed before it listens has told nobody anything.
      if (running !== null && (await isReady())) retriedBefore += await retried()
      if (running !== null) await stop(running, signal)
      running = null
    },
  }
}
