/** Runs lines one after the other, each in a process of its own, with a probe of the disk before each. */
import { fork } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Order, Said } from "./child.ts"
import type { Line, Row, Scale } from "./line.ts"
import { fdatasyncProbe } from "./probe.ts"
import type { Profiles } from "./profile.ts"
import type { Measured, Outcome } from "./report.ts"

/** As the npm scripts run the engine, so that figures are those of the process that people have (`docs/operations.md`). */
export const ENGINE_FLAGS = ["--max-semi-space-size=8", "--max-old-space-size=256", "--heap-growing-percent=100"]
export const ENGINE_ENV = { MALLOC_ARENA_MAX: "2" }

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url))

const rowsOf = (order: Order, say: (text: string) => void): Promise<ReadonlyArray<Row>> =>
  new Promise((resolve, reject) => {
    const child = fork(CHILD, [JSON.stringify(order)], {
      execArgv: ENGINE_FLAGS,
      env: { ...process.env, ...ENGINE_ENV },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    })
    let rows: ReadonlyArray<Row> | null = null
    let words = ""
    for (const stream of [child.stdout!, child.stderr!])
      stream.on("data", (chunk: Buffer) => {
        words = `${words}${chunk.toString()}`.slice(-4_000)
      })
    child.on("message", (said: Said) => {
      if (said._tag === "Rows") rows = said.rows
      else say(`${order.line}: ${said.text}`)
    })
    child.on("error", reject)
    child.on("close", (code, signal) => {
      if (rows !== null && code === 0) return resolve(rows)
      reject(new Error(`it ended with ${signal ?? code}: ${words}`))
    })
  })

export interface Run {
  readonly lines: ReadonlyArray<Line>
  readonly scale: Scale
  readonly people: number | null
  /** null: none. */
  readonly profiles: Profiles | null
  readonly say: (text: string) => void
}

/** A line that can't be measured is said with its reason, and the others are. */
export const run = async ({ lines, people, profiles, say, scale }: Run): Promise<Outcome> => {
  const shared = mkdtempSync(join(tmpdir(), "concordat-bench-"))
  if (profiles !== null) mkdirSync(profiles.dir, { recursive: true })
  const measured: Array<Measured> = []
  const missing: Record<string, string> = {}
  try {
    const first = fdatasyncProbe(shared)
    for (const line of lines) {
      const reason = line.missing?.() ?? null
      if (reason !== null) {
        missing[line.name] = reason
        continue
      }
      const probe = fdatasyncProbe(shared)
      const from = Date.now()
      say(`${line.name}: ${line.what}`)
      try {
        const rows = await rowsOf({ line: line.name, scale, people, shared, profiles }, say)
        measured.push(...rows.map((row) => ({ ...row, probe })))
      } catch (cause) {
        missing[line.name] = (cause as Error).message
      }
      say(`${line.name}: ${((Date.now() - from) / 1_000).toFixed(1)} s with its preparation`)
    }
    return { lines: measured, missing, probe: first }
  } finally {
    rmSync(shared, { recursive: true, force: true })
  }
}
