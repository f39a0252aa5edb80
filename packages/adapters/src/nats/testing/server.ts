/** A NATS server for tests: the one at `NATS_URL`, or one of our own on a free port with a folder of its own. */
import * as Effect from "effect/Effect"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"

const started = async (child: ChildProcess, port: number, log: () => string): Promise<void> => {
  for (let tries = 0; tries < 800; tries++) {
    if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}: ${log()}`)
    const answers = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1")
      socket.once("data", () => resolve(true)).once("error", () => resolve(false))
      socket.once("data", () => socket.destroy())
    })
    if (answers) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`nats-server does not answer: ${log()}`)
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port")),
      )
    })
  })

/** Debian puts it where only root looks. */
const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", "/usr/local/bin"]
export const binary: string | null =
  folders.map((folder) => join(folder, "nats-server")).find((path) => existsSync(path)) ?? null

/** One that tests may use and not kill. */
export const givenUrl: string | null = process.env["NATS_URL"] ?? null

/** Why tests have none that they may kill; null: they have one. */
export const missingOwn: string | null = binary === null ? "no nats-server on the PATH" : null

export const version = (): string =>
  binary === null ? "none" : execFileSync(binary, ["--version"], { encoding: "utf8" }).trim()

export interface OwnServer {
  readonly port: number
  readonly url: string
  readonly start: () => Promise<void>
  /** `SIGKILL`: as a crash; the store stays. */
  readonly stop: (signal?: "SIGTERM" | "SIGKILL") => Promise<void>
  /** Without waiting for anything: SIGSTOP and SIGCONT. */
  readonly signal: (signal: NodeJS.Signals) => void
  /** Takes the store away, while it is stopped. */
  readonly wipe: () => void
  /** The folder of its store. */
  readonly store: string
  readonly remove: () => void
}

export const ownServer = async (settings = "", jetStream = true): Promise<OwnServer> => {
  const home = mkdtempSync(join(tmpdir(), "concordat-nats-"))
  const store = join(home, "store")
  const port = await freePort()
  const file = join(home, "nats.conf")
  const storage = jetStream ? `jetstream { store_dir: "${store}" }` : ""
  writeFileSync(file, `listen: "127.0.0.1:${port}"\n${storage}\n${settings}\n`)
  let child: ChildProcess | null = null
  let log = ""
  const start = async (): Promise<void> => {
    const one = spawn(binary ?? "nats-server", ["-c", file], { stdio: ["ignore", "ignore", "pipe"] })
    child = one
    one.stderr.on("data", (data: Buffer) => {
      log = (log + data.toString()).slice(-4_000)
    })
    await started(one, port, () => log)
  }
  const stop = async (signal: "SIGTERM" | "SIGKILL" = "SIGKILL"): Promise<void> => {
    const one = child
    child = null
    if (one === null || one.exitCode !== null) return
    const ended = new Promise((resolve) => one.once("exit", resolve))
    one.kill(signal)
    await ended
  }
  await start()
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    start,
    stop,
    signal: (signal) => void child?.kill(signal),
    wipe: () => rmSync(store, { recursive: true, force: true }),
    store,
    remove: () => rmSync(home, { recursive: true, force: true }),
  }
}

/** A server of one's own, gone with the scope. */
export const acquireOwn = (settings?: string, jetStream?: boolean) =>
  Effect.acquireRelease(
    Effect.promise(() => ownServer(settings, jetStream)),
    (server) =>
      Effect.promise(async () => {
        await server.stop()
        server.remove()
      }),
  )
