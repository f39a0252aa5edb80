/** What is acknowledged survives: a killed process, a torn log, and a file that lost its end is noticed. */
import { Bus } from "@concordat/engine/ports/Bus"
import { Journal } from "@concordat/engine/ports/Journal"
import type { JournalError } from "@concordat/engine/ports/Journal"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { spawn } from "node:child_process"
import { once } from "node:events"
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { layer } from "./Sqlite.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "concordat-crash-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
)
/** Events, and far fewer pages of the log than are copied into the file. */
const FEW = 100
const victim = fileURLToPath(new URL("./crash.victim.ts", import.meta.url))

/**
 * Starts the victim, kills it once it has acknowledged so many events, and gives all that it acknowledged. `isMost`: it waits
 * there, however long the kill takes to come.
 */
const killAfter = (
  path: string,
  count: number,
  { isMost = false, whileHeld = Effect.void }: { isMost?: boolean; whileHeld?: Effect.Effect<void> } = {},
) =>
  Effect.gen(function* () {
    const args = [victim, path, ...(isMost ? [String(count)] : [])]
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
    let out = ""
    let complaints = ""
    child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString()))
    const enough = new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk: Buffer) => {
        out += chunk.toString()
        if (out.split("\n").length > count) resolve()
      })
      child.once("exit", () => reject(new Error(`the victim ended by itself: ${complaints}`)))
    })
    const closed = once(child, "close")
    yield* Effect.promise(() => enough)
    yield* whileHeld
    child.kill("SIGKILL")
    yield* Effect.promise(() => closed)
    // Its last line may be cut; the event behind it is then not known to be acknowledged.
    return out.slice(0, out.lastIndexOf("\n")).split("\n")
  })

const storedIn = (path: string): Effect.Effect<ReadonlySet<string>, JournalError> =>
  Effect.gen(function* () {
    const journal = yield* Journal
    const { events } = yield* journal.readAll({ after: null, prefixes: [], limit: 1_000_000 })
    return new Set(events.map((event) => `${event.stream} ${event.revision} ${event.id}`))
  }).pipe(Effect.provide(layer({ path }), { local: true }))

const assertKept = (acknowledged: ReadonlyArray<string>, stored: ReadonlySet<string>): void =>
  assert.deepStrictEqual(
    acknowledged.filter((line) => !stored.has(line)),
    [],
  )

/** How opening the file is refused; dies where it is not. */
const refusal = (path: string): Effect.Effect<JournalError> =>
  Effect.provide(
    Effect.flatMap(Journal, (journal) => journal.end),
    layer({ path }),
    { local: true },
  ).pipe(Effect.flip, Effect.orDie)

describe("SQLite after a crash", () => {
  it.live("kill -9 loses nothing acknowledged, again and again on the same file", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "store.db")
      const acknowledged: Array<string> = []
      for (const count of [50, 400, 1_500]) {
        acknowledged.push(...(yield* killAfter(path, count)))
        const stored = yield* storedIn(path)
        assert.isAtLeast(acknowledged.length, count)
        assertKept(acknowledged, stored)
        // At most what was under way when it died can be stored without having been acknowledged.
        assert.isAtMost(stored.size - acknowledged.length, 8 * 3)
      }
    }),
  )

  it.live("a torn tail of the log loses nothing acknowledged", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const path = join(home, "store.db")
      const acknowledged = yield* killAfter(path, 300)
      assert.isTrue(existsSync(`${path}-wal`))
      const tails = {
        garbage: Buffer.alloc(10_000, 0xa5),
        "half a frame": readFileSync(`${path}-wal`).subarray(32, 2_000),
      }
      for (const [name, tail] of Object.entries(tails)) {
        const copy = join(home, `${name}.db`)
        copyFileSync(path, copy)
        copyFileSync(`${path}-wal`, `${copy}-wal`)
        appendFileSync(`${copy}-wal`, tail)
        assertKept(acknowledged, yield* storedIn(copy))
      }
    }),
  )

  it.live("a log cut within a transaction keeps every transaction before it", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "store.db")
      // So few that none of them is copied into the file: the log is all that there is.
      const acknowledged = yield* killAfter(path, FEW, { isMost: true })
      truncateSync(`${path}-wal`, Math.floor(statSync(`${path}-wal`).size * 0.6))
      const stored = yield* storedIn(path)
      // Each writer waits for its answer, so that what is left of a stream is its beginning, without a hole.
      assert.isAbove(stored.size, 0)
      assert.isBelow(stored.size, acknowledged.length)
      for (let n = 0; n < 8; n++) {
        const revisions = [...stored].flatMap((line) =>
          line.startsWith(`record-3f.t1.${n} `) ? [Number(line.split(" ")[1])] : [],
        )
        assert.deepStrictEqual(
          revisions.sort((a, b) => a - b),
          revisions.map((_, i) => i),
        )
      }
    }),
  )

  it.live("a checkpoint cut after its first page loses nothing acknowledged", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const path = join(home, "store.db")
      const acknowledged = yield* killAfter(path, FEW, { isMost: true })
      const cut = join(home, "cut.db")
      copyFileSync(`${path}-wal`, `${cut}-wal`)
      // Opening and closing copies the log into the file; of that the other file gets the first page alone.
      yield* storedIn(path)
      writeFileSync(cut, readFileSync(path).subarray(0, 4_096))
      assertKept(acknowledged, yield* storedIn(cut))
    }),
  )

  it.live("a disk that refuses a write ends what is promised, not what was", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "store.db")
      // The shell's limit on file sizes, in blocks of 512 bytes or more, stands for a disk that fails.
      const child = spawn("sh", ["-c", 'ulimit -f 4000 && exec "$0" "$@"', process.execPath, victim, path])
      let out = ""
      child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()))
      const [code] = (yield* Effect.promise(() => once(child, "close"))) as [number | null]
      assert.strictEqual(code, 1)
      const acknowledged = out.trim().split("\n")
      assert.isAbove(acknowledged.length, 50)
      assertKept(acknowledged, yield* storedIn(path))
    }),
  )

  it.live("a file that lost its end is refused as corrupt", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "store.db")
      yield* killAfter(path, 100)
      yield* storedIn(path)
      truncateSync(path, statSync(path).size - 4_096)
      const error = yield* refusal(path)
      assert.strictEqual(error.reason, "corrupt")
      assert.include(error.detail, path)
    }),
  )

  it.live("another process is told who it waits for, and gets the file when the holder was killed", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "store.db")
      let error: JournalError | undefined
      const meanwhile = Effect.map(refusal(path), (refused) => {
        error = refused
      })
      yield* killAfter(path, 20, { whileHeld: meanwhile })
      assert.strictEqual(error?.reason, "locked")
      assert.include(error?.detail, path)
      assert.include(error?.detail, "Stop that process")
      assert.isAtLeast((yield* storedIn(path)).size, 20)
    }),
  )

  it.live("the bus delivers again what was unanswered when the store was closed", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "store.db")
      const consume = Effect.gen(function* () {
        const bus = yield* Bus
        return yield* bus
          .consume({ group: "g", subjects: ["s.>"], maxInFlight: 10, ackWait: "10 minutes" })
          .pipe(Stream.take(2), Stream.runCollect)
      })
      const first = yield* Effect.gen(function* () {
        const bus = yield* Bus
        yield* bus.publish(["a", "b", "c"].map((id) => ({ subject: `s.${id}`, id, body: "{}" })))
        const [one, two] = yield* consume
        yield* one!.ack
        yield* two!.nak("0 millis")
        return one!.id
      }).pipe(Effect.provide(layer({ path }), { local: true }))
      const again = yield* Effect.provide(consume, layer({ path }), { local: true })
      assert.sameMembers(
        again.map((delivery) => delivery.id),
        ["a", "b", "c"].filter((id) => id !== first),
      )
    }),
  )
})
