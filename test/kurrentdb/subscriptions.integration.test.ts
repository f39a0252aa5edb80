/** Subscriptions that break off, fall behind, find another node or nothing: every event comes once and in order. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { ReadFault } from "../kurrent-server/faults.ts"
import { connect, eventsOf, follow, forward, hurry, ids, serve, some, system } from "./system.ts"

const STREAM = "record-3f.t.a"
const append = (journal: Parameters<typeof follow>[0], stream: string, expected: number, count: number) =>
  Effect.gen(function* () {
    const events = some(count)
    assert.strictEqual((yield* hurry(journal.append({ stream, expected, events })))._tag, "Appended")
    return events
  })

describe.each([
  { name: "KurrentDB 25.1", many: true },
  { name: "EventStoreDB 23.10", many: false },
])("subscriptions on $name", ({ many }) => {
  const faults: ReadonlyArray<ReadFault> = [
    { kind: "breakOff", after: 3 },
    { kind: "unavailable" },
    { kind: "silent" },
    { kind: "fallBehind" },
  ]
  for (const fault of faults)
    it.effect(`${fault.kind}: every event comes once, and the end is said once`, () =>
      Effect.gen(function* () {
        const { server, journal } = yield* system({ many })
        const history = yield* append(journal, STREAM, -1, 10)
        server.faults.subscription.push(fault, ...(fault.kind === "fallBehind" ? [] : [fault]))
        const seen = yield* Queue.unbounded<string>()
        const fiber = yield* journal.subscribe({ after: null, prefixes: ["record-3f."] }).pipe(
          Stream.filter((item) => item._tag !== "Checkpoint"),
          Stream.runForEach((item) => Queue.offer(seen, item._tag === "Event" ? item.event.id : item._tag)),
          Effect.forkChild,
        )
        const take = (count: number) => hurry(Effect.forEach(Array.from({ length: count }), () => Queue.take(seen)))
        assert.deepStrictEqual(yield* take(11), [...ids(history), "CaughtUp"])
        const live = yield* append(journal, STREAM, 9, 3)
        assert.deepStrictEqual(yield* take(3), ids(live))
        assert.deepStrictEqual(server.faults.subscription, [])
        yield* Effect.promise(server.drop)
        const later = yield* append(journal, STREAM, 12, 2)
        assert.deepStrictEqual(yield* take(2), ids(later))
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(yield* Queue.size(seen), 0)
      }),
    )

  it.effect("what goes on elsewhere moves the checkpoint of a quiet subscription, and it goes on from there", () =>
    Effect.gen(function* () {
      const { journal } = yield* system({ many })
      const seen = yield* Queue.unbounded<string>()
      yield* journal.subscribe({ after: null, prefixes: ["record-3f."] }).pipe(
        Stream.runForEach((item) => Queue.offer(seen, item._tag === "Checkpoint" ? item.position : item._tag)),
        Effect.forkScoped,
      )
      assert.strictEqual(yield* hurry(Queue.take(seen)), "CaughtUp")
      const others = yield* append(journal, "contact-77.u.b", -1, 1_100)
      const position = yield* hurry(Queue.take(seen))
      const passed = yield* hurry(journal.readAll({ after: position, prefixes: ["contact-77."], limit: 2_000 }))
      assert.isAtMost(passed.events.length, 1_100 - 1_024)
      const mine = yield* append(journal, STREAM, -1, 1)
      const items = yield* hurry(follow(journal, ["record-3f."], 1, position))
      assert.deepStrictEqual(eventsOf(items), ids(mine))
      assert.strictEqual(others.length, 1_100)
    }),
  )

  it.effect("a position of another journal, or none at all, is refused", () =>
    Effect.gen(function* () {
      const { journal } = yield* system({ many })
      yield* append(journal, STREAM, -1, 1)
      for (const after of ["99999999999999999999", "0000000000000001", "here"]) {
        const read = yield* Effect.flip(hurry(journal.readAll({ after, prefixes: [], limit: 1 })))
        assert.strictEqual(read.reason, "foreign", after)
        const followed = yield* Effect.flip(hurry(follow(journal, [], 1, after)))
        assert.strictEqual(followed.reason, "foreign", after)
      }
    }),
  )

  it.effect("a hundred and fifty subscriptions leave room for appends and reads", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many })
      const fibers = yield* Effect.forEach(Array.from({ length: 150 }), () =>
        Effect.forkChild(follow(journal, ["record-3f."], 2)),
      )
      while (server.faults.seen.subscriptions < 150) yield* TestClock.withLive(Effect.sleep("10 millis"))
      const events = yield* append(journal, STREAM, -1, 2)
      assert.deepStrictEqual(ids(yield* hurry(journal.read(STREAM, forward))), ids(events))
      for (const fiber of fibers) assert.deepStrictEqual(eventsOf(yield* hurry(Fiber.join(fiber))), ids(events))
    }),
  )

  it.effect("an outage is one line, however often it is tried, and its end another", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many })
      yield* append(journal, STREAM, -1, 1)
      server.faults.subscription.push(...Array.from({ length: 5 }, () => ({ kind: "unavailable" }) as const))
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => void lines.push(String(message)))
      yield* hurry(follow(journal, [], 1)).pipe(Effect.provide(Logger.layer([logger])))
      assert.deepStrictEqual(
        lines.map((line) => line.split(":", 1)[0]),
        ["subscription to the journal broke off, opening it again", "subscription to the journal is open again"],
      )
    }),
  )

  it.effect("a server that is gone is an error in the end, and one that comes back is found again", () =>
    Effect.gen(function* () {
      const server = yield* serve({ many })
      const journal = yield* connect(server.connectionString)
      yield* append(journal, STREAM, -1, 1)
      server.faults.subscription.push(...Array.from({ length: 40 }, () => ({ kind: "unavailable" }) as const))
      const error = yield* Effect.flip(hurry(follow(journal, [], 1)))
      assert.strictEqual(error.reason, "unavailable")
      server.faults.subscription.length = 0
      assert.strictEqual(eventsOf(yield* hurry(follow(journal, [], 1))).length, 1)
    }),
  )
})
