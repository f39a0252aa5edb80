/** The sandbox in a process of its own, with HubSpot's official client before it. */
import { Client } from "@hubspot/api-client"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { afterAll, assert, beforeAll, beforeEach } from "vitest"

export interface SandboxProcess {
  readonly url: string
  readonly client: Client
  readonly backdoor: <A = unknown>(verb: string, ...args: ReadonlyArray<unknown>) => Promise<A>
}

/** Starts it before the tests of the file, puts its settings back before each, and ends it after them. */
export const useSandbox = (): SandboxProcess => {
  let sandbox: ChildProcess
  let url = ""
  let client: Client

  const backdoor: SandboxProcess["backdoor"] = async <A = unknown>(verb: string, ...args: ReadonlyArray<unknown>) => {
    const answer = await fetch(`${url}/__sandbox__/${verb}`, { method: "POST", body: JSON.stringify(args) })
    const body = await answer.json()
    assert.strictEqual(answer.status, 200, JSON.stringify(body))
    return body as A
  }

  beforeAll(async () => {
    sandbox = spawn(process.execPath, [new URL("../sandbox/main.ts", import.meta.url).pathname, "--port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    const [line] = (await once(createInterface({ input: sandbox.stdout! }), "line")) as [string]
    url = (JSON.parse(line) as { url: string }).url
    client = new Client({ accessToken: "pat-na1-sandbox", basePath: url, numberOfApiCallRetries: 0 })
  }, 60_000)

  beforeEach(() =>
    backdoor("settings", {
      tokens: ["pat-na1-sandbox"],
      limits: { enforced: false },
      indexLagMs: [0, 0],
      conflictNamesId: true,
      webhooks: { target: null },
    }),
  )

  afterAll(async () => {
    sandbox.kill("SIGTERM")
    const [code] = (await once(sandbox, "exit")) as [number]
    assert.strictEqual(code, 0)
  })

  return {
    get url() {
      return url
    },
    get client() {
      return client
    },
    backdoor,
  }
}

/** The error that the official client makes of an answer. */
export const failing = async (
  call: Promise<unknown>,
): Promise<{ code: number; body: { message: string; category: string } }> =>
  call.then(
    () => assert.fail("the call was answered"),
    (error: unknown) => {
      const { code, body } = error as { code: number; body: string | { message: string; category: string } }
      return { code, body: typeof body === "string" ? JSON.parse(body) : body }
    },
  )
