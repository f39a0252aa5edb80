/** `concordat verify` as people run it, over files that the engine made and that somebody changed afterwards. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { concordat } from "@concordat/cli/testing/command-line"
import type { StoreVerified } from "@concordat/cli/verify/run"
import { Journal } from "@concordat/engine/ports/Journal"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { byHand, idOf, livedFile } from "./stores.ts"

const codeOf = (failure: unknown): unknown =>
  failure === null ? 0 : typeof failure === "object" && "code" in failure ? failure.code : failure

const verified = Effect.fnUntraced(function* (path: string) {
  const { failure, output } = yield* concordat(["verify", path, "--json"])
  return { code: codeOf(failure), ...(JSON.parse(output) as StoreVerified).tenants[0]! }
})

describe("concordat verify", () => {
  it.effect("finds nothing in a store as the engine made it", () =>
    Effect.gen(function* () {
      const path = yield* livedFile
      const [facts, events, streams] = byHand(path, "%", (_, rows) => {
        const of = (categories: RegExp) => rows.filter(({ name }) => categories.test(name))
        const decided = of(/^(contact|company|deal|activity|decision)-/)
        return [
          of(/^(record|create|request|connection)-/).length,
          decided.length,
          new Set(decided.map(({ name }) => name)).size,
        ]
      })
      const found = yield* verified(path)
      assert.deepStrictEqual(
        [found.code, found.facts, found.events, found.streams, found.drift, found.later, found.differences],
        [0, facts, events, streams, 0, 0, []],
      )
      assert.isAbove(found.streams, 1)
      const { output } = yield* concordat(["verify", path])
      assert.match(output, /everything is as its facts say, in \d+\.\d s$/)
    }).pipe(Effect.scoped),
  )

  it.effect("names an event that was changed by hand, and the field, not its value", () =>
    Effect.gen(function* () {
      const path = yield* livedFile
      const row = byHand(path, "contact-%", (db, rows) => {
        const one = rows.find(({ data }) => data.includes("Countess"))!
        const data = one.data.replaceAll("Countess", "Baroness")
        db.prepare("UPDATE event SET data = ? WHERE position = ?").run(data, one.position)
        return one
      })
      const found = yield* verified(path)
      assert.deepStrictEqual([found.code, found.drift], [1, 1])
      const [{ cause: _, ...difference }] = found.differences as [(typeof found.differences)[number]]
      assert.deepInclude(difference, {
        kind: "other",
        stream: row.name,
        revision: row.revision,
        found: idOf(row),
        decided: idOf(row),
      })
      assert.match(difference.detail, new RegExp(`^${row.type}: otherwise in data\\.\\w+$`))
      const { failure, output } = yield* concordat(["verify", path])
      assert.strictEqual(codeOf(failure), 1)
      assert.include(output, `${row.name}@${row.revision}`)
      assert.include(output, idOf(row))
      assert.notMatch(output, /Baroness|Countess/)
    }).pipe(Effect.scoped),
  )

  it.effect("names an event that is not there any more", () =>
    Effect.gen(function* () {
      const path = yield* livedFile
      const row = byHand(path, "contact-%", (db, rows) => {
        const one = rows.find(({ revision }) => revision === 1)!
        db.prepare("DELETE FROM event WHERE position = ?").run(one.position)
        return one
      })
      const found = yield* verified(path)
      assert.deepStrictEqual([found.code, found.drift], [1, 1])
      assert.deepInclude(found.differences[0], {
        kind: "missing",
        stream: row.name,
        revision: row.revision,
        found: null,
        decided: idOf(row),
      })
    }).pipe(Effect.scoped),
  )

  it.effect("names an event that nothing was decided for, also in a stream of its own", () =>
    Effect.gen(function* () {
      const path = yield* livedFile
      const row = byHand(path, "contact-%", (db, rows) => {
        const one = rows.at(-1)!
        const add = db.prepare(
          "INSERT INTO event (position, bucket, stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        const { lastInsertRowid: alone } = db
          .prepare("INSERT INTO stream (name, bucket, kept) VALUES (?, ?, 0)")
          .run(`${one.name}0`, one.bucket)
        const { bucket, data, id, metadata, revision, stream, type } = one
        add.run(1_000_000, bucket, stream, revision + 1, id, type, data, metadata)
        add.run(1_000_001, bucket, alone, 0, id, type, data, metadata)
        return one
      })
      const found = yield* verified(path)
      assert.deepStrictEqual([found.code, found.drift], [1, 2])
      assert.deepStrictEqual(
        found.differences.map(({ found, kind, revision, stream }) => [kind, stream, revision, found]),
        [
          ["extra", row.name, row.revision + 1, idOf(row)],
          ["extra", `${row.name}0`, 0, idOf(row)],
        ],
      )
    }).pipe(Effect.scoped),
  )

  it.effect("says what it can't do, with an exit code of its own", () =>
    Effect.gen(function* () {
      const path = yield* livedFile
      const says = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
        const { errors, failure } = yield* concordat(["verify", ...args])
        assert.strictEqual(codeOf(failure), 2)
        return errors
      })
      assert.match(yield* says(`${path}.none`), /could not be verified: there is no file .*none$/)
      assert.match(yield* says(path, "--tenant", "emca"), /holds no tenant emca; there are: acme$/)
      assert.match(yield* says("kurrentdb"), /KURRENTDB_URL is not set/)
      const held = Effect.andThen(Journal, says(path))
      const locked = yield* Effect.provide(held, sqlite({ path }), { local: true })
      assert.match(locked, /journal locked: .* is in use by another process/)
    }).pipe(Effect.scoped),
  )
})
