/** A way to a server that takes the answer to one message away, with the connection. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net"

export interface Cutting {
  readonly port: number
  /** The next connection that says this is ended after the server has got it, before its answer. */
  readonly cutAfter: (words: string) => void
  /** How often that was done. */
  readonly cuts: () => number
  readonly close: () => void
}

/** By then the server has done what it was told. */
const DONE_MS = 200

export const cutting = (port: number): Promise<Cutting> => {
  const open = new Set<Socket>()
  let words: string | null = null
  let cuts = 0
  const server = createServer((client) => {
    const there = connect(port, "127.0.0.1")
    for (const socket of [client, there]) {
      open.add(socket)
      socket.once("close", () => open.delete(socket)).on("error", () => socket.destroy())
    }
    let mute = false
    client.on("data", (chunk) => {
      if (words !== null && chunk.includes(words)) {
        words = null
        mute = true
        cuts++
        setTimeout(() => client.destroy(), DONE_MS)
      }
      there.write(chunk)
    })
    there.on("data", (chunk) => {
      if (!mute) client.write(chunk)
    })
    client.once("close", () => there.destroy())
    there.once("close", () => client.destroy())
  })
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        cutAfter: (next) => {
          words = next
        },
        cuts: () => cuts,
        close: () => {
          server.close()
          for (const socket of open) socket.destroy()
        },
      }),
    ),
  )
}
