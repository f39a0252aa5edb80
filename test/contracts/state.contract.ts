/** What every adapter of the `State` port does. It is written through `Commit`, as everywhere. */
import { Commit } from "@concordat/engine/ports/Commit"
import { State } from "@concordat/engine/ports/State"
import type { Checkpoint, DocumentWrite } from "@concordat/engine/ports/State"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"

const tenantName = (): string => `t${randomUUID().replaceAll("-", "")}`

const write = Effect.fnUntraced(function* (documents: ReadonlyArray<DocumentWrite>) {
  const commit = yield* Commit
  const result = yield* commit.commit({ appends: [], documents, commands: [], checkpoint: null })
  assert.strictEqual(result._tag, "Appended")
})
const put = (tenant: string, kind: string, values: Readonly<Record<string, string | null>>) =>
  write(Object.entries(values).map(([key, value]) => ({ tenant, kind, key, value })))

export interface StateContractOptions {
  /** A store that keeps its keys in an index of its own refuses those that can't be in one. */
  readonly checksKeys: boolean
}

export const stateContract = <E>(
  name: string,
  adapter: Layer.Layer<State | Commit, E>,
  options: StateContractOptions,
): void =>
  layer(adapter)(`State: ${name}`, (it) => {
    it.effect("[S1] gives documents in the order asked for, and null where there is none", () =>
      Effect.gen(function* () {
        const state = yield* State
        const tenant = tenantName()
        yield* put(tenant, "due", { a: "1", b: '{"x":"é😀"}' })
        const ids = ["b", "nothing", "a", "b"].map((key) => ({ tenant, kind: "due", key }))
        assert.deepStrictEqual(yield* state.getMany(ids), ['{"x":"é😀"}', null, "1", '{"x":"é😀"}'])
        assert.deepStrictEqual(yield* state.getMany([]), [])
      }),
    )

    it.effect("[S2] replaces a document, removes it by null, and removing nothing is no error", () =>
      Effect.gen(function* () {
        const state = yield* State
        const tenant = tenantName()
        const get = state.getMany([{ tenant, kind: "due", key: "a" }])
        yield* put(tenant, "due", { a: "1" })
        yield* put(tenant, "due", { a: "2" })
        assert.deepStrictEqual(yield* get, ["2"])
        yield* put(tenant, "due", { a: null, never: null })
        assert.deepStrictEqual(yield* get, [null])
        yield* write([
          { tenant, kind: "due", key: "a", value: "3" },
          { tenant, kind: "due", key: "a", value: "4" },
        ])
        assert.deepStrictEqual(yield* get, ["4"])
      }),
    )

    it.effect("[S3] keeps tenants and kinds apart", () =>
      Effect.gen(function* () {
        const state = yield* State
        const [one, two] = [tenantName(), tenantName()]
        yield* put(one, "due", { k: "1" })
        yield* put(two, "due", { k: "2" })
        yield* put(one, "link", { k: "3" })
        const scan = (tenant: string, kind: string) =>
          Effect.map(state.scan({ tenant, kind, prefix: "", after: null, limit: 10 }), (rows) =>
            rows.map((row) => row.value),
          )
        assert.deepStrictEqual(yield* scan(one, "due"), ["1"])
        assert.deepStrictEqual(yield* scan(two, "due"), ["2"])
        assert.deepStrictEqual(yield* scan(one, "link"), ["3"])
        assert.deepStrictEqual(yield* scan(two, "link"), [])
        yield* put(one, "due", { k: null })
        assert.deepStrictEqual(yield* scan(two, "due"), ["2"])
      }),
    )

    it.effect("[S4] scans keys with a prefix in code point order, after a key, up to the limit", () =>
      Effect.gen(function* () {
        const state = yield* State
        const tenant = tenantName()
        const inOrder = [
          "a",
          "a/",
          "a/1",
          "a/10",
          "a/2",
          "a/Z",
          "a/é",
          "a/\u{d7ff}",
          "a/\u{e000}",
          "a/\u{fffd}",
          "a/😀",
          "a/\u{10ffff}",
          "a/\u{10ffff}x",
          "b",
        ]
        yield* put(tenant, "link", Object.fromEntries([...inOrder].reverse().map((key) => [key, JSON.stringify(key)])))
        const scan = (prefix: string, after: string | null, limit: number) =>
          Effect.map(state.scan({ tenant, kind: "link", prefix, after, limit }), (rows) => rows.map((row) => row.key))
        assert.deepStrictEqual(yield* scan("", null, 100), inOrder)
        assert.deepStrictEqual(yield* scan("a/", null, 100), inOrder.slice(1, -1))
        assert.deepStrictEqual(yield* scan("a/", null, 2), ["a/", "a/1"])
        assert.deepStrictEqual(yield* scan("a/", "a/1", 2), ["a/10", "a/2"])
        assert.deepStrictEqual(yield* scan("a/", "a", 1), ["a/"])
        assert.deepStrictEqual(yield* scan("a/", "a/\u{fffd}", 1), ["a/😀"])
        assert.deepStrictEqual(yield* scan("a/\u{10ffff}", null, 5), ["a/\u{10ffff}", "a/\u{10ffff}x"])
        assert.deepStrictEqual(yield* scan("\u{10ffff}", null, 5), [])
        assert.deepStrictEqual(yield* scan("a/", "b", 5), [])
        assert.deepStrictEqual(yield* scan("a/\u{d7ff}", null, 5), ["a/\u{d7ff}"])
        assert.deepStrictEqual(yield* scan("c", null, 5), [])
      }),
    )

    it.effect("[S5] counts keys with a prefix", () =>
      Effect.gen(function* () {
        const state = yield* State
        const tenant = tenantName()
        yield* put(tenant, "due", { "a/1": "1", "a/2": "1", b: "1" })
        const count = (prefix: string) => state.count({ tenant, kind: "due", prefix })
        assert.strictEqual(yield* count(""), 3)
        assert.strictEqual(yield* count("a/"), 2)
        assert.strictEqual(yield* count("c"), 0)
        assert.strictEqual(yield* state.count({ tenant, kind: "other", prefix: "" }), 0)
      }),
    )

    it.effect("[S6] lists tenants that have any document", () =>
      Effect.gen(function* () {
        const state = yield* State
        const [one, two, gone] = ["a", "b", "c"].map((letter) => `${letter}${tenantName()}`)
        for (const tenant of [two!, gone!, one!]) yield* put(tenant, "due", { k: "1" })
        yield* put(one!, "link", { k: "1" })
        yield* put(gone!, "due", { k: null })
        const tenants = yield* state.tenants
        assert.deepStrictEqual(
          tenants.filter((tenant) => [one, two, gone].includes(tenant)),
          [one, two],
        )
        assert.deepStrictEqual(tenants, [...tenants].sort())
      }),
    )

    it.effect("[S7] keeps the last checkpoint of a name", () =>
      Effect.gen(function* () {
        const state = yield* State
        const commit = yield* Commit
        const checkpoint = { name: `reconciler-${randomUUID()}`, position: "12", eventId: randomUUID() }
        assert.isNull(yield* state.checkpoint(checkpoint.name))
        for (const position of ["12", "13"])
          yield* commit.commit({ appends: [], documents: [], commands: [], checkpoint: { ...checkpoint, position } })
        assert.deepStrictEqual(yield* state.checkpoint(checkpoint.name), { ...checkpoint, position: "13" })
      }),
    )

    it.effect("[S14] keeps with a checkpoint what is decided beyond it, and who is behind it, until the next one", () =>
      Effect.gen(function* () {
        const state = yield* State
        const commit = yield* Commit
        const place = { name: `reconciler-${randomUUID()}`, position: "12", eventId: randomUUID() }
        const ahead = ["acme", 'a "quoted" näme'].map((tenant, n) => ({
          tenant,
          position: `${20 + n}`,
          eventId: `${n}`,
        }))
        const write = (checkpoint: Checkpoint) =>
          commit.commit({ appends: [], documents: [], commands: [], checkpoint })
        yield* write({ ...place, ahead })
        assert.deepStrictEqual(yield* state.checkpoint(place.name), { ...place, ahead })
        yield* write({ ...place, ahead: ahead.slice(1) })
        assert.deepStrictEqual(yield* state.checkpoint(place.name), { ...place, ahead: ahead.slice(1) })
        const behind = [{ tenant: "large", position: "3", eventId: "three", until: "11" }]
        for (const both of [{ ahead, behind }, { behind }]) {
          yield* write({ ...place, ...both })
          assert.deepStrictEqual(yield* state.checkpoint(place.name), { ...place, ...both })
        }
        yield* write({ ...place, position: "21", ahead: [] })
        assert.deepStrictEqual(yield* state.checkpoint(place.name), { ...place, position: "21" })
      }),
    )

    it.effect("[S8] gives 5,000 documents at once and refuses more", () =>
      Effect.gen(function* () {
        const state = yield* State
        const tenant = tenantName()
        const ids = Array.from({ length: 5_000 }, (_, n) => ({ tenant, kind: "due", key: String(n) }))
        yield* write(ids.map((id) => ({ ...id, value: id.key })))
        assert.deepStrictEqual(
          yield* state.getMany(ids),
          ids.map((id) => id.key),
        )
        const error = yield* Effect.flip(state.getMany([...ids, ids[0]!]))
        assert.strictEqual(error.reason, "limit")
        const all = yield* state.scan({ tenant, kind: "due", prefix: "", after: null, limit: 4_500 })
        assert.deepStrictEqual(
          all.map((row) => row.key),
          ids
            .map((id) => id.key)
            .sort()
            .slice(0, 4_500),
        )
      }),
    )

    it.effect("[S9] clearing drops every document and checkpoint, and writing goes on", () =>
      Effect.gen(function* () {
        const state = yield* State
        const commit = yield* Commit
        const tenant = tenantName()
        const checkpoint = { name: `reconciler-${randomUUID()}`, position: "12", eventId: randomUUID() }
        yield* put(tenant, "due", { k: "1" })
        yield* commit.commit({ appends: [], documents: [], commands: [], checkpoint })
        yield* state.clear
        assert.deepStrictEqual(yield* state.getMany([{ tenant, kind: "due", key: "k" }]), [null])
        assert.isNull(yield* state.checkpoint(checkpoint.name))
        assert.deepStrictEqual(yield* state.tenants, [])
        yield* put(tenant, "due", { k: "2" })
        assert.deepStrictEqual(yield* state.getMany([{ tenant, kind: "due", key: "k" }]), ["2"])
      }),
    )

    it.effect("[S10] of several writes of a document in a unit the last holds, among thousands of others", () =>
      Effect.gen(function* () {
        const state = yield* State
        const tenant = tenantName()
        const ids = Array.from({ length: 6_000 }, (_, n) => ({ tenant, kind: "due", key: String(n) }))
        yield* write([
          ...ids.map((id) => ({ ...id, value: "first" })),
          ...ids.slice(0, 2).map((id) => ({ ...id, value: null })),
          ...ids.slice(1, 3).map((id) => ({ ...id, value: "last" })),
        ])
        assert.deepStrictEqual(yield* state.getMany(ids.slice(0, 4)), [null, "last", "last", "first"])
        yield* write(ids.map((id, n) => ({ ...id, value: n % 2 === 0 ? null : "odd" })))
        assert.strictEqual(yield* state.count({ tenant, kind: "due", prefix: "" }), 3_000)
        assert.deepStrictEqual(yield* state.getMany(ids.slice(0, 3)), [null, "odd", null])
      }),
    )

    it.effect("[S11] gives back every character of a value, also of a long one", () =>
      Effect.gen(function* () {
        const state = yield* State
        const tenant = tenantName()
        const values: Readonly<Record<string, string>> = {
          quotes: JSON.stringify("'\"\\{},NULL\u0000 \n\t"),
          empty: '""',
          word: "null",
          spaces: ' { "b" : 1.0 , "a" : 1e3 , "b" : 2 } ',
          long: JSON.stringify("é😀x".repeat(300_000)),
        }
        yield* put(tenant, "entity", values)
        const ids = Object.keys(values).map((key) => ({ tenant, kind: "entity", key }))
        assert.deepStrictEqual(yield* state.getMany(ids), Object.values(values))
      }),
    )

    it.effect("[S12] units at the same time on the same documents, in any order, are each written whole", () =>
      Effect.gen(function* () {
        const state = yield* State
        const tenant = tenantName()
        const ids = Array.from({ length: 200 }, (_, n) => ({ tenant, kind: "due", key: String(n) }))
        const unit = (n: number) => (n % 2 === 0 ? ids : [...ids].reverse()).map((id) => ({ ...id, value: String(n) }))
        yield* Effect.forEach(
          Array.from({ length: 20 }, (_, n) => n),
          (n) => write(unit(n)),
          { concurrency: "unbounded" },
        )
        assert.strictEqual(new Set(yield* state.getMany(ids)).size, 1)
      }),
    )

    if (!options.checksKeys) return
    it.effect("[S13] a key that is too long or no text is refused, and nothing of its unit is written", () =>
      Effect.gen(function* () {
        const state = yield* State
        const commit = yield* Commit
        const tenant = tenantName()
        const document = (key: string): DocumentWrite => ({ tenant, kind: "due", key, value: "1" })
        for (const key of ["x".repeat(513), "a\0b", "a\ud800"]) {
          const documents = [document("good"), document(key)]
          const error = yield* Effect.flip(commit.commit({ appends: [], documents, commands: [], checkpoint: null }))
          assert.strictEqual(error.reason, "limit")
          assert.include(error.message, "a document's key has")
          assert.deepStrictEqual(yield* state.getMany([document("good"), document(key)]), [null, null])
        }
        const longest = document("\u{ffff}".repeat(512))
        yield* write([longest])
        assert.deepStrictEqual(yield* state.getMany([longest]), ["1"])
      }),
    )
  })
