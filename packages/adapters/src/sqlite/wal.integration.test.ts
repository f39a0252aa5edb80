/** The log stays short under a writer that never pauses, and the file holds what was copied into it. */
import { Journal } from "@concordat/engine/ports/Journal"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CHECKPOINT_BUSY_BYTES, CHECKPOINT_LIVE_BYTES } from "./limits.ts"
import { layer } from "./Sqlite.ts"

const MB = 1024 * 1024

/** The longest that the log was, and what the file has grown to, in bytes, after so many appends of so many events of 10 kB. */
const written = Effect.fnUntraced(function* (appends: number, each: number) {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "concordat-wal-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true })),
  )
  const path = join(folder, "store.db")
  const data = JSON.stringify("x".repeat(10_000))
  let longest = 0
  yield* Effect.gen(function* () {
    const journal = yield* Journal
    for (let n = 0; n < appends; n++) {
      const events = Array.from({ length: each }, (_, i) => ({
        id: `${n}.${i}`,
        type: "RecordObserved",
        data,
        metadata: {},
      }))
      const result = yield* journal.append({ stream: `record-3f.t.${n}`, expected: -1, events })
      assert.strictEqual(result._tag, "Appended")
      longest = Math.max(longest, statSync(`${path}-wal`).size)
    }
  }).pipe(Effect.provide(layer({ path }), { local: true }))
  return { longest, size: statSync(path).size }
})

it.live("a busy writer's log is bounded", () =>
  Effect.gen(function* () {
    const { longest, size } = yield* written(160, 100)
    assert.isAbove(size, 150 * MB)
    // It is looked at after every 16th transaction, of 1 MB each here.
    assert.isBelow(longest, CHECKPOINT_BUSY_BYTES + 24 * MB)
  }),
)

it.live("of many small commits little is copied at a time, since somebody waits for each", () =>
  Effect.gen(function* () {
    const { longest, size } = yield* written(1_500, 1)
    assert.isAbove(size, 2 * CHECKPOINT_LIVE_BYTES)
    // Each is some 100 kB of pages here.
    assert.isBelow(longest, CHECKPOINT_LIVE_BYTES + 2 * MB)
  }),
)
