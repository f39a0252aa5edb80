/** A thread that plays one story. */
import "../simulation/bare.ts"
import { parentPort } from "node:worker_threads"
import { forbidRealTime } from "../simulation/forbid.ts"
import { type Asked, playing } from "./playing.ts"

const port = parentPort
if (port === null) throw new Error("field/worker.ts runs in a worker thread")

port.on("message", async (asked: Asked) => {
  const allow = forbidRealTime()
  const played = await playing(asked)
  allow()
  port.postMessage(played)
})
