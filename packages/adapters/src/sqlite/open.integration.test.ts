/** Which files are opened and which are refused untouched, and what closing leaves behind. */
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import { type Checkpoint, State } from "@concordat/engine/ports/State"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Context from "effect/Context"
import { randomUUID } from "node:crypto"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { layer } from "./Sqlite.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "concordat-open-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true })),
)
const event = () => ({ id: randomUUID(), type: "RecordObserved", data: "{}", metadata: {} })
const within = <A, E>(path: string, effect: Effect.Effect<A, E, Journal | State | Commit>) =>
  Effect.provide(effect, layer({ path }), { local: true })
const refusal = (path: string) =>
  Effect.flip(
    within(
      path,
      Effect.flatMap(Journal, (journal) => journal.end),
    ),
  )

describe("SQLite's file", () => {
  it.live("a file that is not ours is refused and left byte for byte as it was", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const text = join(home, "notes.txt")
      writeFileSync(text, "not a database, but somebody's notes\n".repeat(200))
      const other = join(home, "other.db")
      const db = new DatabaseSync(other)
      db.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1); PRAGMA user_version = 1")
      db.close()
      for (const path of [text, other]) {
        const before = readFileSync(path)
        const error = yield* refusal(path)
        assert.strictEqual(error.reason, "foreign", error.detail)
        assert.include(error.detail, path)
        assert.isTrue(before.equals(readFileSync(path)))
      }
      assert.deepStrictEqual(readdirSync(home).sort(), ["notes.txt", "other.db"])
    }),
  )

  it.live("a file of the first format is read on, with its checkpoint", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "store.db")
      const checkpoint = { name: "reconciler", position: "0000000000000007", eventId: "seven" }
      const stored = Effect.flatMap(State, (state) => state.checkpoint("reconciler"))
      const write = (one: Checkpoint) =>
        Effect.flatMap(Commit, ({ commit }) => commit({ appends: [], documents: [], commands: [], checkpoint: one }))
      yield* within(path, write(checkpoint))
      const db = new DatabaseSync(path)
      db.exec("ALTER TABLE checkpoint DROP COLUMN ahead; PRAGMA user_version = 1")
      db.close()
      assert.deepStrictEqual(yield* within(path, stored), checkpoint)
      const ahead = [{ tenant: "acme", position: "0000000000000009", eventId: "nine" }]
      yield* within(path, write({ ...checkpoint, ahead }))
      assert.deepStrictEqual(yield* within(path, stored), { ...checkpoint, ahead })
    }),
  )

  it.live("a file of a newer format is refused and keeps its version", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "store.db")
      yield* within(path, Effect.void)
      const db = new DatabaseSync(path)
      db.exec("PRAGMA user_version = 99")
      db.close()
      const error = yield* refusal(path)
      assert.strictEqual(error.reason, "newer")
      assert.include(error.detail, "format 99")
      const after = new DatabaseSync(path)
      assert.deepStrictEqual({ ...after.prepare("PRAGMA user_version").get() }, { user_version: 99 })
      after.close()
    }),
  )

  it.live("a file whose pages are damaged is refused, with what to do, wherever the damage is", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "store.db")
      const events = Array.from({ length: 2_000 }, event)
      yield* within(
        path,
        Effect.flatMap(Journal, (journal) => journal.append({ stream: "record-3f.t.1", expected: -1, events })),
      )
      const whole = readFileSync(path)
      const damaged = [
        Buffer.concat([whole.subarray(0, whole.length - 8 * 4_096), Buffer.alloc(8 * 4_096, 0xa5)]),
        whole.subarray(0, whole.length - 8 * 4_096),
        Buffer.concat([whole.subarray(0, 10 * 4_096), Buffer.alloc(4_096), whole.subarray(11 * 4_096)]),
      ]
      for (const bytes of damaged) {
        writeFileSync(path, bytes)
        const error = yield* refusal(path)
        assert.strictEqual(error.reason, "corrupt", error.detail)
        assert.include(error.detail, path)
        assert.match(error.detail, /restore it from a backup/i)
      }
      writeFileSync(path, whole)
      assert.isNotNull(
        yield* within(
          path,
          Effect.flatMap(Journal, (journal) => journal.end),
        ),
      )
    }),
  )

  it.live("a folder that does not exist is named", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "nowhere", "store.db")
      const error = yield* refusal(path)
      assert.strictEqual(error.reason, "unavailable")
      assert.include(error.detail, path)
      assert.isFalse(existsSync(path))
    }),
  )

  it.live("a second store on the file in this process is locked out until the first is closed", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "store.db")
      yield* within(
        path,
        Effect.gen(function* () {
          assert.strictEqual((yield* refusal(path)).reason, "locked")
          // Being refused must not have let go of the first one's lock.
          assert.strictEqual((yield* refusal(path)).reason, "locked")
          const journal = yield* Journal
          assert.strictEqual(
            (yield* journal.append({ stream: "record-3f.t.1", expected: -1, events: [event()] }))._tag,
            "Appended",
          )
        }),
      )
      assert.isNotNull(
        yield* within(
          path,
          Effect.flatMap(Journal, (journal) => journal.end),
        ),
      )
    }),
  )

  it.live("everything is there after closing and opening, and closing leaves one file", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const path = join(home, "store.db")
      const events = Array.from({ length: 5 }, event)
      const checkpoint = { name: "reconciler", position: "5", eventId: events[4]!.id }
      const end = yield* within(
        path,
        Effect.gen(function* () {
          const commit = yield* Commit
          const journal = yield* Journal
          const documents = [{ tenant: "t", kind: "due", key: "k", value: "1" }]
          yield* commit.commit({
            appends: [{ stream: "record-3f.t.1", expected: -1, events }],
            documents,
            commands: [],
            checkpoint,
          })
          yield* journal.append({ stream: "record-3f.t.2", expected: -1, events: [event()] })
          // The last position is forgotten with its stream, and must not be given out again.
          yield* journal.delete("record-3f.t.2")
          return yield* journal.end
        }),
      )
      assert.deepStrictEqual(readdirSync(home), ["store.db"])
      yield* within(
        path,
        Effect.gen(function* () {
          const journal = yield* Journal
          const state = yield* State
          const read = yield* journal.read("record-3f.t.1", { from: 0, direction: "forward", limit: 10 })
          assert.deepStrictEqual(
            read.map(({ id }) => id),
            events.map(({ id }) => id),
          )
          assert.strictEqual(yield* journal.end, end)
          assert.strictEqual(
            (yield* journal.append({ stream: "record-3f.t.2", expected: 0, events: [event()] }))._tag,
            "Appended",
          )
          const after = yield* journal.readAll({ after: end, prefixes: [], limit: 10 })
          assert.strictEqual(after.events.length, 1)
          assert.deepStrictEqual(yield* state.getMany([{ tenant: "t", kind: "due", key: "k" }]), ["1"])
          assert.deepStrictEqual(yield* state.checkpoint("reconciler"), checkpoint)
        }),
      )
    }),
  )

  it.live("closing answers what was asked before, and what is asked later is refused", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "store.db")
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(layer({ path }), scope)
      const journal = Context.get(services, Journal)
      const appends = yield* Effect.forEach(
        Array.from({ length: 200 }, (_, n) => n),
        (n) =>
          Effect.forkChild(journal.append({ stream: `record-3f.t.${n}`, expected: -1, events: [event()] }), {
            startImmediately: true,
          }),
      )
      yield* Scope.close(scope, Exit.void)
      const results = yield* Fiber.joinAll(appends)
      assert.isTrue(results.every((result) => result._tag === "Appended"))
      assert.strictEqual((yield* Effect.flip(journal.end)).reason, "closed")
      const page = yield* within(
        path,
        Effect.flatMap(Journal, (journal) => journal.readAll({ after: null, prefixes: [], limit: 500 })),
      )
      assert.strictEqual(page.events.length, 200)
    }),
  )

  it.live("a position that this file never gave out is refused", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "store.db")
      yield* within(
        path,
        Effect.gen(function* () {
          const journal = yield* Journal
          for (const after of ["C:12/P:12", "0000000000000007", "-1"]) {
            const error = yield* Effect.flip(journal.readAll({ after, prefixes: [], limit: 1 }))
            assert.strictEqual(error.reason, "foreign")
          }
        }),
      )
    }),
  )

  it.live("one unit over a limit fails alone", () =>
    within(
      ":memory:",
      Effect.gen(function* () {
        const journal = yield* Journal
        const append = (stream: string) => Effect.result(journal.append({ stream, expected: -1, events: [event()] }))
        const streams = Array.from({ length: 20 }, (_, n) =>
          n === 7 ? `record-3f.${"x".repeat(600)}` : `record-3f.t.${n}`,
        )
        const results = yield* Effect.forEach(streams, append, { concurrency: "unbounded" })
        assert.deepStrictEqual(
          results.map((result) => (result._tag === "Success" ? result.success._tag : result.failure.reason)),
          streams.map((_, n) => (n === 7 ? "limit" : "Appended")),
        )
        assert.strictEqual((yield* journal.readAll({ after: null, prefixes: [], limit: 100 })).events.length, 19)
      }),
    ),
  )
})
