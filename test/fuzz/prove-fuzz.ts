/** `npm run prove -- --fuzz`: seeded tries of every input from outside, as many as there is time for. */
import { listen } from "@concordat/providers/hubspot/sandbox/shell"
import { makeHubspotSandbox } from "@concordat/providers/hubspot/sandbox/sandbox"
import { startDatabase } from "@concordat/providers/odoo/testing/database"
import * as fc from "fast-check"
import { answers, type Sandbox } from "./answers.ts"
import { documents } from "./documents.ts"
import { leaksIn, SECRETS, startEngine } from "./engine.ts"
import { CANARY } from "./hostile.ts"
import { requests } from "./requests.ts"
import { running } from "./running.ts"
import type { Target } from "./target.ts"
import { webhooks } from "./webhooks.ts"

export interface FuzzOptions {
  readonly seconds: number
  readonly seed: number
  readonly isJson: boolean
  readonly out: (line: string) => void
  /** Names of targets; absent: all of them. */
  readonly only?: ReadonlyArray<string>
}

export interface Fuzzed {
  readonly name: string
  readonly tries: number
  readonly faults: ReadonlyArray<string>
}

const SHOWN = 600
const person = (n: number) => ({
  email: `person${n}@acme.example`,
  firstname: `Ada${n}`,
  lastname: "Lovelace",
  jobtitle: CANARY,
})

const sandboxes = async () => {
  let state = 7
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  const hubspot = makeHubspotSandbox({
    now: () => Date.now(),
    random,
    secret: SECRETS.client,
    // Less than the connections are told (`indexLagSeconds`): what is found later than that only reading again would find.
    settings: { limits: { enforced: false }, indexLagMs: [0, 500] },
  })
  hubspot.seed({ records: { contacts: Array.from({ length: 120 }, (_, n) => ({ properties: person(n) })) } })
  const [portal, database] = await Promise.all([listen(hubspot, 0), startDatabase(17)])
  const ids = hubspot
    .list("contacts")
    .slice(0, 5)
    .map(({ id }) => id)
  const ofHubspot: Sandbox = {
    provider: "hubspot",
    url: portal.url,
    object: "contacts",
    ids,
    fields: ["email", "firstname", "lastname", "@companies"],
    settings: (baseUrl) => ({ baseUrl, indexLagSeconds: "1" }),
    credentials: { token: SECRETS.hubspot, clientSecret: SECRETS.client },
  }
  const ofOdoo: Sandbox = {
    provider: "odoo",
    url: database.url,
    object: "res.partner",
    ids: ["1", "2", "3"],
    fields: ["name", "email", "phone"],
    settings: (url) => ({ url, database: "crm17", login: "admin" }),
    credentials: { apiKey: "admin", webhookSecret: SECRETS.hook },
  }
  const close = async (): Promise<void> => {
    await portal.close()
    await database.stop()
  }
  return { ofHubspot, ofOdoo, hubspot: { url: portal.url, backdoor: hubspot }, odoo: database, close }
}

/** However slow the machine, and however little time there is for a target. */
const LEAST_TRIES = 8

const fuzz = async (target: Target, seed: number, ms: number): Promise<Fuzzed> => {
  const property = target.property as fc.IAsyncProperty<[unknown]>
  const faults: Array<string> = []
  let tries = 0
  const check = async (options: fc.Parameters<[unknown]>): Promise<void> => {
    const found = await fc.check(property, options)
    tries += found.numRuns
    // Without a counterexample it was the time that ended before the first try.
    if (!found.failed || found.counterexample === null) return
    const input = fc.stringify(found.counterexample)
    faults.push(
      `${String(found.errorInstance ?? "failed")} (seed ${found.seed}, path ${found.counterexamplePath}): ${input.slice(0, SHOWN)}`,
    )
  }
  const end = Date.now() + ms
  await check({ seed, numRuns: LEAST_TRIES })
  const left = end - Date.now()
  if (left > 0 && faults.length === 0)
    await check({
      // Other tries than those that were made.
      seed: -1 - seed,
      numRuns: 1_000_000,
      interruptAfterTimeLimit: left,
      skipAllAfterTimeLimit: left + 10_000,
      markInterruptAsFailure: false,
    })
  await target.afterwards?.().catch((error: unknown) => void faults.push(String(error)))
  return { name: target.name, tries, faults }
}

export const playFuzz = async (options: FuzzOptions): Promise<ReadonlyArray<Fuzzed>> => {
  const stray: Array<string> = []
  const note = (error: unknown): void =>
    void stray.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.on("unhandledRejection", note).on("uncaughtException", note)
  const { close, hubspot, odoo, ofHubspot, ofOdoo } = await sandboxes()
  const engine = await startEngine({ hubspot: ofHubspot.url, odoo: ofOdoo.url })
  const liars = [await answers(ofHubspot), await answers(ofOdoo)]
  const lied = await running({ hubspot, odoo })
  const all: Array<Fuzzed> = []
  try {
    const targets = [documents(), webhooks(engine), requests(engine), ...liars, lied].filter(
      ({ name }) => options.only?.includes(name) ?? true,
    )
    for (const target of targets) {
      const one = await fuzz(target, options.seed, (options.seconds * 1_000) / targets.length)
      const found = [...stray.splice(0), ...leaksIn(engine.log()), ...engine.faults()]
      const result = { ...one, faults: [...one.faults, ...found] }
      all.push(result)
      options.out(
        `${result.name.padEnd(24)}${String(result.tries).padStart(8)} tries  ${result.faults.length === 0 ? "holds" : "FAILS"}`,
      )
      for (const fault of result.faults.slice(0, 5)) options.out(`  ${fault}`)
    }
  } finally {
    for (const target of [...liars, lied]) await target.close()
    await engine.stop()
    await close()
    process.off("unhandledRejection", note).off("uncaughtException", note)
  }
  return all
}

export const proveFuzz = async (options: FuzzOptions): Promise<boolean> => {
  const all = await playFuzz(options)
  if (options.isJson)
    process.stdout.write(
      `${JSON.stringify({ fuzz: all.map(({ faults, name, tries }) => ({ name, tries, faults: faults.length })) })}\n`,
    )
  return all.every(({ faults }) => faults.length === 0)
}
