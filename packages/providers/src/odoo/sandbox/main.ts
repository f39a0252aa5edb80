/** The sandbox as a process of its own: `node main.ts --version 17 --port 0 [--log file] [--database name]`. */
import { appendFileSync } from "node:fs"
import { createServer } from "node:http"
import { parseArgs } from "node:util"
import { setTimeout as wait } from "node:timers/promises"
import { makeOdooSandbox } from "./sandbox.ts"
import type { WebhookPost } from "./wire.ts"

const { values } = parseArgs({
  options: {
    version: { type: "string", default: "17" },
    port: { type: "string", default: "0" },
    log: { type: "string" },
    database: { type: "string" },
  },
})

/** One second, no second try: what fails is noted on stderr and lost, as with the real rules. */
const deliver = async (post: WebhookPost): Promise<void> => {
  if (post.delayMs > 0) await wait(post.delayMs)
  try {
    const answer = await fetch(post.url, {
      method: "POST",
      headers: post.headers,
      body: post.body,
      signal: AbortSignal.timeout(1000),
    })
    await answer.arrayBuffer()
  } catch (error) {
    process.stderr.write(`webhook lost: ${error instanceof Error ? error.message : "unknown"}\n`)
  }
}

const { log } = values
const sandbox = makeOdooSandbox({
  version: values.version === "19" ? 19 : 17,
  now: Date.now,
  random: Math.random,
  deliver,
  ...(values.database === undefined ? {} : { settings: { database: values.database } }),
  ...(log === undefined ? {} : { onWrite: (write) => appendFileSync(log, `${JSON.stringify(write)}\n`) }),
})

const server = createServer((request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
    )
    sandbox
      .handle({
        method: request.method ?? "GET",
        url: request.url ?? "/",
        headers,
        body: Buffer.concat(chunks).toString("utf8"),
      })
      .then(async (answer) => {
        if (answer.delayMs > 0) await wait(answer.delayMs)
        if (answer.dropped) return void request.socket.destroy()
        response.writeHead(answer.status, answer.headers)
        return void response.end(answer.body)
      })
      .catch((error: unknown) => {
        response.writeHead(500, { "content-type": "text/plain" })
        response.end(error instanceof Error ? (error.stack ?? error.message) : "failed")
      })
  })
})

server.listen(Number(values.port), "127.0.0.1", () => {
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${address.port}` })}\n`)
})

const stop = () => {
  server.close()
  server.closeAllConnections()
  process.exit(0)
}
process.on("SIGTERM", stop)
process.on("SIGINT", stop)
