/**
 * The HubSpot sandbox as a process: `node main.ts [--port 0] [--log writes.ndjson] [--seed 1] [--secret s] [--settings json]`.
 * Prints `{"url": "http://127.0.0.1:PORT"}` when it is ready and ends on SIGTERM.
 */
import { createWriteStream } from "node:fs"
import { parseArgs } from "node:util"
import { makeHubspotSandbox } from "./sandbox.ts"
import { listen } from "./shell.ts"
import type { SettingsPatch } from "./shapes.ts"

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    log: { type: "string" },
    seed: { type: "string", default: "1" },
    secret: { type: "string" },
    settings: { type: "string" },
  },
})

/** mulberry32: the same seed gives the same lags, drops and ids. */
const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const log = values.log === undefined ? null : createWriteStream(values.log, { flags: "a" })
const sandbox = makeHubspotSandbox({
  now: () => Date.now(),
  random: seeded(Number(values.seed)),
  ...(values.secret === undefined ? {} : { secret: values.secret }),
  ...(values.settings === undefined ? {} : { settings: JSON.parse(values.settings) as SettingsPatch }),
  ...(log === null ? {} : { onWrite: (entry) => void log.write(`${JSON.stringify(entry)}\n`) }),
})

const listening = await listen(sandbox, Number(values.port))
process.stdout.write(`${JSON.stringify({ url: listening.url })}\n`)
const end = (): void => void listening.close().then(() => process.exit(0))
process.once("SIGTERM", end)
process.once("SIGINT", end)
