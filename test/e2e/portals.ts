/** Tenants with two HubSpot portals each, in this process: people who agree on some contacts, and edit both sides. */
import { makeHubspotSandbox, type HubspotSandbox } from "@concordat/providers/hubspot/sandbox/sandbox"
import type { WriteLogEntry } from "@concordat/providers/hubspot/sandbox/shapes"
import { listen, type Listening } from "@concordat/providers/hubspot/sandbox/shell"
import { createHash } from "node:crypto"

export const TOKEN = "pat-production"
export const SECRET = "client-secret"
export const OPERATOR = "operator-token-of-this-test"

export interface Portal {
  readonly tenant: string
  readonly side: "east" | "west"
  readonly sandbox: HubspotSandbox
  readonly listening: Listening
  readonly writes: Array<WriteLogEntry>
}

/** The same numbers for the same place each time. */
const chance = (seed: string): (() => number) => {
  let n = 0
  return () => createHash("sha256").update(`${seed} ${n++}`).digest().readUInt32BE(0) / 2 ** 32
}

export const PEOPLE = 6
/** Of a tenant's people the first ones are in the east, the last ones in the west, some in both. */
const isIn = (side: Portal["side"], n: number): boolean => (side === "east" ? n < 4 : n >= 2)
const personOf = (tenant: string, n: number) => ({
  email: `person${n}@${tenant}.example`,
  firstname: `Ada${n}`,
  lastname: `Lovelace${n}`,
})

export const makePortal = async (tenant: string, side: Portal["side"]): Promise<Portal> => {
  const writes: Array<WriteLogEntry> = []
  const sandbox = makeHubspotSandbox({
    now: () => Date.now(),
    random: chance(`${tenant} ${side}`),
    secret: SECRET,
    settings: { tokens: [TOKEN], indexLagMs: [100, 400], limits: { enforced: false } },
    onWrite: (entry) => void writes.push(entry),
  })
  const contacts = Array.from({ length: PEOPLE }, (_, n) => n)
    .filter((n) => isIn(side, n))
    .map((n) => ({ properties: personOf(tenant, n) }))
  sandbox.seed({ records: { contacts } })
  return { tenant, side, sandbox, listening: await listen(sandbox, 0), writes }
}

/** `publicUrl`: as webhooks call us, which their signatures are made over. */
export const configurationOf = (portals: ReadonlyArray<Portal>, publicUrl: string): string => {
  const tenants = [...Map.groupBy(portals, ({ tenant }) => tenant)].map(([tenant, own]) => {
    const connections = own.map(
      ({ listening, side }) => `
      - name: ${side}
        provider: hubspot
        settings: { baseUrl: ${JSON.stringify(listening.url)}, indexLagSeconds: "1" }
        credentials: { token: "\${HUBSPOT_TOKEN}", clientSecret: "\${HUBSPOT_SECRET}" }
        create: { contact: always }
        allowPrivateAddresses: true
        pollEvery: 5s`,
    )
    return `\n  - name: ${tenant}\n    connections:${connections.join("")}`
  })
  return `key: \${CONCORDAT_KEY}\nhttp: { token: "\${CONCORDAT_TOKEN}", publicUrl: ${JSON.stringify(publicUrl)} }\ntenants:${tenants.join("")}\n`
}

export const ENVIRONMENT = {
  CONCORDAT_KEY: "a key of at least sixteen characters",
  CONCORDAT_TOKEN: OPERATOR,
  HUBSPOT_TOKEN: TOKEN,
  HUBSPOT_SECRET: SECRET,
}

const shown = ({ properties }: { readonly properties: Readonly<Record<string, string>> }) =>
  ["email", "firstname", "lastname", "jobtitle"].map((name) => properties[name] ?? "").join(" ")

/** What two portals of a tenant differ in; empty: they have the same people, each once. */
export const difference = (east: Portal, west: Portal): ReadonlyArray<string> => {
  const [a, b] = [east, west].map(({ sandbox }) => sandbox.list("contacts").map(shown).toSorted())
  const faults = a!.filter((one) => !b!.includes(one)).map((one) => `${east.tenant}: only in the east: ${one}`)
  faults.push(...b!.filter((one) => !a!.includes(one)).map((one) => `${east.tenant}: only in the west: ${one}`))
  for (const [side, all] of [
    ["east", a],
    ["west", b],
  ] as const) {
    const mails = all!.map((one) => one.split(" ", 1)[0]!)
    for (const mail of new Set(mails))
      if (mails.filter((one) => one === mail).length > 1) faults.push(`${east.tenant}: twice in the ${side}: ${mail}`)
  }
  return faults
}

/** Writes of ours that a portal took more than once, by the key that they carry. */
export const repeats = ({ side, tenant, writes }: Portal): ReadonlyArray<string> => {
  const keys = writes.flatMap(({ by, traceId }) => (by === "INTEGRATION" && traceId !== undefined ? [traceId] : []))
  return keys.filter((key, n) => keys.indexOf(key) !== n).map((key) => `${tenant} ${side}: ${key} twice`)
}
