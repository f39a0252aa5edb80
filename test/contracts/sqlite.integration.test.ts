/** The embedded store keeps the contract of all four ports, on disk, in memory and in place. */
import { layer } from "@concordat/adapters/sqlite/Sqlite"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { busContract } from "./bus.contract.ts"
import { commitContract } from "./commit.contract.ts"
import { journalContract } from "./journal.contract.ts"
import { stateContract } from "./state.contract.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "concordat-contract-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
)

const stores = {
  file: () => Layer.unwrap(Effect.map(folder, (path) => layer({ path: join(path, "store.db") }))),
  memory: () => layer({ path: ":memory:" }),
  "memory, in place": () => layer({ path: ":memory:", inPlace: true }),
}

for (const [name, store] of Object.entries(stores)) {
  journalContract(`SQLite ${name}`, store())
  stateContract(`SQLite ${name}`, store(), { checksKeys: true })
  commitContract(`SQLite ${name}`, store())
  busContract(`SQLite ${name}`, store(), { elapse: TestClock.adjust, now: Clock.currentTimeMillis, window: true })
}
