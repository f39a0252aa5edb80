/**
 * A first sync from the HubSpot sandbox in a process of its own, with its limits lifted: how fast records become entities,
 * and how much memory the engine's process takes. `npm run bench:backfill -- [contacts]` (default 100,000): a table, then
 * one line of JSON. Figures, no verdict. The pace is bounded by what the engine allows itself: 190 calls in ten seconds of
 * 100 records each.
 */
import { type Running, scriptOf, start, stop, urlOf } from "@concordat/cli/demo/processes"
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const CONTACTS = Number(process.argv[2] ?? 100_000)
const SEED_AT_ONCE = 5_000
const LOOK_MS = 500
const TOKEN = "bench-operator-token"

/** Long ago, or the poll after the first sync would find them all as just changed. */
const EDITED = Date.UTC(2025, 0, 1)

const contact = (n: number) => ({
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

const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024

const dir = mkdtempSync(join(tmpdir(), "concordat-backfill-"))
const running: Array<Running> = []
try {
  const settings = JSON.stringify({ tokens: ["pat"], limits: { enforced: false } })
  const sandbox = start(
    scriptOf("@concordat/providers/hubspot/sandbox/main"),
    ["--port", "0", "--settings", settings],
    {
      log: join(dir, "hubspot.log"),
    },
  )
  running.push(sandbox)
  const hubspot = await urlOf(sandbox)
  for (let at = 0; at < CONTACTS; at += SEED_AT_ONCE) {
    const contacts = Array.from({ length: Math.min(SEED_AT_ONCE, CONTACTS - at) }, (_, i) => contact(at + i))
    const answer = await fetch(`${hubspot}/__sandbox__/seed`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify([{ records: { contacts } }]),
    })
    if (!answer.ok) throw new Error(`seeding answered ${answer.status}: ${await answer.text()}`)
  }
  const port = await freePort()
  const file = join(dir, "concordat.yaml")
  writeFileSync(
    file,
    `store: ${join(dir, "concordat.sqlite")}
http: { port: ${port}, token: "\${OPERATOR}" }
tenants:
  - name: bench
    connections:
      - name: hubspot
        provider: hubspot
        settings: { baseUrl: "${hubspot}", plan: professional }
        credentials: { token: "\${HUBSPOT}" }
        allowPrivateAddresses: true
`,
  )
  const engine = start(scriptOf("@concordat/all-in-one/main"), [file], {
    env: { OPERATOR: TOKEN, HUBSPOT: "pat" },
    log: join(dir, "engine.log"),
  })
  running.push(engine)
  const began = Date.now()
  let peak = 0
  for (let isDone = false; !isDone;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    if (engine.child.exitCode !== null) throw new Error(readFileSync(join(dir, "engine.log"), "utf8").slice(-2_000))
    peak = Math.max(peak, memoryOf(engine.child.pid!))
    const answer = await fetch(`http://127.0.0.1:${port}/operator/tenants/bench/status`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    }).catch(() => null)
    if (answer === null || !answer.ok) continue
    const status = (await answer.json()) as {
      readonly behind: number
      readonly connections: ReadonlyArray<{ readonly backfill: { readonly state: string }; readonly linked: number }>
    }
    isDone = status.behind === 0 && status.connections[0]?.backfill.state === "done"
    if (process.stderr.isTTY) process.stderr.write(`\r${status.connections[0]?.linked ?? 0} of ${CONTACTS} `)
  }
  const seconds = (Date.now() - began) / 1_000
  const row = {
    contacts: CONTACTS,
    seconds: Math.round(seconds * 10) / 10,
    recordsPerSecond: Math.round(CONTACTS / seconds),
    peakRssMb: Math.round(peak),
    storeMb: Math.round(statSync(join(dir, "concordat.sqlite")).size / 1e6),
  }
  console.table([row])
  process.stdout.write(`${JSON.stringify(row)}\n`)
} finally {
  for (const one of running.toReversed()) await stop(one)
  rmSync(dir, { recursive: true, force: true })
}
