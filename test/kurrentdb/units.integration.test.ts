/** Units on servers that append to one stream at a time: decided by one append, filled by whoever comes next. */
import { unitStreamOf } from "@concordat/adapters/kurrentdb/unit-names"
import type { Append } from "@concordat/engine/ports/Journal"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { AppendFault } from "../kurrent-server/faults.ts"
import { connect, forward, hurry, ids, made, serve, some, system } from "./system.ts"

const FENCE = "worker-3f.t.c"
const unitOf = (expected: number): ReadonlyArray<Append> => [
  { stream: "record-3f.t.c.a", expected: -1, events: some(2) },
  { stream: FENCE, expected, events: some(1) },
  { stream: "record-3f.t.c.b", expected: -1, events: some(3) },
]
/** The unit's own stream is written first, then the fence's, then the others. */
const lostAfter = (appends: number): ReadonlyArray<AppendFault> => [
  ...Array.from({ length: appends }, () => ({ kind: "none" }) as const),
  ...Array.from({ length: 60 }, () => ({ kind: "silent", applied: false }) as const),
]

describe("units on EventStoreDB 23.10", () => {
  it.effect("a process that dies before the unit is decided leaves nothing behind", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many: false })
      server.faults.append.push(...lostAfter(1))
      assert.strictEqual((yield* hurry(journal.appendMany(unitOf(-1))))._tag, "Indeterminate")
      server.faults.append.length = 0
      const next = yield* connect(server.connectionString)
      for (const { stream } of unitOf(-1)) assert.deepStrictEqual(yield* hurry(next.read(stream, forward)), [])
      assert.deepStrictEqual(
        (yield* hurry(next.readAll({ after: null, prefixes: [], limit: 100 }))).events.map(({ stream }) => stream),
        [],
      )
      const unit = unitOf(-1)
      assert.strictEqual((yield* hurry(next.appendMany(unit)))._tag, "Appended")
      for (const { stream, events } of unit)
        assert.deepStrictEqual(ids(yield* hurry(next.read(stream, forward))), ids(events))
    }),
  )

  for (const filled of [0, 1])
    it.effect(`a decided unit of which ${filled} of 2 streams are filled is filled by whoever reads its fence`, () =>
      Effect.gen(function* () {
        const { server, journal } = yield* system({ many: false })
        const unit = unitOf(-1)
        server.faults.append.push(...lostAfter(2 + filled))
        assert.strictEqual((yield* hurry(journal.appendMany(unit)))._tag, "Indeterminate")
        server.faults.append.length = 0
        const next = yield* connect(server.connectionString)
        const [fence] = yield* hurry(next.read(FENCE, { from: "end", direction: "backward", limit: 1 }))
        assert.strictEqual(fence!.id, unit[1]!.events[0]!.id)
        assert.deepStrictEqual(fence!.metadata, unit[1]!.events[0]!.metadata)
        for (const { stream, events } of unit) {
          const read = yield* hurry(next.read(stream, forward))
          assert.deepStrictEqual(
            read.map(({ position: _position, ...event }) => event),
            events.map((event, revision) => Object.assign({ stream, revision }, event)),
          )
        }
      }),
    )

  it.effect("the same unit repeated by the next process is filled once, and says where it ends", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many: false })
      const unit = unitOf(-1)
      server.faults.append.push(...lostAfter(2))
      assert.strictEqual((yield* hurry(journal.appendMany(unit)))._tag, "Indeterminate")
      server.faults.append.length = 0
      const next = yield* connect(server.connectionString)
      const result = yield* hurry(next.appendMany(unit))
      const all = yield* hurry(next.readAll({ after: null, prefixes: [], limit: 100 }))
      assert.deepStrictEqual(result, { _tag: "Appended", position: all.events.at(-1)!.position })
      assert.strictEqual(all.events.length, 6)
    }),
  )

  it.effect("a unit that follows an unfilled one has that filled first, also without reading", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many: false })
      const unit = unitOf(-1)
      server.faults.append.push(...lostAfter(2))
      assert.strictEqual((yield* hurry(journal.appendMany(unit)))._tag, "Indeterminate")
      server.faults.append.length = 0
      const next = yield* connect(server.connectionString)
      const following: ReadonlyArray<Append> = [
        { stream: FENCE, expected: 0, events: some(1) },
        { stream: "record-3f.t.c.a", expected: 1, events: some(1) },
      ]
      assert.strictEqual((yield* hurry(next.appendMany(following)))._tag, "Appended")
      assert.deepStrictEqual(
        ids(yield* hurry(next.read("record-3f.t.c.a", forward))),
        [...unit[0]!.events, ...following[1]!.events].map(({ id }) => id),
      )
      assert.deepStrictEqual(ids(yield* hurry(next.read("record-3f.t.c.b", forward))), ids(unit[2]!.events))
    }),
  )

  it.effect("a former owner whose fence has moved adds no event to any stream", () =>
    Effect.gen(function* () {
      const server = yield* serve({ many: false })
      const former = yield* connect(server.connectionString)
      const owner = yield* connect(server.connectionString)
      assert.strictEqual((yield* hurry(owner.appendMany(unitOf(-1))))._tag, "Appended")
      const late: ReadonlyArray<Append> = [
        { stream: "record-3f.t.c.new", expected: -1, events: some(1) },
        { stream: FENCE, expected: -1, events: some(1) },
      ]
      assert.deepStrictEqual(yield* hurry(former.appendMany(late)), { _tag: "Conflict", streams: [FENCE] })
      assert.deepStrictEqual(yield* hurry(former.read("record-3f.t.c.new", forward)), [])
    }),
  )

  it.effect("a stream that somebody else moved after the unit was decided is an error, not silence", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many: false })
      server.faults.append.push(...lostAfter(2))
      assert.strictEqual((yield* hurry(journal.appendMany(unitOf(-1))))._tag, "Indeterminate")
      server.faults.append.length = 0
      const next = yield* connect(server.connectionString)
      const foreign = { stream: "record-3f.t.c.b", expected: -1, events: [made()] }
      assert.strictEqual((yield* hurry(next.append(foreign)))._tag, "Appended")
      const error = yield* Effect.flip(hurry(next.read(FENCE, forward)))
      assert.strictEqual(error.reason, "corrupt")
      assert.include(error.detail, "record-3f.t.c.b")
    }),
  )

  it.effect("units that are filled are forgotten, and never the one that may not be", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many: false })
      for (let n = 0; n < 5; n++)
        assert.strictEqual(
          (yield* hurry(
            journal.appendMany([
              { stream: FENCE, expected: n - 1, events: some(1) },
              { stream: "contact-3f.t.many", expected: n * 900 - 1, events: some(900) },
            ]),
          ))._tag,
          "Appended",
        )
      const first = yield* Effect.promise(() => server.log.firstVisible(unitStreamOf(FENCE)))
      const head = yield* Effect.promise(() => server.log.head(unitStreamOf(FENCE)))
      assert.strictEqual(head, 4_499)
      assert.strictEqual(first, 3_600)
    }),
  )
})
