/**
 * Preloaded into the engine's process: its clock is off by what stands in a file, in ms, and jumps when that changes. The
 * monotonic clock, which timers go by, is the machine's own, as it is where somebody sets a machine's time.
 */
import { readFileSync } from "node:fs"

const LOOK_MS = 20
const file = process.env["CLOCK_FILE"]
const Machine = Date
let offset = 0

const look = (path: string): void => {
  const given = Number(readFileSync(path, "utf8"))
  if (Number.isFinite(given)) offset = given
}

class Shifted extends Machine {
  constructor(...given: ReadonlyArray<unknown>) {
    if (given.length === 0) super(Machine.now() + offset)
    else super(...(given as [number]))
  }
  static override now(): number {
    return Machine.now() + offset
  }
}

if (file !== undefined) {
  look(file)
  setInterval(look, LOOK_MS, file).unref()
  globalThis.Date = Shifted as DateConstructor
}
