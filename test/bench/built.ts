/**
 * A store with so many people at one connection, made by a process of its own, since what building it takes of memory is
 * not what is looked for: `node test/bench/built.ts PATH PEOPLE`, as `builtStore` calls it, once in a run.
 */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { existsSync, renameSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { engine, until, withStore } from "./engine.ts"
import type { Context } from "./harness/line.ts"
import { idOf, Population } from "./population.ts"
import { sourceOf } from "./source.ts"

const SCRIPT = fileURLToPath(import.meta.url)
const WITHIN_MS = 7_200_000

const build = (path: string, people: number) =>
  withStore(
    path,
    Effect.gen(function* () {
      const crm = sourceOf(new Population(people))
      yield* engine.openConnection("crm", crm)
      const { work } = yield* engine.started
      const { handle } = yield* work("crm", crm)
      yield* until(engine.isDecided("crm", idOf(people - 1)), "reading all", WITHIN_MS)
      yield* until(handle.idle, "the rest")
    }),
  )

/** Lines that only add a little to it use it as it is: a copy of a million would take longer than they do. */
export const builtStore = async ({ say, shared }: Context, people: number): Promise<string> => {
  const path = join(shared, `built-${people}.sqlite`)
  if (existsSync(path)) return path
  const half = join(shared, `built-${people}.half`)
  say(`building a store of ${people} people`)
  await new Promise<void>((resolve, reject) => {
    const args = [...process.execArgv.filter((flag) => flag.startsWith("--")), SCRIPT, half, String(people)]
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] })
    child.once("error", reject)
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`building ended with ${code}`))))
  })
  renameSync(half, path)
  return path
}

if (process.argv[1] === SCRIPT) await build(process.argv[2]!, Number(process.argv[3]))
