/** The process as a whole: it starts from a file, answers, and is gone within five seconds of being told to. */
import { VERSION } from "@concordat/engine/version"
import { assert, describe, it } from "@effect/vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach } from "vitest"

const ROOT = join(import.meta.dirname, "../../..")
const CLI = join(import.meta.dirname, "../../cli/src/main.ts")
const children: Array<ChildProcess> = []
const directories: Array<string> = []

afterEach(() => {
  for (const child of children.splice(0))
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL")
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  return typeof address === "object" && address !== null ? address.port : assert.fail("no port")
}

const configured = (text: string): string => {
  const directory = mkdtempSync(join(tmpdir(), "concordat-up-"))
  directories.push(directory)
  const path = join(directory, "concordat.yaml")
  writeFileSync(path, text)
  return path
}

interface Started {
  readonly child: ChildProcess
  readonly said: () => string
  readonly ended: Promise<unknown>
}

const started = (
  path: string,
  environment: Readonly<Record<string, string>>,
  [command, ...words]: readonly [string, ...ReadonlyArray<string>] = [process.execPath, CLI],
): Started => {
  const child = spawn(command, [...words, "up", "-c", path], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  })
  children.push(child)
  let said = ""
  child.stdout.on("data", (part) => (said += String(part)))
  child.stderr.on("data", (part) => (said += String(part)))
  return { child, said: () => said, ended: once(child, "exit") }
}

const until = async (url: string, { child, said }: Started): Promise<Response> => {
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) assert.fail(`ended with ${child.exitCode}: ${said()}`)
    const answer = await fetch(url).catch(() => null)
    if (answer?.ok === true) return answer
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return assert.fail(`no answer from ${url}: ${said()}`)
}

const authorised = { headers: { authorization: "Bearer operators-token" } }

describe("concordat up", () => {
  it("starts with an empty tenant, answers, and ends on SIGTERM within five seconds", async () => {
    const port = await freePort()
    const path = configured(`store: store.db
http:
  port: ${port}
  token: \${OPERATOR}
tenants:
  - name: acme
    connections: []
`)
    const from = performance.now()
    const process = started(path, { OPERATOR: "operators-token" })
    const base = `http://127.0.0.1:${port}`
    await until(`${base}/readyz`, process)
    const startMs = performance.now() - from
    assert.strictEqual(await (await fetch(`${base}/healthz`)).text(), "ok")
    const status = await fetch(`${base}/operator/tenants/acme/status`, authorised)
    assert.deepStrictEqual(await status.json(), {
      tenant: "acme",
      version: VERSION,
      behind: 0,
      behindMs: 0,
      connections: [],
    })
    assert.strictEqual((await fetch(`${base}/operator/tenants/acme/status`)).status, 401)
    const headers = { ...authorised.headers, "content-type": "application/json" }
    const huge = { headers, method: "POST", body: " ".repeat(6 * 1024 * 1024) }
    assert.strictEqual((await fetch(`${base}/operator/tenants/acme/requests`, huge)).status, 413)
    assert.strictEqual((await fetch(`${base}/webhooks/acme/hubspot`, { method: "POST", body: "{}" })).status, 404)

    // A line that is held open must not hold the process.
    const tail = await fetch(`${base}/operator/tenants/acme/events?after=start`, authorised)
    assert.strictEqual(tail.status, 200)
    const at = performance.now()
    process.child.kill("SIGTERM")
    assert.deepStrictEqual(await process.ended, [0, null], process.said())
    // A start takes a second or two; where it takes longer the machine is that much slower.
    assert.isBelow(performance.now() - at, Math.max(5_000, 3 * startMs))
    await tail.body?.cancel().catch(() => {})
  })

  it("ends on SIGTERM also where npm was told, and leaves nobody behind", async () => {
    const port = await freePort()
    const path = configured(`store: store.db
http: { port: ${port}, token: "\${OPERATOR}" }
tenants: [{ name: acme, connections: [] }]
`)
    const npm = ["npm", "run", "--silent", "concordat", "--"] as const
    const process = started(path, { OPERATOR: "operators-token" }, npm)
    await until(`http://127.0.0.1:${port}/readyz`, process)
    process.child.kill("SIGTERM")
    assert.deepStrictEqual(await process.ended, [0, null], process.said())
    const left = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null)
    assert.isNull(left)
  })

  it("takes what the app puts, shows it to the operator, and says the same after a restart", async () => {
    const port = await freePort()
    const path = configured(`store: store.db
http:
  port: ${port}
  token: \${OPERATOR}
tenants:
  - name: acme
    region: DE
    connections:
      - name: product
        provider: app
        credentials:
          token: \${APP}
`)
    const environment = { OPERATOR: "operators-token", APP: "the-products-token" }
    const base = `http://127.0.0.1:${port}`
    const links = async (): Promise<unknown> =>
      (await fetch(`${base}/operator/tenants/acme/links?type=contact`, authorised)).json()

    const first = started(path, environment)
    await until(`${base}/readyz`, first)
    const app = { authorization: "Bearer the-products-token", "content-type": "application/json" }
    const put = async (): Promise<number> => {
      const answer = await fetch(`${base}/v1/acme/product/contact/7`, {
        method: "PUT",
        headers: { ...app, "idempotency-key": "k1" },
        body: JSON.stringify({ values: { email: "ada@example.org" }, basedOn: null }),
      })
      return answer.status
    }
    let status = await put()
    for (let tries = 0; status === 503 && tries < 500; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      status = await put()
    }
    assert.strictEqual(status, 200, first.said())
    let found = await links()
    for (let tries = 0; JSON.stringify(found).includes('"items":[]') && tries < 500; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      found = await links()
    }
    assert.include(JSON.stringify(found), '"primary":{"object":"contact","id":"7"}')
    // Names that nobody configured, and ids, make no series.
    await fetch(`${base}/v1/stranger/product/contact/grace@example.org`, { headers: app })
    assert.strictEqual((await fetch(`${base}/metrics`)).status, 401)
    const metrics = await (await fetch(`${base}/metrics`, authorised)).text()
    const at = 'tenant="acme",connection="product"'
    for (const line of [
      `concordat_build_info{version="${VERSION}"} 1`,
      `concordat_facts_appended_total{${at}} 1`,
      `concordat_decisions_total{${at},decision="created"} 1`,
      `concordat_connection_armed{${at}} 0`,
      `concordat_writes_total{${at},outcome="written"} 0`,
      'concordat_reconciler_lag_facts{tenant="acme"} 0',
      `concordat_http_request_duration_seconds_count{part="app",method="PUT",${at},status="2xx"} 1`,
    ])
      assert.include(metrics, `${line}\n`)
    for (const secret of ["stranger", "@example.org", "the-products-token"]) assert.notInclude(metrics, secret)
    first.child.kill("SIGTERM")
    assert.deepStrictEqual(await first.ended, [0, null], first.said())

    const second = started(path, environment)
    await until(`${base}/readyz`, second)
    assert.deepStrictEqual(await links(), found)
    const events = await fetch(`${base}/operator/tenants/acme/status`, authorised)
    assert.include(await events.text(), '"armed":false')
    // Nothing in the configuration changed, so nothing is said of it again.
    assert.notInclude(second.said(), "configuration changed")
    assert.notInclude(first.said() + second.said(), "ada@example.org")
    assert.notInclude(first.said() + second.said(), "the-products-token")
    second.child.kill("SIGINT")
    assert.deepStrictEqual(await second.ended, [0, null], second.said())
  })

  it("ends at once with every fault of its configuration", async () => {
    const path = configured("http:\n  token: ${NOT_SET}\n  port: 99999\ntenants: []\n")
    const process = started(path, {})
    assert.deepStrictEqual(await process.ended, [1, null])
    assert.include(
      process.said(),
      "concordat.yaml:2  http.token (not shown) names the variable NOT_SET, which is not set",
    )
    assert.include(process.said(), "concordat.yaml:3  http.port (99999) has to be a value between 0 and 65535")
  })

  it("takes its port before it opens anything, and says what to do where it is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    const text = `store: store.db\nhttp:\n  port: ${port}\n  token: \${OPERATOR}\ntenants:\n  - name: acme\n    connections:\n`
    const path = configured(
      `${text}      - name: product\n        provider: app\n        credentials: { token: "\${OPERATOR}" }\n`,
    )
    const taken = started(path, { OPERATOR: "operators-token" })
    assert.deepStrictEqual(await taken.ended, [1, null], taken.said())
    assert.include(
      taken.said(),
      `http.port ${port} on 127.0.0.1 is in use by another process: stop that one, or set another http.port`,
    )
    // The port comes first: nothing was opened, and nothing is in a journal.
    for (const file of ["store.db", "store.db.key"]) assert.isFalse(existsSync(join(path, "..", file)), file)
    server.close()
    await once(server, "close")
  })

  it("says that its key is gone or none, and what to do", async () => {
    const port = await freePort()
    const path = configured(
      `store: store.db\nhttp:\n  port: ${port}\n  token: \${OPERATOR}\ntenants:\n  - name: acme\n    connections:\n      - name: product\n        provider: app\n        credentials: { token: "\${OPERATOR}" }\n`,
    )
    // From now on there is something in the store that the key belongs to.
    const free = started(path, { OPERATOR: "operators-token" })
    await until(`http://127.0.0.1:${port}/readyz`, free)
    free.child.kill("SIGTERM")
    await free.ended
    rmSync(join(path, "../store.db.key"))
    const keyless = started(path, { OPERATOR: "operators-token" })
    assert.deepStrictEqual(await keyless.ended, [1, null], keyless.said())
    assert.match(keyless.said(), /the store has content and its key .*store\.db\.key is gone\. Put the copy back/)
    writeFileSync(join(path, "../store.db.key"), "short\n")
    const short = started(path, { OPERATOR: "operators-token" })
    assert.deepStrictEqual(await short.ended, [1, null], short.said())
    assert.match(short.said(), /holds no key of at least 16 characters/)
  })

  it("does not share its store with another process", async () => {
    const port = await freePort()
    const text = (at: number): string => `store: store.db\nhttp:\n  port: ${at}\n  token: \${OPERATOR}\ntenants: []\n`
    const path = configured(text(port))
    const first = started(path, { OPERATOR: "t" })
    await until(`http://127.0.0.1:${port}/healthz`, first)
    writeFileSync(path, text(await freePort()))
    const second = started(path, { OPERATOR: "t" })
    assert.deepStrictEqual(await second.ended, [1, null])
    assert.match(second.said(), /locked/)
    first.child.kill("SIGTERM")
    assert.deepStrictEqual(await first.ended, [0, null], first.said())
  })
})
