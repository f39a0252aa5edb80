/** The sandbox product on a socket: its two loops, and the back door as `POST /__sandbox__/{verb}` with a JSON array of arguments. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import { type AppSandbox, type Backdoor, makeAppSandbox } from "./sandbox.ts"
import type { SandboxOptions } from "./shapes.ts"

const BACK_DOOR = "/__sandbox__/"
const VERBS: ReadonlyArray<keyof Backdoor> = [
  "seed",
  "put",
  "get",
  "list",
  "archive",
  "log",
  "settings",
  "stats",
  "connect",
  "restart",
]
const isVerb = (text: string): text is keyof Backdoor => (VERBS as ReadonlyArray<string>).includes(text)

/** How long a loop with nothing to do waits before it looks again, ms. */
const IDLE_MS = 20

const argumentsOf = (body: string): ReadonlyArray<unknown> => {
  if (body === "") return []
  const given: unknown = JSON.parse(body)
  return Array.isArray(given) ? given : [given]
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString("utf8")
}

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { "content-type": "application/json" })
  response.end(JSON.stringify(body ?? null))
}

const answer = async (sandbox: AppSandbox, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await readBody(request)
  const { pathname } = new URL(request.url ?? "/", "http://sandbox.invalid")
  const verb = pathname.startsWith(BACK_DOOR) ? pathname.slice(BACK_DOOR.length) : ""
  if (!isVerb(verb)) return send(response, 404, { error: `no ${pathname}` })
  try {
    const method = sandbox[verb] as (...given: ReadonlyArray<unknown>) => unknown
    send(response, 200, method(...argumentsOf(body)))
  } catch (error) {
    send(response, 422, { error: String(error) })
  }
}

export interface Listening {
  readonly url: string
  readonly close: () => Promise<void>
}

export const listen = async (options: Omit<SandboxOptions, "fetch">, port: number): Promise<Listening> => {
  const closing = new AbortController()
  const sandbox = makeAppSandbox({
    ...options,
    fetch: (url, init) =>
      fetch(url, { ...init, signal: AbortSignal.any([closing.signal, AbortSignal.timeout(70_000)]) }),
  })
  const loop = async (step: () => Promise<number | null>): Promise<void> => {
    while (!closing.signal.aborted) {
      const again = await step()
      const wait = again === null ? IDLE_MS : Math.min(Math.max(again - options.now(), 0), IDLE_MS)
      await sleep(wait)
    }
  }
  const server = createServer((request, response) => {
    answer(sandbox, request, response).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : "failed"}\n`)
      if (!response.headersSent) send(response, 500, null)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, "127.0.0.1", resolve)
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  const loops = Promise.all([loop(sandbox.push), loop(sandbox.follow)])
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      closing.abort()
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
      await loops
    },
  }
}
