/** The production layout on this machine: real NATS and PostgreSQL, a journal over the wire, and the four services as processes. */
import { acquireOwn as acquireNats, freePort } from "@concordat/adapters/nats/testing/server"
import { acquireDatabase, acquireOwn as acquirePostgres } from "@concordat/adapters/postgres/testing/server"
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"
import { createWriteStream, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

const root = join(import.meta.dirname, "../..")
export type ServiceName = "ingester" | "connector" | "reconciler" | "api"

export interface ServiceProcess {
  readonly name: string
  readonly service: ServiceName
  readonly url: string
  /** `environment`: in place of what it has by itself. */
  readonly launch: (environment?: Readonly<Record<string, string>>) => void
  /** Fails with where its log is when it has ended, or takes too long. */
  readonly ready: () => Promise<void>
  readonly isRunning: () => boolean
  /** With which code it ended by itself; null: it runs, or a signal ended it. */
  readonly exitCode: () => number | null
  /** What it has written since it was first started. */
  readonly log: () => string
  readonly kill: (signal: NodeJS.Signals) => Promise<void>
  /** Without waiting for anything: SIGSTOP and SIGCONT. */
  readonly signal: (signal: NodeJS.Signals) => void
}

/** Seven of them start at once on two cores that others use too. */
const START_MS = 90_000

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** A script's first line of output, then its log goes to a file. */
const launch = (
  script: string,
  args: ReadonlyArray<string>,
  env: Record<string, string>,
  log: string,
): ChildProcess => {
  const child = spawn(
    process.execPath,
    ["--max-semi-space-size=8", "--max-old-space-size=256", "--heap-growing-percent=100", script, ...args],
    {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    },
  )
  const file = createWriteStream(log, { flags: "a" })
  child.stdout?.pipe(file, { end: false })
  child.stderr?.pipe(file, { end: false })
  return child
}

const firstLine = async (child: ChildProcess): Promise<string> => {
  for await (const line of createInterface({ input: child.stdout! })) return line
  throw new Error("the process ended before it said anything")
}

const stop = (child: ChildProcess, signal: NodeJS.Signals): Promise<void> =>
  new Promise((resolve) => {
    if (ended(child)) return resolve()
    child.once("exit", () => resolve())
    child.kill(signal)
  })

/** A machine that stands still for a while stops the services with the test: then no time counts. */
const LONGEST_STEP_MS = 1_000

export const until = async (what: string, isSo: () => Promise<boolean> | boolean, withinMs: number): Promise<void> => {
  let waited = 0
  for (let from = performance.now(); !(await isSo());) {
    if (waited > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    const now = performance.now()
    waited += Math.min(now - from, LONGEST_STEP_MS)
    from = now
  }
}

export interface Cluster {
  readonly dir: string
  readonly processes: ReadonlyArray<ServiceProcess>
  readonly of: (service: ServiceName) => ReadonlyArray<ServiceProcess>
  readonly addresses: { readonly journal: string; readonly bus: string; readonly state: string }
  readonly stores: Effect.Success<ReturnType<typeof acquireStores>>["stores"]
}

/**
 * A journal that is there already (`PRODUCTION_JOURNAL`, its connection string): a server of its own, with nothing in it yet.
 * It is not ours to stop.
 */
const givenJournal = (url: string) => {
  const refuse = (): never => {
    throw new Error("the journal of PRODUCTION_JOURNAL is not started or stopped by tests")
  }
  const signal: (signal: NodeJS.Signals) => void = refuse
  return { url, start: async () => refuse(), stop: () => Promise.resolve(), signal }
}

/** The server of the journal's protocol, always at the same place. */
const startJournal = async (dir: string) => {
  const given = process.env["PRODUCTION_JOURNAL"]
  if (given !== undefined && given !== "") return givenJournal(given)
  const port = await freePort()
  let child: ChildProcess
  let url = ""
  const start = async (): Promise<void> => {
    const args = ["--port", String(port), "--path", join(dir, "journal.sqlite")]
    child = launch(join(root, "test/kurrent-server/main.ts"), args, {}, join(dir, "journal.log"))
    url = await firstLine(child)
  }
  await start()
  return {
    url,
    start,
    stop: (): Promise<void> => stop(child, "SIGKILL"),
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
  }
}

/** Journal, bus and state, each a process of its own. */
const acquireStores = Effect.fnUntraced(function* (dir: string) {
  const bus = yield* acquireNats()
  const postgres = yield* acquirePostgres()
  const state = yield* acquireDatabase(postgres.url)
  const journal = yield* Effect.acquireRelease(
    Effect.promise(() => startJournal(dir)),
    (server) => Effect.promise(server.stop),
  )
  return { addresses: { journal: journal.url, bus: bus.url, state }, stores: { journal, bus, state: postgres } }
})

/** `configuration` is told where webhooks are taken. Services are started by who asks. */
export const acquireCluster = Effect.fnUntraced(function* (
  counts: Readonly<Record<ServiceName, number>>,
  environment: Record<string, string>,
  configuration: string,
) {
  const dir = mkdtempSync(join(tmpdir(), "concordat-cluster-"))
  const { addresses, stores } = yield* acquireStores(dir)
  const file = join(dir, "concordat.yaml")
  writeFileSync(file, configuration)
  const running = new Map<string, ChildProcess>()
  yield* Effect.addFinalizer(() =>
    Effect.promise(() => Promise.all([...running.values()].map((child) => stop(child, "SIGKILL")))),
  )
  const processOf = Effect.fnUntraced(function* (service: ServiceName, n: number) {
    const name = `${service}-${n + 1}`
    const port = yield* Effect.promise(freePort)
    const url = `http://127.0.0.1:${port}`
    const env = {
      ...environment,
      KURRENTDB_URL: addresses.journal,
      NATS_URL: addresses.bus,
      POSTGRES_URL: addresses.state,
      CONCORDAT_PORT: String(port),
      CONCORDAT_ADDRESS: url,
    }
    const one: ServiceProcess = {
      name,
      service,
      url,
      launch: (given = {}) =>
        void running.set(
          name,
          launch(join(root, `services/${service}/src/main.ts`), [file], { ...env, ...given }, join(dir, `${name}.log`)),
        ),
      ready: async () => {
        const log = join(dir, `${name}.log`)
        const isReady = async (): Promise<boolean> => {
          const child = running.get(name)!
          if (ended(child)) throw new Error(`${name} ended with ${child.exitCode}; see ${log}`)
          return fetch(`${url}/readyz`).then(
            ({ ok }) => ok,
            () => false,
          )
        }
        await until(`${name} is ready; see ${log}`, isReady, START_MS)
      },
      isRunning: () => !ended(running.get(name)!),
      exitCode: () => running.get(name)!.exitCode,
      log: () => readFileSync(join(dir, `${name}.log`), "utf8"),
      kill: (signal) => stop(running.get(name)!, signal),
      signal: (signal) => void running.get(name)!.kill(signal),
    }
    return one
  })
  const processes: Array<ServiceProcess> = []
  for (const service of ["reconciler", "connector", "api", "ingester"] as const)
    for (let n = 0; n < counts[service]; n++) processes.push(yield* processOf(service, n))
  const cluster: Cluster = {
    dir,
    processes,
    of: (service) => processes.filter((one) => one.service === service),
    addresses,
    stores,
  }
  return cluster
})
