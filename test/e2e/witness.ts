/** Stands before the webhook intake and notes what was acknowledged, as the sender saw it. */
import { createServer } from "node:http"

export interface Witness {
  readonly url: string
  /** `tenant.connection id` of each record that an acknowledged webhook names. */
  readonly acknowledged: ReadonlySet<string>
  /** Requests that were acknowledged so far. */
  readonly answers: () => number
  readonly close: () => Promise<void>
}

const namesIn = (path: string, body: string): ReadonlyArray<string> => {
  const [, , tenant, connection] = path.split("?", 1)[0]!.split("/")
  const said = JSON.parse(body) as ReadonlyArray<{ readonly objectId?: number }> | { readonly _id?: number }
  const events = "_id" in said ? [{ objectId: said._id }] : (said as ReadonlyArray<{ readonly objectId?: number }>)
  return events.flatMap(({ objectId }) => (objectId === undefined ? [] : [`${tenant}.${connection} ${objectId}`]))
}

/** `target`: where the intake is by now. */
export const startWitness = async (target: () => string): Promise<Witness> => {
  const acknowledged = new Set<string>()
  let answers = 0
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const body = Buffer.concat(chunks)
      const path = request.url ?? "/"
      const headers = Object.entries(request.headers).flatMap(([name, value]) =>
        typeof value === "string" && !["host", "connection", "content-length"].includes(name) ? [[name, value]] : [],
      )
      const passOn = async (): Promise<number> => {
        const given = Object.fromEntries(headers) as Record<string, string>
        const { ok, status } = await fetch(`${target()}${path}`, { method: "POST", headers: given, body })
        if (ok) answers += 1
        if (ok) for (const name of namesIn(path, body.toString("utf8"))) acknowledged.add(name)
        return status
      }
      void passOn().then(
        (status) => response.writeHead(status).end(),
        () => response.writeHead(502).end(),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  return {
    url: `http://127.0.0.1:${address.port}`,
    acknowledged,
    answers: () => answers,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections()
        server.close(() => closed())
      }),
  }
}
