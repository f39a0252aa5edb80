/** What is read counts once and only when it is news: stale reads, deletions, merges, censuses, lost cursors, webhooks. */
import { assert, describe, it } from "@effect/vitest"
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { accept } from "@concordat/engine/intake/Intake"
import { CLOCKS_APART_MS } from "@concordat/engine/limits"
import type { Hint, WebhookRequest } from "@concordat/engine/ports/Provider"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import { definitionOf, MAPPING, PERSON, type Traits } from "./synthetic-traits.ts"
import {
  changeMapping,
  entities,
  eventsOf,
  openConnection,
  pass,
  settleDown,
  START,
  startReconciler,
  startWorker,
  store,
  TENANT,
} from "./system.ts"

const person = (n: number) => ({
  mail: `p${n}@firm${n}.example`,
  first: `First${n}`,
  last: `Last${n}`,
  job: "Engineer",
})

const alone = Effect.fnUntraced(function* (traits: Partial<Traits>, count = 3) {
  yield* TestClock.setTime(START)
  const world = new World(traits)
  for (let n = 1; n <= count; n++) world.put(null, person(n))
  yield* openConnection("crm", { world })
  yield* startReconciler
  const worker = yield* startWorker("crm", world)
  const quiet = settleDown([worker.handle])
  yield* quiet
  return { world, worker, handle: worker.handle, quiet }
})

const observed = (id: string) =>
  Effect.map(eventsOf("RecordObserved"), (events) => events.filter(({ data }) => data.externalId === id))
const job = (event: { data: { values: { clear: { job: string } } } }) => event.data.values.clear.job

describe("reading", () => {
  it.effect("a stale read is no news: a slow poll does not bring back the value before", () =>
    Effect.gen(function* () {
      const { handle, quiet, world } = yield* alone({ stamps: false })
      world.put("1", { job: "Old" })
      world.delayNext("changes", 2_000)
      const polls = world.calls.get("changes")!
      while (world.calls.get("changes") === polls) yield* TestClock.adjust(50)
      // The list has been answered with "Old" and is on its way; a hint's read is quicker.
      world.put("1", { job: "New" })
      yield* handle.hint([{ object: PERSON, id: "1", kind: "changed" }])
      yield* quiet
      assert.deepStrictEqual((yield* observed("1")).map(job), ["Engineer", "New"])
      assert.isAtLeast((yield* handle.stats).stale, 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("an unchanged record is not appended, whoever reads it and however often", () =>
    Effect.gen(function* () {
      const { handle, quiet } = yield* alone({})
      yield* handle.readAgain
      yield* handle.hint([{ object: PERSON, id: "1", kind: "changed" }])
      yield* quiet
      assert.lengthOf(yield* eventsOf("RecordObserved"), 3)
      assert.lengthOf(yield* eventsOf("BackfillFinished"), 1)
      assert.isAtLeast((yield* handle.stats).absorbed, 4)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a poll that finds nothing leaves nothing in the journal", () =>
    Effect.gen(function* () {
      yield* alone({})
      const before = (yield* eventsOf("PageCommitted")).length
      yield* pass(300_000, 1_000)
      assert.strictEqual((yield* eventsOf("PageCommitted")).length, before)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("an older stamp asks for one read by id, which counts", () =>
    Effect.gen(function* () {
      const { handle, world, quiet } = yield* alone({ changes: "snapshot" })
      world.put("1", { job: "Imported" }, 1)
      yield* quiet
      assert.deepStrictEqual((yield* observed("1")).map(job), ["Engineer", "Imported"])
      assert.strictEqual(world.calls.get("read"), 1)
      assert.isAtLeast((yield* handle.stats).stale, 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  for (const [name, traits] of Object.entries({
    "a delta that names it": { changes: "delta" },
    hints: { changes: "hints" },
    "a snapshot and a read": { changes: "snapshot" },
    "two snapshots": { changes: "snapshot", read: false, stamps: false },
    "a census": { changes: "none", census: true },
  } satisfies Record<string, Partial<Traits>>)) {
    it.effect(`a deleted record is gone once, and back once, by ${name}`, () =>
      Effect.gen(function* () {
        const { quiet, world } = yield* alone(traits)
        world.put("2", null)
        yield* pass(45_000, 250)
        yield* quiet
        const gone = yield* eventsOf("RecordGone")
        assert.deepStrictEqual(
          gone.map(({ data }) => [data.externalId, data.reason]),
          [["2", "deleted"]],
        )
        world.put("2", person(2))
        yield* pass(45_000, 250)
        yield* quiet
        assert.lengthOf(yield* observed("2"), 2)
        assert.lengthOf(yield* eventsOf("RecordGone"), 1)
        assert.lengthOf(yield* entities, 3)
      }).pipe(Effect.provide(store, { local: true })),
    )
  }

  it.effect("one list without a record that can't be read by id proves nothing", () =>
    Effect.gen(function* () {
      const { quiet, world } = yield* alone({ changes: "snapshot", read: false, stamps: false })
      world.hideOnce("2")
      yield* pass(20_000, 250)
      yield* quiet
      assert.lengthOf(yield* eventsOf("RecordGone"), 0)
      assert.lengthOf(yield* eventsOf("RecordObserved"), 3)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a merge is said once, and the winner is read", () =>
    Effect.gen(function* () {
      const { quiet, world } = yield* alone({})
      world.put("1", { job: "Both" })
      world.merge("2", "1")
      yield* quiet
      assert.deepStrictEqual(
        (yield* eventsOf("RecordMerged")).map(({ data }) => [data.externalId, data.into]),
        [["2", "1"]],
      )
      assert.deepStrictEqual((yield* observed("1")).map(job), ["Engineer", "Both"])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("what a record became is read, also after a crash right behind that word", () =>
    Effect.gen(function* () {
      const { handle, world, worker } = yield* alone({})
      // Its date says nothing: it is found by the loser alone.
      world.put("1", { job: "Both" }, 1)
      world.merge("2", "1")
      yield* handle.hint([{ object: PERSON, id: "2", kind: "changed" }])
      while ((yield* eventsOf("RecordMerged")).length === 0) yield* TestClock.adjust(1)
      yield* worker.stop
      assert.deepStrictEqual((yield* observed("1")).map(job), ["Engineer"])
      const next = yield* startWorker("crm", world)
      yield* settleDown([next.handle])
      assert.deepStrictEqual((yield* observed("1")).map(job), ["Engineer", "Both"])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a lost cursor starts the walk again and fills the gap", () =>
    Effect.gen(function* () {
      const { quiet, world } = yield* alone({})
      world.failNext("changes", "expired")
      world.put("1", { job: "Gap" })
      yield* quiet
      assert.deepStrictEqual((yield* observed("1")).map(job), ["Engineer", "Gap"])
      assert.lengthOf(yield* eventsOf("BackfillFinished"), 2)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a newly mapped field is read again", () =>
    Effect.gen(function* () {
      const { quiet, world } = yield* alone({})
      world.put("1", { land: "The North" })
      yield* quiet
      assert.lengthOf(yield* eventsOf("BackfillFinished"), 1)
      yield* changeMapping("crm", `${MAPPING}      source: land\n`)
      yield* pass(6_000)
      yield* quiet
      assert.lengthOf(yield* eventsOf("BackfillFinished"), 2)
      const known = (yield* entities).map((one) => one.groups["source"]?.value["source"])
      assert.include(known, "The North")
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a field that is mapped in another way is shown again, though it stands there unchanged", () =>
    Effect.gen(function* () {
      const { quiet } = yield* alone({})
      assert.lengthOf(yield* observed("1"), 1)
      yield* changeMapping("crm", MAPPING.replace("title: job", "title: { from: job, transform: lower }"))
      yield* pass(6_000)
      yield* quiet
      assert.deepStrictEqual((yield* observed("1")).map(job), ["Engineer", "Engineer"])
      const held = (yield* entities).map((one) => one.links["crm"]?.groups["title"]?.shadow)
      assert.deepStrictEqual(
        held,
        [1, 2, 3].map(() => ({ title: "ENGINEER" })),
      )
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a provider that is down or wants to be left alone is waited for, and loses nothing", () =>
    Effect.gen(function* () {
      const { handle, quiet, world } = yield* alone({})
      world.failNext("changes", "down", "limited", "down")
      world.put("1", { job: "Later" })
      // Pauses and polls in a row, in which nothing moves.
      yield* pass(20_000)
      yield* quiet
      assert.deepStrictEqual((yield* observed("1")).map(job), ["Engineer", "Later"])
      const stats = yield* handle.stats
      assert.strictEqual(stats.rateLimits, 1)
      assert.strictEqual(stats.retries, 3)
      assert.isNull(stats.fault)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a record pushed in is acknowledged when it is in the journal, with its revision", () =>
    Effect.gen(function* () {
      const { handle } = yield* alone({})
      const pushed = { object: PERSON, id: "1", values: { ...person(1), job: "Pushed" } }
      assert.deepStrictEqual(yield* handle.submit([pushed]), [{ id: "1", revision: 1 }])
      assert.deepStrictEqual(yield* handle.submit([pushed]), [{ id: "1", revision: 1 }])
      assert.deepStrictEqual((yield* observed("1")).map(job), ["Engineer", "Pushed"])
    }).pipe(Effect.provide(store, { local: true })),
  )
})

describe("webhooks", () => {
  const request = (hints: ReadonlyArray<Hint>, secret = "right"): WebhookRequest => ({
    method: "POST",
    url: "https://engine.example/webhooks/crm",
    headers: { "x-secret": secret },
    body: new TextEncoder().encode(JSON.stringify(hints)),
  })
  const intake = (onAccepted: Effect.Effect<void>) => ({
    tenant: TENANT,
    connection: "crm",
    webhook: {
      verify: (one: WebhookRequest) => one.headers["x-secret"] === "right",
      parse: (one: WebhookRequest) =>
        Effect.sync(() => JSON.parse(new TextDecoder().decode(one.body)) as ReadonlyArray<Hint>),
    },
    onAccepted,
  })
  const changed = (id: string): Hint => ({ object: PERSON, id, kind: "changed" })

  it.effect("what is not genuine leaves nothing; what is genuine is kept before it is answered", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      assert.strictEqual((yield* accept(intake(Effect.void), request([changed("1")], "wrong"))).status, 401)
      assert.lengthOf(yield* eventsOf("DeliveryAccepted"), 0)
      assert.deepStrictEqual(yield* accept(intake(Effect.void), request([changed("1"), changed("1")])), {
        status: 202,
        hints: 1,
      })
      assert.lengthOf(yield* eventsOf("DeliveryAccepted"), 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("deliveries that nobody has looked at are taken up at the start, in few reads", () =>
    Effect.gen(function* () {
      const { quiet, worker, world } = yield* alone({ changes: "none" })
      yield* worker.stop
      world.put("1", { job: "Hooked" })
      world.put("2", { job: "Hooked" })
      for (let n = 0; n < 5; n++) yield* accept(intake(Effect.void), request([changed("1"), changed("2")]))
      const reads = world.calls.get("read") ?? 0
      const next = yield* startWorker("crm", world)
      yield* settleDown([next.handle])
      assert.deepStrictEqual((yield* observed("2")).map(job), ["Engineer", "Hooked"])
      assert.strictEqual((world.calls.get("read") ?? 0) - reads, 1)
      // Looked at: another start does not read them again.
      yield* next.stop
      const last = yield* startWorker("crm", world)
      yield* settleDown([last.handle])
      assert.strictEqual((world.calls.get("read") ?? 0) - reads, 1)
      assert.isDefined(quiet)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a delivery of which the record was read since, before a crash, is not looked at again", () =>
    Effect.gen(function* () {
      const { worker, world } = yield* alone({ changes: "none" })
      yield* worker.stop
      yield* accept(intake(Effect.void), request([changed("1"), changed("2")]))
      yield* TestClock.adjust(CLOCKS_APART_MS + 100)
      const handle = yield* makeConnection({
        tenant: TENANT,
        connection: "crm",
        definition: definitionOf(world.traits),
        connector: world.connector(),
        compilers: makeCompilers(),
      })
      yield* handle.submit([{ object: PERSON, id: "1", values: { ...world.get("1") } }])
      yield* Effect.forkChild(handle.run, { startImmediately: true })
      yield* settleDown([handle])
      assert.deepStrictEqual(world.read, ["2"])
      yield* accept(intake(handle.hint([])), request([changed("1")]))
      yield* settleDown([handle])
      assert.deepStrictEqual(world.read, ["2", "1"])
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect(
    "an edit that a poll names is read, though a delivery of before waits and the record was read between",
    () =>
      Effect.gen(function* () {
        const { handle, world } = yield* alone({ changes: "hints" })
        // Two records are being read, slowly; the third waits on the board.
        world.delayNext("read", 20_000)
        const reads = world.calls.get("read") ?? 0
        yield* accept(intake(handle.hint([])), request([changed("2"), changed("3"), changed("1")]))
        while ((world.calls.get("read") ?? 0) === reads) yield* TestClock.adjust(10)
        yield* pass(3_000)
        world.put("1", { job: "A" })
        yield* handle.readAgain
        yield* pass(1_000)
        assert.deepStrictEqual((yield* observed("1")).map(job), ["Engineer", "A"])
        world.put("1", { job: "B" })
        yield* pass(60_000, 250)
        assert.deepStrictEqual((yield* observed("1")).map(job), ["Engineer", "A", "B"])
      }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a webhook sent before its change is committed is looked at a second time", () =>
    Effect.gen(function* () {
      const { handle, world } = yield* alone({ changes: "none", secondLookMs: 3_000 })
      yield* accept(intake(handle.hint([])), request([changed("1"), { object: PERSON, id: "9", kind: "created" }]))
      yield* pass(1_000)
      world.put("1", { job: "Committed" })
      world.put("9", person(9))
      yield* pass(10_000)
      assert.deepStrictEqual((yield* observed("1")).map(job), ["Engineer", "Committed"])
      assert.lengthOf(yield* observed("9"), 1)
    }).pipe(Effect.provide(store, { local: true })),
  )
})
