/** Two providers kept in agreement: written once, our own echo is no news, and no person's edit is written over. */
import { assert, describe, it } from "@effect/vitest"
import { appendTo } from "@concordat/engine/operations/append"
import * as streams from "@concordat/model/streams"
import { WAKE_ACK_MS, WAKES_IN_FLIGHT } from "@concordat/engine/limits"
import { Bus, pushSubject } from "@concordat/engine/ports/Bus"
import { State } from "@concordat/engine/ports/State"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import { eventsOf, openConnection, pass, START, startReconciler, startWorker, store, TENANT } from "./system.ts"
import { ADA, only, pair } from "./pair.ts"

describe("push", () => {
  it.effect("carries edits both ways, one write each", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right } = yield* pair()
      yield* quiet
      left.put(ada, { job: "Analyst" })
      yield* quiet
      assert.strictEqual(only(right).values["job"], "Analyst")
      right.put(only(right).id, { first: "Augusta" })
      yield* quiet
      assert.deepStrictEqual(left.get(ada), { ...ADA, first: "Augusta", job: "Analyst" })
      assert.lengthOf(left.writes, 1)
      assert.lengthOf(right.writes, 2)
      assert.deepStrictEqual(left.writes[0]!.values["job"], undefined)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("reads directly before it writes, so that an edit nobody has seen is seen first", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right } = yield* pair()
      yield* quiet
      const copy = only(right).id
      left.put(ada, { job: "Analyst" })
      // Seen by no poll yet when the push begins.
      yield* pass(4_800)
      right.put(copy, { first: "Augusta" })
      yield* quiet
      assert.deepStrictEqual(left.get(ada), { ...ADA, first: "Augusta", job: "Analyst" })
      assert.deepStrictEqual(right.get(copy), { ...ADA, first: "Augusta", job: "Analyst" })
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a read that overlaps a write is no news, and what it may have missed is read again", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right } = yield* pair({}, { stamps: false, answers: "nothing" })
      yield* quiet
      const copy = only(right).id
      yield* pass(6_000)
      left.put(ada, { job: "Analyst" })
      // The next list of the right side is answered before the write and arrives after it.
      right.put(copy, { first: "Augusta" })
      right.delayNext("changes", 9_000)
      const polls = right.calls.get("changes")!
      while (right.calls.get("changes") === polls) yield* TestClock.adjust(50)
      yield* quiet
      for (const world of [left, right])
        assert.deepStrictEqual(only(world).values, { ...ADA, first: "Augusta", job: "Analyst" })
      const jobs = (yield* eventsOf("RecordObserved"))
        .filter(({ data }) => data.connection === "right")
        .map(({ data }) => data.values.clear.job)
      assert.notInclude(jobs.slice(jobs.indexOf("Analyst")), "Countess")
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("what a poll sees of a write on its way is not taken for somebody's edit", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right } = yield* pair({}, { lossy: true })
      yield* quiet
      left.put(ada, { job: "Analyst" })
      // The write has taken effect, lower-cased as everything there; its answer comes after the next poll.
      right.delayNext("write", 8_000)
      yield* quiet
      assert.strictEqual(only(right).values["job"], "analyst")
      assert.strictEqual(left.get(ada)?.["job"], "Analyst")
      assert.lengthOf(left.writes, 0)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a fact that comes between plan and write is decided first", () =>
    Effect.gen(function* () {
      const { ada, handles, left, quiet, right } = yield* pair()
      yield* quiet
      const copy = only(right).id
      left.put(ada, { job: "Analyst" })
      const reads = right.calls.get("read") ?? 0
      right.delayNext("read", 2_000)
      while ((right.calls.get("read") ?? 0) === reads) yield* TestClock.adjust(50)
      // Planned, and being read before it is written; a newer edit of the same field is read and appended meanwhile.
      right.put(copy, { job: "Director" }, 1_000)
      yield* handles[1]!.hint([{ object: "person", id: copy, kind: "changed" }])
      yield* quiet
      for (const world of [left, right]) assert.strictEqual(only(world).values["job"], "Director")
      assert.lengthOf(right.writes, 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("a precondition that fails is somebody's edit: it is read, and ours goes on top of it", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right } = yield* pair({}, { preconditions: true })
      yield* quiet
      const copy = only(right).id
      left.put(ada, { job: "Analyst" })
      while (right.calls.get("write") === 1) {
        right.put(copy, { first: "Augusta" })
        yield* TestClock.adjust(50)
      }
      yield* quiet
      for (const world of [left, right])
        assert.deepStrictEqual(only(world).values, { ...ADA, first: "Augusta", job: "Analyst" })
      assert.lengthOf(yield* eventsOf("WriteRefused"), 0)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("reads before it writes where the version for the precondition is not known", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right } = yield* pair({}, { preconditions: true, answers: "nothing", changes: "none" })
      yield* quiet
      right.put(only(right).id, { job: "Director" }, 1_000)
      left.put(ada, { job: "Analyst" })
      yield* quiet
      for (const world of [left, right]) assert.strictEqual(only(world).values["job"], "Director")
      assert.lengthOf(right.writes, 1)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("resends an update that was lost before it took effect, with the same key", () =>
    Effect.gen(function* () {
      const { ada, handles, left, quiet, right } = yield* pair()
      yield* quiet
      const { stats } = handles[1]!
      const { retries } = yield* stats
      right.failNext("write", "down", "limited")
      left.put(ada, { job: "Analyst" })
      yield* quiet
      assert.strictEqual((yield* stats).retries - retries, 2, "calls made again")
      assert.strictEqual(only(right).values["job"], "Analyst")
      assert.lengthOf(right.writes, 2)
      assert.lengthOf(yield* eventsOf("WriteRefused"), 0)
      const keys = new Set((yield* eventsOf("WriteIntended")).map(({ data }) => data.key))
      assert.strictEqual(keys.size, 2)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("does not repeat an update whose answer was lost after it took effect", () =>
    Effect.gen(function* () {
      const { ada, handles, left, quiet, right } = yield* pair()
      yield* quiet
      const { stats } = handles[1]!
      const { retries } = yield* stats
      right.failNext("write", "lost")
      left.put(ada, { job: "Analyst" })
      yield* quiet
      assert.strictEqual(only(right).values["job"], "Analyst")
      assert.lengthOf(right.writes, 2)
      assert.strictEqual((yield* stats).retries, retries, "what was not sent again is no call made again")
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("tries a busy record again, and gives up in the provider's own words", () =>
    Effect.gen(function* () {
      const { ada, handles, left, quiet, right } = yield* pair()
      yield* quiet
      const { stats } = handles[1]!
      const { retries } = yield* stats
      right.failNext("row", "busy", "busy")
      left.put(ada, { job: "Analyst" })
      yield* quiet
      assert.strictEqual((yield* stats).retries - retries, 2, "calls made again")
      assert.strictEqual(only(right).values["job"], "Analyst")
      const written = (yield* eventsOf("RecordWritten")).at(-1)!
      assert.strictEqual(written.data.attempts, 3)
      right.failNext("row", "busy", "busy", "busy", "busy", "busy", "busy")
      left.put(ada, { job: "Programmer" })
      yield* quiet
      const [refused] = yield* eventsOf("WriteRefused")
      assert.include(refused!.data, { message: "the provider's words", attempts: 5, effect: "none" })
      // The dead letter stands for that value only.
      left.put(ada, { job: "Mathematician" })
      yield* quiet
      assert.strictEqual(only(right).values["job"], "Mathematician")
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("pauses without authorisation, counts it against no record, and goes on when resumed", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right, workers } = yield* pair()
      yield* quiet
      right.failNext("read", "unauthorised")
      left.put(ada, { job: "Analyst" })
      yield* pass(20_000)
      assert.strictEqual(only(right).values["job"], "Countess")
      const [paused] = yield* eventsOf("ConnectionPaused")
      assert.strictEqual(paused!.data.reason, "authorisation")
      const calls = (yield* workers[1].handle.stats).calls
      yield* pass(20_000)
      assert.strictEqual((yield* workers[1].handle.stats).calls, calls)
      yield* appendTo(streams.request(TENANT), [
        { type: "ResumeRequested", data: { _tag: "ResumeRequested", connection: "right", by: "op" } },
      ])
      yield* quiet
      assert.strictEqual(only(right).values["job"], "Analyst")
      assert.lengthOf(yield* eventsOf("WriteRefused"), 0)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("goes on too where it is resumed before its worker has looked whether the pause was taken note of", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right } = yield* pair()
      yield* quiet
      right.failNext("read", "unauthorised")
      left.put(ada, { job: "Analyst" })
      for (let n = 0; n < 500 && (yield* eventsOf("ConnectionPaused")).length === 0; n++) yield* pass(10)
      yield* appendTo(streams.request(TENANT), [
        { type: "ResumeRequested", data: { _tag: "ResumeRequested", connection: "right", by: "op" } },
      ])
      yield* quiet
      assert.lengthOf(yield* eventsOf("ConnectionPaused"), 1)
      assert.strictEqual(only(right).values["job"], "Analyst")
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("[CE18] wake-ups of a connection that may not write are answered at once, and hold nobody back", () =>
    Effect.gen(function* () {
      const { left, quiet, right, workers } = yield* pair()
      yield* quiet
      // More than may be in flight at once.
      right.failNext("lookup", "unauthorised")
      right.failNext("read", "unauthorised")
      right.failNext("write", "unauthorised")
      for (let n = 0; n < 2 * WAKES_IN_FLIGHT; n++)
        left.put(null, { mail: `p${n}@firm${n}.example`, first: `First${n}`, last: `Last${n}`, job: "Engineer" })
      const state = yield* State
      const due = state.count({ tenant: TENANT, kind: "due", prefix: "right|" })
      for (let n = 0; n < 200 && (yield* due) < 2 * WAKES_IN_FLIGHT; n++) yield* pass(500)
      yield* pass(20_000, 500)
      assert.lengthOf(right.live(), 1)
      assert.strictEqual(yield* due, 2 * WAKES_IN_FLIGHT)
      // What had not been answered would come again after its time, to whoever asks then.
      yield* workers[1].stop
      yield* pass(WAKE_ACK_MS + 1_000, 500)
      const bus = yield* Bus
      const again = yield* bus
        .consume({
          group: `push-${TENANT}-right`,
          subjects: [pushSubject(streams.partitionOf(TENANT), TENANT, "right")],
          maxInFlight: 10,
          ackWait: "30 seconds",
        })
        .pipe(Stream.take(1), Stream.runCollect, Effect.timeoutOption(1_000), Effect.forkChild)
      yield* pass(2_000)
      assert.isTrue(Option.isNone(yield* Fiber.join(again)))
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("writes nothing before it is armed, and no more an hour than it may on its first day", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(START)
      const [left, right] = [new World(), new World()]
      for (let n = 0; n < 7; n++) left.put(null, { mail: `p${n}@x${n}.example`, first: `F${n}`, last: `L${n}` })
      yield* openConnection("left", { world: left })
      yield* openConnection("right", { world: right, armed: false })
      yield* startReconciler
      const workers = [yield* startWorker("left", left), yield* startWorker("right", right)]
      yield* pass(40_000, 250)
      assert.lengthOf(right.writes, 0)
      yield* appendTo(streams.request(TENANT), [
        { type: "ArmRequested", data: { _tag: "ArmRequested", connection: "right", by: "op", writesPerHour: 4 } },
      ])
      yield* pass(60_000, 250)
      assert.lengthOf(right.writes, 4)
      yield* pass(3_600_000, 5_000)
      assert.lengthOf(right.writes, 7)
      assert.lengthOf(workers, 2)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("drains: the answer to a write on its way is recorded when the worker is stopped", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right, workers } = yield* pair({}, { latencyMs: 500 })
      yield* quiet
      left.put(ada, { job: "Analyst" })
      while (right.calls.get("write") === 1) yield* TestClock.adjust(50)
      const stopped = yield* Effect.forkChild(workers[1].stop, { startImmediately: true })
      yield* pass(2_000)
      assert.isDefined(stopped.pollUnsafe())
      assert.lengthOf(yield* eventsOf("RecordWritten"), 2)
      const state = yield* startWorker("right", right)
      yield* pass(10_000)
      assert.lengthOf(right.writes, 2)
      yield* state.stop
    }).pipe(Effect.provide(store, { local: true })),
  )
})
