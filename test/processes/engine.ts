/** The embedded engine as a process that can be hurt: killed, stopped, starved of room, with another clock. */
import { configuration, SECRETS } from "@concordat/cli/demo/engine"
import type { Addresses } from "@concordat/cli/demo/oracle/fetch"
import { scriptOf } from "@concordat/cli/demo/processes"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createWriteStream, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Disk } from "./disk.ts"

const READY_MS = 60_000
const LOOK_MS = 50

export interface Engine {
  readonly url: string
  readonly launch: () => void
  /** Until it is ready; fails with its last words where it ended instead. */
  readonly ready: () => Promise<void>
  /** Null: it runs. */
  readonly ended: () => number | NodeJS.Signals | null
  readonly signal: (signal: NodeJS.Signals) => void
  /** Resolves with how it ended, once it has. */
  readonly stop: (signal: NodeJS.Signals) => Promise<void>
  readonly gone: () => Promise<void>
  /** `/readyz`: null where nobody answers. */
  readonly readiness: () => Promise<{ readonly ok: boolean; readonly text: string } | null>
  /** No file of its may grow beyond, or be written at, this size; null: any. write(2) fails with EFBIG. */
  readonly limitFiles: (bytes: number | null) => void
  /** ms that its clock is off by. */
  readonly setClock: (ms: number) => void
  /** What it said since it was launched. */
  readonly words: () => string
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const makeEngine = (dir: string, disk: Disk, port: number, at: Addresses, publicUrl: string): Engine => {
  const file = join(dir, "concordat.yaml")
  const clock = join(dir, "clock")
  const log = join(dir, "engine.log")
  writeFileSync(file, configuration(disk.path, port, at, publicUrl))
  writeFileSync(clock, "0")
  writeFileSync(log, "")
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess | null = null
  let from = 0
  const ended = (): number | NodeJS.Signals | null => (child === null ? 0 : (child.exitCode ?? child.signalCode))
  const words = (): string => readFileSync(log, "utf8").slice(from)
  const readiness: Engine["readiness"] = () =>
    fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
      async (answer) => ({ ok: answer.ok, text: await answer.text() }),
      () => null,
    )
  const gone = async (): Promise<void> => {
    while (ended() === null) await pause(LOOK_MS)
  }
  return {
    url,
    ended,
    words,
    readiness,
    gone,
    launch: () => {
      from = readFileSync(log, "utf8").length
      const preload = new URL("./clock.ts", import.meta.url).href
      const node = [process.execPath, "--max-old-space-size=256", "--import", preload]
      const [command = "", ...args] = [...disk.enter, ...node, scriptOf("@concordat/all-in-one/main"), file]
      child = spawn(command, args, {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...SECRETS, CLOCK_FILE: clock },
      })
      const into = createWriteStream(log, { flags: "a" })
      child.stdout?.pipe(into, { end: false })
      child.stderr?.pipe(into, { end: false })
    },
    ready: async () => {
      for (const until = performance.now() + READY_MS; ;) {
        if (ended() !== null) throw new Error(`the engine ended with ${ended()}: ${words().slice(-1_000)}`)
        if ((await readiness())?.ok === true) return
        if (performance.now() > until) throw new Error(`the engine is not ready: ${words().slice(-1_000)}`)
        await pause(LOOK_MS)
      }
    },
    signal: (signal) => void child?.kill(signal),
    stop: async (signal) => {
      if (ended() === null) child?.kill(signal)
      await gone()
    },
    limitFiles: (bytes) => {
      const { status, stderr } = spawnSync("prlimit", [
        "--pid",
        String(child?.pid),
        `--fsize=${bytes ?? "unlimited"}:unlimited`,
      ])
      if (status !== 0) throw new Error(`prlimit: ${String(stderr)}`)
    },
    setClock: (ms) => writeFileSync(clock, String(ms)),
  }
}
