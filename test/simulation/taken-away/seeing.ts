/** Whether a world or a test sees that a rule is gone. */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Crew, Plant } from "../crew.ts"
import type { RunResult } from "../run.ts"
import { type Script, scriptOf } from "../script.ts"
import type { Sight } from "./mutation.ts"
import { worldNamed } from "./worlds/named.ts"

const ROOT = fileURLToPath(new URL("../../..", import.meta.url))
const CONFIGURATION = fileURLToPath(new URL("./planted.config.ts", import.meta.url))

export const scriptFor = (sight: Exclude<Sight, { file: string }>): Script =>
  "world" in sight ? worldNamed(sight.world) : scriptOf(sight.seed, sight.size ?? null)

/** The first promise that was broken; null: it holds. */
const broken = ({ violations: [first] }: RunResult): string | null => first?.invariant ?? null

/** What the script ends in with the rule gone; null where it holds, or fails with the rule too: that sees nothing of it. */
export const seenIn = async (script: Script, planted: Crew, sound: Crew): Promise<string | null> => {
  const invariant = broken(await planted.run(script))
  return invariant === null || broken(await sound.run(script)) !== null ? null : invariant
}

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{ readonly fullName: string; readonly status: string }>
  }>
}

/** Runs the one test with the plant in it, as `npm test` would. True where that test itself failed, and not its loading. */
export const failsPlanted = async (plant: Plant, file: string, title: string): Promise<boolean> => {
  const exact = title.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)
  const vitest = fileURLToPath(new URL("./vitest.mjs", import.meta.resolve("vitest/package.json")))
  const folder = mkdtempSync(join(tmpdir(), "concordat-planted-"))
  const report = join(folder, "report.json")
  const { file: planted, from, to } = plant
  const child = spawn(
    process.execPath,
    [vitest, "run", file, "-t", exact, "--reporter=json", "--outputFile", report, "--config", CONFIGURATION],
    {
      cwd: ROOT,
      env: { ...process.env, CONCORDAT_PLANT: JSON.stringify({ file: planted, from, to }) },
      stdio: "ignore",
    },
  )
  try {
    await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject))
    const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report
    const ran = testResults.flatMap(({ assertionResults }) => assertionResults)
    return ran.some(({ fullName, status }) => fullName.endsWith(title) && status === "failed")
  } finally {
    rmSync(folder, { recursive: true })
  }
}
