/** A wire to a server that a test can stop: what the server says does not arrive, and neither side notices. */
import * as Effect from "effect/Effect"
import { connect, createServer, type Socket } from "node:net"

export interface Proxy {
  readonly url: string
  /** Nothing that the server says arrives any more, on the connections that there are. */
  readonly stall: () => void
}

const open = (port: number): Promise<Proxy & { readonly end: () => void }> =>
  new Promise((resolve, reject) => {
    const pairs = new Set<readonly [Socket, Socket]>()
    const server = createServer((client) => {
      const upstream = connect(port, "127.0.0.1")
      const pair = [client, upstream] as const
      pairs.add(pair)
      const end = (): void => {
        pairs.delete(pair)
        for (const socket of pair) socket.destroy()
      }
      client.on("error", end).on("close", end).pipe(upstream)
      upstream.on("error", end).on("close", end).pipe(client)
    })
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      if (typeof address !== "object" || address === null) return reject(new Error("the proxy has no port"))
      resolve({
        url: `nats://127.0.0.1:${address.port}`,
        stall: () => {
          // What comes is thrown away; that a connection ends is noticed.
          for (const [client, upstream] of pairs) upstream.unpipe(client).resume()
        },
        end: () => {
          server.close()
          for (const pair of pairs) for (const socket of pair) socket.destroy()
        },
      })
    })
  })

export const acquireProxy = (port: number) =>
  Effect.acquireRelease(
    Effect.promise(() => open(port)),
    ({ end }) => Effect.sync(end),
  )
