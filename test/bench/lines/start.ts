/** How long it takes until something answers: the whole engine with a store that has people in it, and the command line. */
import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { fileURLToPath } from "node:url"
import { copyFileSync, writeFileSync } from "node:fs"
import { ENGINE_FLAGS } from "../harness/run.ts"
import { EMBEDDED, TENANT } from "../engine.ts"
import { type Context, type Line, median, quantile, type Row } from "../harness/line.ts"
import { THREE_PROCESSES, withBench } from "../deployment.ts"
import { linkedSize, linkedStore } from "../prepared.ts"
import { rssOf } from "../harness/stopwatch.ts"

const TIMES = 3
const CLI = fileURLToPath(import.meta.resolve("@concordat/cli/main"))

const ready = async (context: Context): Promise<Row> => {
  const prepared = await linkedStore(context)
  const { rss, took } = await withBench(context.dir, async (bench) => {
    const portal = await bench.portal("hubspot", { limits: { enforced: false } })
    copyFileSync(prepared, bench.store)
    // A store with content has a key beside it; none of these ids was hashed with one.
    writeFileSync(`${bench.store}.key`, randomBytes(32).toString("hex"), { mode: 0o600 })
    const engine = await bench.engine([[portal, { name: "hubspot" }]])
    const took: Array<number> = []
    let rss = 0
    // The first start says in the journal what the configuration says.
    await engine.start()
    await engine.stop()
    for (let n = 0; n < TIMES; n++) {
      took.push(await engine.start())
      rss = rssOf(engine.pid())
      await engine.stop()
    }
    return { took, rss }
  })
  return {
    name: "start, ready",
    what: `node … main.mjs until /readyz says yes, ${TENANT} with ${linkedSize(context)} people at three connections`,
    value: median(took),
    unit: "s",
    better: "less",
    target: 1.5,
    beside: null,
    durable: false,
    about: {
      journal: EMBEDDED,
      ran: THREE_PROCESSES,
      detail: { times: TIMES, longest: quantile(took, 1), "RSS once ready, MB": Math.round(rss) },
    },
  }
}

const help = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const from = performance.now()
    const child = spawn(process.execPath, [...ENGINE_FLAGS, CLI, "--help"], { stdio: ["ignore", "ignore", "inherit"] })
    child.once("error", reject)
    child.once("exit", (code) =>
      code === 0 ? resolve(performance.now() - from) : reject(new Error(`--help ended with ${code}`)),
    )
  })

const bare = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const from = performance.now()
    const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" })
    child.once("error", reject)
    child.once("exit", () => resolve(performance.now() - from))
  })

const commandLine = async (): Promise<Row> => {
  const [took, node] = [[] as Array<number>, [] as Array<number>]
  for (let n = 0; n < 2 * TIMES; n++) {
    took.push(await help())
    node.push(await bare())
  }
  return {
    name: "start, --help",
    what: "the command line says what it can do",
    value: median(took),
    unit: "ms",
    better: "less",
    target: 250,
    beside: { name: "node that does nothing", value: median(node) },
    durable: false,
    about: { journal: "none", ran: "a process of its own", detail: { times: 2 * TIMES, longest: quantile(took, 1) } },
  }
}

export const starting: Line = {
  name: "start",
  what: "all-in-one ready, and the command line's --help",
  quick: true,
  measure: async (context) => [await ready(context), await commandLine()],
}
