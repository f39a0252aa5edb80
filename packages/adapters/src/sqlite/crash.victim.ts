/** A process to be killed: appends without end and prints each event's id once it is acknowledged. */
import { Journal } from "@concordat/engine/ports/Journal"
import * as Effect from "effect/Effect"
import { randomUUID } from "node:crypto"
import { writeSync } from "node:fs"
import { layer } from "./Sqlite.ts"

const WRITERS = 8
const path = process.argv[2]
if (path === undefined) throw new Error("usage: crash.victim.ts <file>")

/** Sizes differ, so that a torn write meets the middle of a transaction of many pages too. */
const writer = (n: number) =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const stream = `record-3f.t1.${n}`
    const [last] = yield* journal.read(stream, { from: "end", direction: "backward", limit: 1 })
    for (let expected = last?.revision ?? -1; ; expected++) {
      const id = randomUUID()
      const data = JSON.stringify({ text: "x".repeat(((expected + 1) * 997) % 20_000) })
      const result = yield* journal.append({
        stream,
        expected,
        events: [{ id, type: "RecordObserved", data, metadata: {} }],
      })
      if (result._tag !== "Appended") return yield* Effect.die(result)
      // Written at once and whole: a buffered line would be lost with the process.
      writeSync(1, `${stream} ${expected + 1} ${id}\n`)
    }
  })

await Effect.runPromise(
  Effect.all(
    Array.from({ length: WRITERS }, (_, n) => writer(n)),
    { concurrency: "unbounded", discard: true },
  ).pipe(Effect.provide(layer({ path }))),
)
