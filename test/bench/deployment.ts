/** A whole Concordat as people run it, in a process of its own, before HubSpot sandboxes in theirs. */
import type { TenantStatus } from "@concordat/api/operator/views"
import { knock } from "@concordat/cli/demo/oracle/fetch"
import { type Running, scriptOf, start, stop, urlOf } from "@concordat/cli/demo/processes"
import { readFileSync, writeFileSync } from "node:fs"
import { get } from "node:http"
import { createServer } from "node:net"
import { join } from "node:path"
import { TENANT } from "./engine.ts"

export const TOKEN = "bench-operator-token"
export const SECRET = "bench-client-secret"
const PAT = "pat"
const READY_MS = 30_000
const SEED_AT_ONCE = 5_000
/** Long ago, or the poll after the first sync would find them all as just changed. */
const EDITED = Date.UTC(2025, 0, 1)

/** A portal of the plan Professional: 190 calls in ten seconds, five searches a second. */
export const REAL_LIMITS = { enforced: true, burst: 190, searchPerSecond: 5, daily: 625_000, dayBeginsAtHour: 5 }
export const NO_LIMITS = { enforced: false }

export const contact = (n: number) => ({
  createdAt: EDITED,
  updatedAt: EDITED,
  properties: {
    email: `person${n}@firm${n % 9_973}.example`,
    firstname: `Given${n % 499}`,
    lastname: `Family${n % 7_919}`,
    jobtitle: "Head of Purchasing",
    phone: `+49 30 ${1_000_000 + n}`,
    city: "Berlin",
    country: "Germany",
    address: `Teststrasse ${n % 200}`,
    zip: "10115",
    lifecyclestage: "lead",
  },
})

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

/** On a connection of its own, which nobody keeps open and the engine's end would wait for. */
const answersOk = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const call = get(url, { agent: false, timeout: 1_000 }, (answer) => {
      answer.resume()
      answer.once("end", () => resolve(answer.statusCode === 200))
    })
    call.once("timeout", () => call.destroy())
    call.once("error", () => resolve(false))
    call.once("close", () => resolve(false))
  })

export interface Portal {
  readonly name: string
  readonly url: string
  readonly call: <A>(verb: string, ...args: ReadonlyArray<unknown>) => Promise<A>
  /** The contacts' ids, in their order. */
  readonly seed: (count: number) => Promise<ReadonlyArray<string>>
}

export interface ConnectionOptions {
  readonly name: string
  readonly pollEvery?: string
  readonly create?: "never" | "always"
}

export interface Deployment {
  readonly url: string
  /** Resolves when it answers that it is ready; seconds since it was started. */
  readonly start: () => Promise<number>
  readonly stop: () => Promise<void>
  readonly pid: () => number
  readonly status: () => Promise<TenantStatus>
  readonly ask: (request: object) => Promise<void>
}

/** Everything that is started here ends with `end`. */
export class Bench {
  readonly #dir: string
  readonly #running: Array<Running> = []

  constructor(dir: string) {
    this.#dir = dir
  }

  async portal(name: string, settings: object): Promise<Portal> {
    const given = JSON.stringify({ tokens: [PAT], indexLagMs: [0, 0], ...settings })
    const sandbox = start(
      scriptOf("@concordat/providers/hubspot/sandbox/main"),
      ["--port", "0", "--secret", SECRET, "--settings", given],
      { log: join(this.#dir, `${name}.log`) },
    )
    this.#running.push(sandbox)
    const url = await urlOf(sandbox)
    const call = async <A>(verb: string, ...args: ReadonlyArray<unknown>) => (await knock(url, verb, args)) as A
    const seed = async (count: number) => {
      const ids: Array<string> = []
      for (let at = 0; at < count; at += SEED_AT_ONCE) {
        const contacts = Array.from({ length: Math.min(SEED_AT_ONCE, count - at) }, (_, i) => contact(at + i))
        const planted = await call<Record<string, ReadonlyArray<string>>>("seed", { records: { contacts } })
        ids.push(...planted["contacts"]!)
      }
      return ids
    }
    return { name, url, call, seed }
  }

  get store(): string {
    return join(this.#dir, "concordat.sqlite")
  }

  async engine(portals: ReadonlyArray<readonly [Portal, ConnectionOptions]>): Promise<Deployment> {
    const port = await freePort()
    const file = join(this.#dir, "concordat.yaml")
    const connections = portals.map(
      ([portal, { create = "never", name, pollEvery = "1h" }]) => `      - name: ${name}
        provider: hubspot
        settings: { baseUrl: "${portal.url}", plan: professional, indexLagSeconds: "1" }
        credentials: { token: "\${HUBSPOT}", clientSecret: "\${SECRET}" }
        create: { contact: ${create}, company: ${create}, deal: ${create}, activity: ${create} }
        allowPrivateAddresses: true
        pollEvery: ${pollEvery}
`,
    )
    writeFileSync(
      file,
      `store: ${this.store}
http: { port: ${port}, token: "\${OPERATOR}" }
tenants:
  - name: ${TENANT}
    region: DE
    connections:
${connections.join("")}`,
    )
    const url = `http://127.0.0.1:${port}`
    const log = join(this.#dir, "engine.log")
    let engine: Running | null = null
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" }
    const operator = async (path: string, init: RequestInit = {}) => {
      if (engine?.child.exitCode != null) throw new Error(readFileSync(log, "utf8").slice(-2_000))
      const answer = await fetch(`${url}/operator/tenants/${TENANT}${path}`, { headers, ...init })
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
      return answer
    }
    return {
      url,
      pid: () => engine!.child.pid!,
      start: async () => {
        const from = performance.now()
        const env = { OPERATOR: TOKEN, HUBSPOT: PAT, SECRET }
        engine = start(scriptOf("@concordat/all-in-one/main"), [file], { env, log })
        this.#running.push(engine)
        for (;;) {
          const isReady = await answersOk(`${url}/readyz`)
          const took = performance.now() - from
          if (isReady) return took / 1_000
          if (engine.child.exitCode !== null || took > READY_MS)
            throw new Error(`the engine is not ready: ${readFileSync(log, "utf8").slice(-2_000)}`)
          await pause(10)
        }
      },
      stop: async () => {
        if (engine !== null) await stop(engine)
      },
      status: async () => (await (await operator("/status")).json()) as TenantStatus,
      ask: async (request) => {
        await operator("/requests", { method: "POST", body: JSON.stringify(request) })
      },
    }
  }

  async end(): Promise<void> {
    for (const one of this.#running.toReversed()) await stop(one)
  }
}

/** Looks at the status until it says so. */
export const untilStatus = async (
  engine: Deployment,
  isTrue: (status: TenantStatus) => boolean,
  everyMs = 200,
  withinMs = 900_000,
): Promise<TenantStatus> => {
  for (const end = Date.now() + withinMs; ; await pause(everyMs)) {
    const status = await engine.status()
    if (isTrue(status)) return status
    if (Date.now() > end) throw new Error(`not within ${withinMs / 1_000} s: ${JSON.stringify(status).slice(0, 2_000)}`)
  }
}

/** A process that has just started knows of no connection yet. */
export const isRead = ({ behind, connections }: TenantStatus): boolean =>
  behind === 0 &&
  connections.length > 0 &&
  connections.every(({ backfill, idle }) => backfill.state === "done" && idle === true)

/** Calls that were answered with "too many", as the engine counted them. */
export const refusedCalls = ({ connections }: TenantStatus): number =>
  connections.reduce((sum, { worker }) => sum + (worker?.calls?.["rateLimited"] ?? 0), 0)

export const withBench = async <A>(dir: string, use: (bench: Bench) => Promise<A>): Promise<A> => {
  const bench = new Bench(dir)
  try {
    return await use(bench)
  } finally {
    await bench.end()
  }
}

export const THREE_PROCESSES =
  "the engine in a process of its own (main thread and SQLite's), each sandbox in one, the clock in a third; not pinned to cores"
