/** Nothing of the demo outlives it. */
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { start, stop } from "./processes.ts"

/** One that has ended, and that nobody has asked about, still has its number. */
const isLeft = (pid: number): boolean =>
  existsSync(`/proc/${pid}/status`) && /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))

const runs = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return !isLeft(pid)
}

const until = async (is: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 500 && !is(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.isTrue(is())
}

describe("processes of the demo", () => {
  it("end with it, also when it is killed", async () => {
    const dir = mkdtempSync(join(tmpdir(), "concordat-processes-"))
    try {
      writeFileSync(join(dir, "child.mjs"), "setInterval(() => {}, 1000)\n")
      const parent = `import { start } from ${JSON.stringify(join(import.meta.dirname, "processes.ts"))}
console.log(start(${JSON.stringify(join(dir, "child.mjs"))}, [], { log: ${JSON.stringify(join(dir, "log"))} }).child.pid)\n`
      writeFileSync(join(dir, "parent.ts"), parent)
      const demo = spawn(process.execPath, [join(dir, "parent.ts")], { stdio: ["ignore", "pipe", "inherit"] })
      const [said] = (await once(demo.stdout, "data")) as [Buffer]
      const child = Number(said.toString())
      await until(() => runs(child))
      demo.kill("SIGKILL")
      await until(() => !runs(child))
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

  it("end by themselves when they have nothing more to do, and when they are told to", async () => {
    const dir = mkdtempSync(join(tmpdir(), "concordat-processes-"))
    try {
      writeFileSync(join(dir, "short.mjs"), "process.exitCode = 3\n")
      writeFileSync(join(dir, "long.mjs"), "setInterval(() => {}, 1000)\n")
      const short = start(join(dir, "short.mjs"), [], { log: join(dir, "log") })
      await short.ended
      assert.strictEqual(short.child.exitCode, 3)
      const long = start(join(dir, "long.mjs"), [], { log: join(dir, "log") })
      await stop(long)
      assert.strictEqual(long.child.signalCode, "SIGTERM")
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})
