/** PostgreSQL for tests: the one at `POSTGRES_URL`, or one of our own on a free port with a folder of its own. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { execFileSync, spawn, type ChildProcess } from "node:child_process"
import { randomUUID } from "node:crypto"
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { connect } from "../Database.ts"

/** Debian keeps them off the PATH, by version. */
const DEBIAN = "/usr/lib/postgresql"
const debian = existsSync(DEBIAN)
  ? readdirSync(DEBIAN)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(DEBIAN, version, "bin"))
  : []
const folder =
  [...(process.env["PATH"] ?? "").split(delimiter), ...debian].find((path) =>
    ["postgres", "initdb"].every((name) => existsSync(join(path, name))),
  ) ?? null

/** One that tests may use, by making databases of their own in it, and not kill. */
export const givenUrl: string | null = process.env["POSTGRES_URL"] ?? null

/** Why tests have none that they may kill; null: they have one. */
export const missingOwn: string | null = folder === null ? `no postgres and initdb on the PATH or in ${DEBIAN}` : null

export const version = (): string =>
  folder === null ? "none" : execFileSync(join(folder, "postgres"), ["--version"], { encoding: "utf8" }).trim()

/** PostgreSQL refuses to run as root; null: this process is not. */
export const runAs = (): { uid: number; gid: number } | null => {
  if (process.getuid?.() !== 0) return null
  const id = (flag: string): number => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }))
  return { uid: id("-u"), gid: id("-g") }
}

export const PASSWORD = "correct horse"
const USER = "concordat"

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port")),
      )
    })
  })

export interface OwnServer {
  readonly port: number
  /** Of the database that every server has. */
  readonly url: string
  readonly start: () => Promise<void>
  /** `SIGKILL` and `SIGQUIT`: as a crash, for the server alone or with its connections; `SIGINT`: in order. */
  readonly stop: (signal?: "SIGINT" | "SIGQUIT" | "SIGKILL") => Promise<void>
  readonly remove: () => void
}

const READY = "database system is ready to accept connections"

export const ownServer = async (settings: Readonly<Record<string, string>> = {}): Promise<OwnServer> => {
  if (folder === null) throw new Error(missingOwn ?? "no server")
  const home = mkdtempSync(join(tmpdir(), "concordat-postgres-"))
  const data = join(home, "data")
  const password = join(home, "password")
  writeFileSync(password, PASSWORD)
  const as = runAs()
  if (as !== null) for (const path of [home, password]) chownSync(path, as.uid, as.gid)
  const options = { cwd: home, ...as }
  const how = ["--username", USER, "--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8"]
  // A locale whose order is not that of code points would show a missing collation; C is there everywhere.
  execFileSync(join(folder, "initdb"), ["--pgdata", data, ...how, "--locale", "C", "--no-sync"], {
    ...options,
    stdio: "ignore",
  })
  const port = await freePort()
  // Processes are killed here and never the machine, so nothing has to reach the disk.
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", fsync: "off", ...settings }
  const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  let child: ChildProcess | null = null

  const launch = (): Promise<string | null> => {
    const one = spawn(join(folder, "postgres"), ["-D", data, "-p", String(port), ...flags], {
      ...options,
      stdio: ["ignore", "ignore", "pipe"],
    })
    child = one
    let log = ""
    return new Promise((resolve) => {
      one.once("exit", () => resolve(log))
      one.stderr.on("data", (chunk: Buffer) => {
        log = (log + chunk.toString()).slice(-4_000)
        if (log.includes(READY)) resolve(null)
      })
    })
  }
  const start = async (): Promise<void> => {
    for (let tries = 0; ; tries++) {
      const failed = await launch()
      if (failed === null) return
      // After the server alone was killed its connections take a moment to notice.
      if (tries === 50) throw new Error(`postgres ended: ${failed}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  const stop = async (signal: "SIGINT" | "SIGQUIT" | "SIGKILL" = "SIGQUIT"): Promise<void> => {
    const one = child
    child = null
    if (one === null || one.exitCode !== null || one.signalCode !== null) return
    const ended = new Promise((resolve) => one.once("exit", resolve))
    one.kill(signal)
    await ended
  }
  await start()
  return {
    port,
    url: `postgres://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres`,
    start,
    stop,
    remove: () => rmSync(home, { recursive: true, force: true }),
  }
}

/** A server of one's own, gone with the scope. */
export const acquireOwn = (settings?: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.promise(() => ownServer(settings)),
    (server) =>
      Effect.promise(async () => {
        await server.stop()
        server.remove()
      }),
  )

/** One statement on a connection of its own. */
export const execute = (url: string, statement: string) =>
  Effect.scoped(
    Effect.flatMap(connect({ url: Redacted.make(url), connections: 1 }), ({ once, sql }) =>
      once(sql.unsafe(statement).values),
    ),
  )

/** A new database on the server at `url`, gone with the scope; its address. `options` as in `create database`. */
export const acquireDatabase = (url: string, options = "") =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const name = `concordat_test_${randomUUID().replaceAll("-", "")}`
      const own = new URL(url)
      own.pathname = `/${name}`
      return Effect.as(execute(url, `create database ${name} ${options}`), { name, url: own.href })
    }),
    ({ name }) => Effect.ignore(execute(url, `drop database if exists ${name} with (force)`)),
  ).pipe(Effect.map((made) => made.url))
