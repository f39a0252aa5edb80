/** A file of an engine of before entities' events, and the opening of connections, had their second version. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { concordat } from "@concordat/cli/testing/command-line"
import type { StoreVerified } from "@concordat/cli/verify/run"
import { State } from "@concordat/engine/ports/State"
import { apart } from "@concordat/model/events/changes"
import type { Change } from "@concordat/model/events/entity"
import { eventId } from "@concordat/model/ids"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { entities, settleDown, startReconciler } from "../engine/system.ts"
import { byHand, livedFile } from "./stores.ts"

/** Connections as version 1 opened them: by no edition of the rules. */
const opened = (path: string): void =>
  byHand(path, "connection-%", (db, rows) => {
    const put = db.prepare("UPDATE event SET data = ?, metadata = ? WHERE position = ?")
    const old = rows.filter(({ type }) => type === "ConnectionOpened")
    assert.isNotEmpty(old)
    for (const { data, metadata, position } of old) {
      const { edition, ...said } = JSON.parse(data) as Record<string, unknown>
      assert.isNumber(edition)
      put.run(JSON.stringify(said), JSON.stringify({ ...JSON.parse(metadata), schemaVersion: "1" }), position)
    }
  })

/** The file's events as version 1 had them, with the ids that follow from that; answers how many entities' there were. */
const aged = (path: string): number => {
  opened(path)
  return byHand(path, "contact-%", (db, rows) => {
    const put = db.prepare("UPDATE event SET id = ?, data = ?, metadata = ? WHERE position = ?")
    const old = rows.filter(({ type }) => /Created$|Changed$/.test(type))
    for (const { data, metadata, name, position, revision, type } of old) {
      const said = JSON.parse(data) as { readonly changes: ReadonlyArray<Change> }
      const text = JSON.stringify({ ...said, changes: apart(said.changes) })
      const id = Buffer.from(eventId(name, revision - 1, text, type).replaceAll("-", ""), "hex")
      const { schemaVersion, ...kept } = JSON.parse(metadata) as Record<string, string>
      assert.strictEqual(schemaVersion, "2")
      put.run(id, text, JSON.stringify({ ...kept, schemaVersion: "1" }), position)
    }
    return old.length
  })
}

const verified = Effect.fnUntraced(function* (path: string) {
  const { output } = yield* concordat(["verify", path, "--json"])
  return (JSON.parse(output) as StoreVerified).tenants[0]!
})

describe("a file with events of version 1", () => {
  it.effect("is what its facts say", () =>
    Effect.gen(function* () {
      const path = yield* livedFile
      assert.isAbove(aged(path), 2)
      const found = yield* verified(path)
      assert.deepStrictEqual([found.drift, found.differences], [0, []])
    }).pipe(Effect.scoped),
  )

  it.effect("shows what was changed by hand", () =>
    Effect.gen(function* () {
      const path = yield* livedFile
      aged(path)
      byHand(path, "contact-%", (db, rows) => {
        const one = rows.find(({ data }) => data.includes("Countess"))!
        const data = one.data.replaceAll("Countess", "Baroness")
        db.prepare("UPDATE event SET data = ? WHERE position = ?").run(data, one.position)
      })
      const { differences, drift } = yield* verified(path)
      assert.strictEqual(drift, 1)
      assert.match(differences[0]!.detail, /otherwise in data\.values$/)
    }).pipe(Effect.scoped),
  )

  for (const [what, data] of [
    ["is no JSON", "{"],
    ["says nothing that version 1 could say", '{"type":"contact","values":{"clear":{}},"changes":[null]}'],
  ] as const)
    it.effect(`shows an event that ${what}`, () =>
      Effect.gen(function* () {
        const path = yield* livedFile
        aged(path)
        byHand(path, "contact-%", (db, rows) => {
          const { position } = rows.find(({ type }) => type === "ContactCreated")!
          db.prepare("UPDATE event SET data = ? WHERE position = ?").run(data, position)
        })
        const { differences, drift } = yield* verified(path)
        assert.strictEqual(drift, 1)
        assert.match(differences[0]!.detail, /^ContactCreated: otherwise in /)
      }).pipe(Effect.scoped),
    )

  it.effect("is replayed: its decisions are adopted and not said again", () =>
    Effect.gen(function* () {
      const path = yield* livedFile
      aged(path)
      const events = () => byHand(path, "%", (_, rows) => rows.map(({ id, name, revision }) => [name, revision, id]))
      const before = events()
      const replayed = Effect.gen(function* () {
        const kept = yield* entities
        yield* Effect.flatMap(State, (state) => state.clear)
        const reconciler = yield* startReconciler
        yield* settleDown([])
        yield* Fiber.interrupt(reconciler)
        assert.deepStrictEqual(yield* entities, kept)
        assert.isAbove(kept.length, 1)
      })
      yield* Effect.scoped(replayed).pipe(Effect.provide(sqlite({ path, inPlace: true }), { local: true }))
      assert.deepStrictEqual(events(), before)
    }).pipe(Effect.scoped),
  )
})
