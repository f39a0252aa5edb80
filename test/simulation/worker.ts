/** A thread of the crew: a script in, a result out. */
import "./bare.ts"
import { parentPort } from "node:worker_threads"
import { forbidRealTime } from "./forbid.ts"
import { run } from "./run.ts"
import type { Script } from "./script.ts"

const port = parentPort
if (port === null) throw new Error("simulation/worker.ts runs in a worker thread")

port.on("message", async (script: Script) => {
  const allow = forbidRealTime()
  const result = await run(script)
  allow()
  port.postMessage(result)
})
