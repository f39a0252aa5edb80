/** Child processes of the demo: started with this Node, known to be ready by a line or an address, ended with it. */
import { type ChildProcess, spawn } from "node:child_process"
import { createWriteStream } from "node:fs"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export interface Running {
  readonly child: ChildProcess
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
}

/** Four of them fill themselves at once: on a busy machine that takes its time. */
const START_MS = 180_000

/** Read first by the child: its standard input ends with whoever has started it, also one that is killed. */
const ENDS_WITH_US = `data:text/javascript,${encodeURIComponent(
  "process.stdin.on('end', () => process.exit(1)).resume().unref()",
)}`

/** `log`: where what it says goes. The end of the demo, however it comes, ends it too. */
export const start = (
  script: string,
  args: ReadonlyArray<string>,
  options: { readonly env?: Record<string, string>; readonly log: string },
): Running => {
  // With the same limits of memory as this process has, and the same leave to grow towards them.
  const limits = process.execArgv.filter((flag) => /^--(?:max-|heap-growing-percent=)/.test(flag))
  const child = spawn(process.execPath, [...limits, "--import", ENDS_WITH_US, script, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  })
  const log = createWriteStream(options.log, { flags: "a" })
  child.stderr?.pipe(log)
  child.stdout?.pipe(log, { end: false })
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  return { child, ended }
}

/** The `url` of the first JSON line that it prints. */
export const urlOf = async ({ child }: Running): Promise<string> => {
  const lines = createInterface({ input: child.stdout! })
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS)
  try {
    for await (const line of lines) {
      if (!line.startsWith("{")) continue
      const said: unknown = JSON.parse(line)
      if (typeof said === "object" && said !== null && "url" in said && typeof said.url === "string") return said.url
    }
  } finally {
    clearTimeout(timer)
  }
  throw new Error(`${child.spawnargs[1]} ended before it said where it listens`)
}

export const stop = async (running: Running, signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> => {
  if (running.child.exitCode !== null || running.child.signalCode !== null) return
  running.child.kill(signal)
  await running.ended
}

export const scriptOf = (specifier: string): string => fileURLToPath(import.meta.resolve(specifier))
