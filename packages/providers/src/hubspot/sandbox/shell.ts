/** The sandbox on a socket: HubSpot's API, and the back door as `POST /__sandbox__/{verb}` with a JSON array of arguments. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { HubspotSandbox } from "./sandbox.ts"
import type { Delivery } from "./webhooks.ts"

const BACK_DOOR = "/__sandbox__/"
const VERBS = [
  "seed",
  "put",
  "get",
  "list",
  "archive",
  "restore",
  "erase",
  "merge",
  "calculate",
  "failNext",
  "advance",
  "settings",
  "log",
  "writes",
  "counts",
] as const
type Verb = (typeof VERBS)[number]

const isVerb = (text: string): text is Verb => (VERBS as ReadonlyArray<string>).includes(text)

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const send = (
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void => {
  response.writeHead(status, headers)
  response.end(body)
}

/** One argument may stand alone; several come as an array. */
const argumentsOf = (body: Buffer): ReadonlyArray<unknown> => {
  if (body.length === 0) return []
  const given: unknown = JSON.parse(body.toString("utf8"))
  return Array.isArray(given) ? given : [given]
}

const backdoor = (sandbox: HubspotSandbox, verb: string, body: Buffer, response: ServerResponse): void => {
  if (!isVerb(verb)) return send(response, 404, {}, JSON.stringify({ error: `no verb ${verb}` }))
  try {
    const method = sandbox[verb] as (...given: ReadonlyArray<unknown>) => unknown
    send(response, 200, { "content-type": "application/json" }, JSON.stringify(method(...argumentsOf(body)) ?? null))
  } catch (error) {
    send(response, 422, { "content-type": "application/json" }, JSON.stringify({ error: String(error) }))
  }
}

const answer = async (sandbox: HubspotSandbox, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await readBody(request)
  const url = request.url ?? "/"
  if (url.startsWith(BACK_DOOR)) return backdoor(sandbox, url.slice(BACK_DOOR.length), body, response)
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  )
  const done = sandbox.handle({ method: request.method ?? "GET", url, headers, body })
  if (done.dropped === true) return void request.socket.destroy()
  send(response, done.status, done.headers, done.body)
}

/** HubSpot waits five seconds and has at most ten deliveries under way. */
const deliver = async (sandbox: HubspotSandbox, delivery: Delivery): Promise<void> => {
  try {
    const response = await fetch(delivery.url, {
      method: delivery.method,
      headers: delivery.headers,
      body: delivery.body,
      signal: AbortSignal.timeout(5_000),
    })
    await response.arrayBuffer()
    if (!response.ok) sandbox.undelivered(delivery)
  } catch (error) {
    process.stderr.write(`webhook not delivered: ${String(error)}\n`)
    sandbox.undelivered(delivery)
  }
}

export interface Listening {
  readonly url: string
  readonly close: () => Promise<void>
}

export const listen = (sandbox: HubspotSandbox, port: number): Promise<Listening> => {
  const server: Server = createServer((request, response) => {
    answer(sandbox, request, response).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      if (!response.headersSent) send(response, 500, {}, "")
    })
  })
  let underWay = 0
  const timer = setInterval(() => {
    if (underWay >= 10) return
    for (const delivery of sandbox.takeWebhooks()) {
      underWay += 1
      void deliver(sandbox, delivery).finally(() => (underWay -= 1))
    }
  }, 50)
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, "127.0.0.1", () => {
      const address = server.address()
      if (address === null || typeof address === "string") return reject(new Error("no port"))
      resolve({
        url: `http://127.0.0.1:${address.port}`,
        close: () =>
          new Promise((closed) => {
            clearInterval(timer)
            server.closeAllConnections()
            server.close(() => closed())
          }),
      })
    })
  })
}
