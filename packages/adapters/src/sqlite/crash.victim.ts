/** A process to be killed: appends, without end or so many times, and prints each event's id once it is acknowledged. */
import { Journal } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import { writeSync } from "node:fs"
import { layer } from "./Sqlite.ts"

const WRITERS = 8
const [path, most = "Infinity"] = process.argv.slice(2)
if (path === undefined) throw new Error("usage: crash.victim.ts <file> [appends]")
let left = Number(most)

/** Written at once and whole: a buffered line would be lost with the process. A pipe whose reader is behind takes it later. */
const printed = Effect.fnUntraced(function* (line: string) {
  for (;;) {
    try {
      return writeSync(1, line)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error
    }
    yield* Effect.sleep("1 millis")
  }
})

/** Sizes differ, so that a torn write meets the middle of a transaction of many pages too. */
const writer = (n: number) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const stream = `record-3f.t1.${n}`
    const [last] = yield* journal.read(stream, { from: "end", direction: "backward", limit: 1 })
    for (let expected = last?.revision ?? -1; left-- > 0; expected++) {
      const id = randomUUID()
      const data = JSON.stringify({ text: "x".repeat(((expected + 1) * 997) % 20_000) })
      const result = yield* journal.append({
        stream,
        expected,
        events: [{ id, type: "RecordObserved", data, metadata: {} }],
      })
      if (result._tag !== "Appended") return yield* Effect.die(result)
      yield* printed(`${stream} ${expected + 1} ${id}\n`)
    }
  })

await Effect.runPromise(
  Effect.all(
    Array.from({ length: WRITERS }, (_, n) => writer(n)),
    { concurrency: "unbounded", discard: true },
  ).pipe(Effect.andThen(Effect.sleep("1 hour")), Effect.provide(layer({ path }))),
)
