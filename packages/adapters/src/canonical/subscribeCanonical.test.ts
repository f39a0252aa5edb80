/** A subscription from the journal alone: what it hands out, what it waits for, and what it refuses. */
import { FOLLOW_LOOK_MS } from "@concordat/engine/limits"
import { Journal, JournalError } from "@concordat/engine/ports/Journal"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { layerLiveTail } from "../nats/Nats.ts"
import { layer as sqlite } from "../sqlite/Sqlite.ts"
import { type CanonicalItem, type CanonicalSubscription, subscribeCanonical } from "./subscribeCanonical.ts"
import { appender, type Had, take, until } from "./testing/product.ts"

/** Nobody listens there: NATS is away for good. */
const away = layerLiveTail({ address: Redacted.make("nats://127.0.0.1:1") })
const stores = Layer.merge(sqlite({ path: ":memory:", inPlace: true }), away)

const isAtEnd = (item: CanonicalItem) => item._tag === "CaughtUp"
const upToEnd = (options: CanonicalSubscription) =>
  Effect.map(Stream.runCollect(Stream.takeUntil(subscribeCanonical(options), isAtEnd)), (items) => ({
    ids: items.flatMap((item) => (item._tag === "Event" ? [item.event.id] : [])),
    positions: items.flatMap((item) => (item._tag === "CaughtUp" ? [] : [item.position])),
    items,
  }))
const failing = (options: CanonicalSubscription) => Effect.flip(Stream.runDrain(subscribeCanonical(options)))

describe("subscribing to canonical events", () => {
  it.live("events say what they are, and any position goes on behind it", () =>
    Effect.gen(function* () {
      const append = appender()
      const ids: Array<string> = [yield* append("acme", "contact", 0), yield* append("acme", "deal", 0)]
      yield* append("other", "deal", 0)
      ids.push(yield* append("acme", "contact", 0))
      const { items, ...all } = yield* upToEnd({ tenant: "acme", after: null })
      assert.deepStrictEqual(all.ids, ids)
      const third = items.filter((item) => item._tag === "Event")[2]!
      assert.deepStrictEqual(third.event, {
        id: ids[2]!,
        type: "contact",
        entity: "00000000-0000-8000-8000-000000000000",
        revision: 1,
        at: Date.parse("2026-11-20T12:00:00Z"),
        kind: "Changed",
        data: { type: "contact", values: { clear: { name: { value: { name: "no 0" } } } }, changes: [] },
      })
      const behind = yield* upToEnd({ tenant: "acme", after: all.positions[0]! })
      assert.deepStrictEqual(behind.ids, ids.slice(1))
      const deals = yield* upToEnd({ tenant: "acme", after: null, types: ["deal"] })
      assert.deepStrictEqual(deals.ids, ids.slice(1, 2))
      // What followed was of no type that was asked for: the position behind it comes by itself.
      assert.isAbove(deals.positions.length, 1)
      const none = yield* upToEnd({ tenant: "acme", after: deals.positions.at(-1)! })
      assert.deepStrictEqual(none.ids, [])
    }).pipe(Effect.provide(stores, { local: true })),
  )

  it.live("a journal that is away is waited for, and goes on where it was", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const append = appender()
      const ids: Array<string> = []
      for (let n = 0; n < 700; n++) ids.push(yield* append("acme", "contact", n % 9))
      let reads = 0
      const flaky = Journal.of({
        ...journal,
        // The first page of 500 comes, then nothing for a while.
        readAll: (options) =>
          ++reads >= 2 && reads <= 4
            ? Effect.fail(new JournalError({ reason: "unavailable", detail: "nobody answers" }))
            : journal.readAll(options),
      })
      const had: Array<Had> = []
      yield* subscribeCanonical({ tenant: "acme", after: null }).pipe(
        Stream.runForEach(take(had)),
        Effect.provideService(Journal, flaky),
        Effect.forkScoped,
      )
      yield* until("all of them", () => had.length >= ids.length)
      assert.isAbove(reads, 4)
      assert.deepStrictEqual(
        had.map(({ event }) => event.id),
        ids,
      )
    }).pipe(Effect.provide(stores, { local: true })),
  )

  it.live("who takes slowly has no more read than what waits", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const append = appender()
      for (let n = 0; n < 2_500; n++) yield* append("acme", "contact", n % 9)
      let read = 0
      const counted = Journal.of({
        ...journal,
        readAll: (options) =>
          Effect.tap(journal.readAll(options), ({ events }) => Effect.sync(() => (read += events.length))),
      })
      let taken = 0
      yield* subscribeCanonical({ tenant: "acme", after: null }).pipe(
        Stream.runForEach(() => (++taken === 700 ? Effect.never : Effect.void)),
        Effect.provideService(Journal, counted),
        Effect.forkScoped,
      )
      yield* until("700 of them", () => taken === 700)
      // Long enough to read all of it, and for the next look at the journal.
      yield* Effect.sleep(FOLLOW_LOOK_MS + 500)
      assert.strictEqual(taken, 700)
      assert.isAtMost(read, 1_000)
    }).pipe(Effect.provide(stores, { local: true })),
  )

  it.live("an event of a newer engine ends it, after what came before", () =>
    Effect.gen(function* () {
      const append = appender()
      const first = yield* append("acme", "contact", 0)
      yield* append("acme", "contact", 0, { schemaVersion: "9" })
      const had: Array<Had> = []
      const error = yield* Effect.flip(
        Stream.runForEach(subscribeCanonical({ tenant: "acme", after: null }), take(had)),
      )
      assert.strictEqual(error._tag, "UnreadableEvent")
      assert.include(error.message, "ContactChanged v9")
      assert.deepStrictEqual(
        had.map(({ event }) => event.id),
        [first],
      )
    }).pipe(Effect.provide(stores, { local: true })),
  )

  it.live("what can't be subscribed to is said by name", () =>
    Effect.gen(function* () {
      yield* appender()("acme", "contact", 0)
      const tenant = yield* failing({ tenant: "Acme.*", after: null })
      assert.include(tenant.message, "tenant Acme.* is no tenant's name")
      const none = yield* failing({ tenant: "acme", after: null, types: [] })
      assert.include(none.message, "types [] is no list")
      const lead = yield* failing({ tenant: "acme", after: null, types: ["lead" as "deal"] })
      assert.include(lead.message, "types lead is no list of canonical types: give some of")
      const after = yield* failing({ tenant: "acme", after: "nowhere" })
      assert.include(after.message, "after nowhere is no position of this journal: give null")
      const elsewhere = layerLiveTail({ address: Redacted.make("http://127.0.0.1") })
      const address = yield* Effect.provide(failing({ tenant: "acme", after: null }), elsewhere, { local: true })
      assert.include(address.message, "address 1 of NATS (127.0.0.1) begins with http://; expected is nats://")
    }).pipe(Effect.provide(stores, { local: true })),
  )
})
