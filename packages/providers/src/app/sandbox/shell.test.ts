import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { CONNECTION, makeWorld, serve, TENANT, TOKEN } from "../testing/endpoint.ts"

/** The real endpoint on a real socket. */
const listen = async () => {
  const world = makeWorld()
  const endpoint = serve(world)
  const server = createServer(async (request, response) => {
    const chunks: Array<Buffer> = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const method = request.method ?? "GET"
    const answer = await endpoint.fetch(`http://concordat.test${request.url}`, {
      method,
      headers: Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
      ...(method === "GET" ? {} : { body: Buffer.concat(chunks) }),
    })
    response.writeHead(answer.status, { "content-type": "application/json" })
    response.end(await answer.text())
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await endpoint.close()
  }
  return { world, url: `http://127.0.0.1:${port}`, close }
}

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + 60_000
  while (!(await holds())) {
    assert.isBelow(performance.now(), deadline, "it did not come to hold")
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe("the sandbox product as a process", () => {
  it("[AP12] [AP13] says where it is, sends what it has, and takes what is written while it waits", async () => {
    const concordat = await listen()
    const child = spawn(process.execPath, [new URL("main.ts", import.meta.url).pathname, "--port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    const [line] = (await once(child.stdout, "data")) as [Buffer]
    const { url } = JSON.parse(line.toString("utf8")) as { url: string }
    const door = async (verb: string, ...given: ReadonlyArray<unknown>): Promise<Record<string, unknown>> => {
      const answer = await fetch(`${url}/__sandbox__/${verb}`, { method: "POST", body: JSON.stringify(given) })
      assert.strictEqual(answer.status, 200)
      return (await answer.json()) as Record<string, unknown>
    }
    await door("seed", { contact: [{ id: "p1", values: { firstName: "Ada" } }] })
    await door("connect", { url: concordat.url, tenant: TENANT, connection: CONNECTION, token: TOKEN })
    await until(async () => (await door("stats"))["populated"] === true)
    const values = { firstName: "Augusta" }
    await Effect.runPromise(
      concordat.world.acme.write({ object: "contact", id: "p1", entity: "e1", kind: "update", values }),
    )
    await until(async () => {
      const seen = (await door("get", "contact", "p1"))["values"]
      return JSON.stringify(seen) === JSON.stringify(values)
    })
    await door("put", { object: "contact", id: "p1", values: { title: "Countess" } })
    await until(async () => concordat.world.acme.observations("contact", "p1").length === 2)
    const refused = await fetch(`${url}/__sandbox__/put`, { method: "POST", body: '[{"object":"lead","values":{}}]' })
    assert.strictEqual(refused.status, 422)
    child.kill("SIGTERM")
    const [code] = (await once(child, "exit")) as [number]
    assert.strictEqual(code, 0)
    await concordat.close()
  })
})
