/** A process that opens the database at `URL_TO_OPEN` ten times at once and says that it did. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { layer } from "../Database.ts"

const url = Redacted.make(process.env["URL_TO_OPEN"] ?? "")
const open = Effect.scoped(Layer.build(layer({ url, connections: 1 })))
const opened = await Effect.runPromise(
  Effect.all(
    Array.from({ length: 10 }, () => open),
    { concurrency: "unbounded" },
  ),
)
process.stdout.write(`opened ${opened.length}\n`)
