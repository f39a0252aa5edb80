/** A whole Concordat in this process, between sandboxes, with everything that it logs kept. */
import { layer as logging } from "@concordat/adapters/log-pino/LogPino"
import { type Concordat, makeConcordat } from "@concordat/all-in-one/Concordat"
import { readMapping, readRules } from "@concordat/all-in-one/config/documents"
import { readConfig } from "@concordat/all-in-one/config/read"
import { makeCatalogue } from "@concordat/all-in-one/providers"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { request } from "node:http"
import { CANARY } from "./hostile.ts"

export const TENANT = "acme"
export const SECRETS = {
  operator: "operator-token-6d1f",
  app: "app-token-6d1f",
  hubspot: "pat-na1-sandbox",
  client: "client-secret-6d1f",
  odoo: "admin",
  key: "a-key-of-at-least-sixteen-6d1f",
  hook: "odoo-hook-secret-6d1f",
}

/** Secrets and values of persons in what was logged. `admin` is a name as well as Odoo's password. */
export const leaksIn = (log: string): ReadonlyArray<string> =>
  [CANARY, ...Object.values(SECRETS)]
    .filter((secret) => secret !== SECRETS.odoo && log.includes(secret))
    .map((secret) => `in the log: ${secret}`)

const configuration = (at: { readonly hubspot: string; readonly odoo: string }): string => `store: ":memory:"
key: \${KEY}
http: { host: 127.0.0.1, port: 0, token: "\${OPERATOR}" }
tenants:
  - name: ${TENANT}
    connections:
      - { name: app, provider: app, credentials: { token: "\${APP}" } }
      - name: hubspot
        provider: hubspot
        settings: { baseUrl: "${at.hubspot}", indexLagSeconds: "1" }
        credentials: { token: "\${HUBSPOT}", clientSecret: "\${CLIENT}" }
        allowPrivateAddresses: true
      - name: odoo
        provider: odoo
        settings: { url: "${at.odoo}", database: crm17, login: admin }
        credentials: { apiKey: "\${ODOO}", webhookSecret: "\${HOOK}" }
        allowPrivateAddresses: true
`

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
}
export interface Answer {
  readonly status: number
  readonly text: string
}

export interface Engine {
  readonly url: string
  readonly concordat: Concordat
  readonly ask: (asked: Asked) => Promise<Answer>
  readonly log: () => string
  /** What can't go on, or had to be started again. */
  readonly faults: () => ReadonlyArray<string>
  readonly stop: () => Promise<void>
}

const MOST_WAIT_MS = 10_000
/** A stream of events does not end: so much of it is enough. */
const ENOUGH_MS = 100

/** A socket that is closed before anything is said is status 0: nothing that a client could work with. */
const askAt = (url: string, { body, headers, method, path }: Asked): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const given = body === null ? headers : { "content-length": String(body.length), ...headers }
    const sent = request({ hostname, port, method, path, headers: given, timeout: MOST_WAIT_MS, agent: false })
    sent.once("timeout", () => sent.destroy(new Error(`no answer within ${MOST_WAIT_MS} ms`)))
    sent.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EPIPE" || error.code === "ECONNRESET" ? resolve({ status: 0, text: "" }) : reject(error),
    )
    sent.once("response", (answer) => {
      const chunks: Array<Buffer> = []
      const done = (): void => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") })
      answer.on("data", (chunk: Buffer) => chunks.push(chunk))
      answer.once("end", done)
      if (!/event-stream/.test(answer.headers["content-type"] ?? "")) return
      setTimeout(() => {
        done()
        sent.destroy()
      }, ENOUGH_MS)
    })
    sent.end(body ?? undefined)
  })

export const startEngine = async (at: { readonly hubspot: string; readonly odoo: string }): Promise<Engine> => {
  const catalogue = makeCatalogue()
  const read = readConfig(
    { name: "concordat.yaml", text: configuration(at) },
    Object.fromEntries(Object.entries(SECRETS).map(([name, value]) => [name.toUpperCase(), value])),
    {
      providers: catalogue.providers,
      mapping: readMapping,
      rules: readRules,
      store: () => null,
      file: () => null,
    },
  )
  if (Result.isFailure(read)) throw new Error(read.failure.message)
  let log = ""
  const scope = await Effect.runPromise(Scope.make())
  const destination = { write: (line: string) => void (log += line) }
  const concordat = await Effect.runPromise(
    makeConcordat(read.success, catalogue).pipe(Scope.provide(scope), Effect.provide(logging({ destination }))),
  )
  const isUp = (): boolean =>
    ["app", "hubspot", "odoo"].every((name) => concordat.connections.running(TENANT, name) !== undefined)
  while (!isUp()) await new Promise((resolve) => setTimeout(resolve, 50))
  return {
    url: concordat.url,
    concordat,
    ask: (asked) => askAt(concordat.url, asked),
    log: () => log,
    faults: () => [...concordat.workers].flatMap(([name, { error }]) => (error === null ? [] : [`${name}: ${error}`])),
    stop: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
