/** Appends whose answer is lost, late or wrong: each event is in the journal once, or nobody says that it is. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { AppendFault } from "../kurrent-server/faults.ts"
import { forward, hurry, ids, made, some, system } from "./system.ts"

const LOST: ReadonlyArray<AppendFault> = [
  { kind: "silent", applied: true },
  { kind: "silent", applied: false },
  { kind: "drop", applied: true },
  { kind: "drop", applied: false },
  { kind: "timeout", applied: true },
  { kind: "timeout", applied: false },
  { kind: "busy" },
  { kind: "end" },
]
const show = (fault: AppendFault) =>
  `${fault.kind}${"applied" in fault ? (fault.applied ? ", done" : ", not done") : ""}`

describe.each([
  { name: "KurrentDB 25.1", many: true },
  { name: "EventStoreDB 23.10", many: false },
])("appends on $name", ({ many }) => {
  for (const fault of LOST) {
    it.effect(`an answer that is lost (${show(fault)}) is asked for again, and nothing is there twice`, () =>
      Effect.gen(function* () {
        const { server, journal } = yield* system({ many })
        const events = some(3)
        server.faults.append.push(fault)
        const result = yield* hurry(journal.append({ stream: "record-3f.t.a", expected: -1, events }))
        assert.strictEqual(result._tag, "Appended")
        assert.deepStrictEqual(server.faults.append, [])
        const read = yield* hurry(journal.read("record-3f.t.a", forward))
        assert.deepStrictEqual(ids(read), ids(events))
        assert.strictEqual(result._tag === "Appended" ? result.position : "", read.at(-1)!.position)
      }),
    )

    it.effect(`a unit whose answer is lost (${show(fault)}) is in all of its streams once`, () =>
      Effect.gen(function* () {
        const { server, journal } = yield* system({ many })
        const unit = ["record-3f.t.a", "worker-3f.t.c", "record-3f.t.b"].map((stream) => ({
          stream,
          expected: -1,
          events: some(2),
        }))
        server.faults.append.push(fault, fault)
        const result = yield* hurry(journal.appendMany(unit))
        assert.strictEqual(result._tag, "Appended")
        for (const { stream, events } of unit)
          assert.deepStrictEqual(ids(yield* hurry(journal.read(stream, forward))), ids(events))
      }),
    )
  }

  it.effect("when no try is answered nobody knows, and the caller's repetition finds out", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many })
      const append = { stream: "record-3f.t.a", expected: -1, events: some(2) }
      server.faults.append.push(...Array.from({ length: 4 }, () => ({ kind: "silent", applied: true }) as const))
      assert.deepStrictEqual(yield* hurry(journal.append(append)), { _tag: "Indeterminate" })
      assert.strictEqual((yield* hurry(journal.append(append)))._tag, "Appended")
      assert.deepStrictEqual(ids(yield* hurry(journal.read(append.stream, forward))), ids(append.events))
    }),
  )

  it.effect("an append that takes long does not take the connection from others that are answered", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many })
      const { promise: until, resolve } = Promise.withResolvers<void>()
      // The connection is there before.
      yield* hurry(journal.append({ stream: "record-3f.t.first", expected: -1, events: some(1) }))
      const { appends, batches } = server.faults.seen
      server.faults.append.push({ kind: "slow", until })
      const events = some(2)
      const slow = yield* Effect.forkChild(journal.append({ stream: "record-3f.t.slow", expected: -1, events }), {
        startImmediately: true,
      })
      const quick = Effect.forEach(
        Array.from({ length: 12 }, (_, n) => n),
        (n) =>
          Effect.andThen(
            journal.append({ stream: `record-3f.t.${n}`, expected: -1, events: some(1) }),
            Effect.sleep("1 second"),
          ),
        { discard: true },
      )
      yield* hurry(quick)
      resolve()
      assert.strictEqual((yield* hurry(Fiber.join(slow)))._tag, "Appended")
      // All on one connection, and sent once.
      assert.strictEqual(server.faults.seen.batches, batches)
      assert.strictEqual(server.faults.seen.appends, appends + 13)
      assert.deepStrictEqual(ids(yield* hurry(journal.read("record-3f.t.slow", forward))), ids(events))
    }),
  )

  it.effect("a conflict whose tail is ours is taken as appended; somebody else's stays one", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many })
      const append = { stream: "record-3f.t.a", expected: -1, events: some(2) }
      server.faults.append.push({ kind: "silent", applied: true }, { kind: "forgetful" })
      const result = yield* hurry(journal.append(append))
      const read = yield* hurry(journal.read(append.stream, forward))
      assert.deepStrictEqual(result, { _tag: "Appended", position: read[1]!.position })
      assert.deepStrictEqual(yield* hurry(journal.append({ ...append, events: some(2) })), {
        _tag: "Conflict",
        streams: [append.stream],
      })
      // The first is ours, what follows is not.
      const half = [append.events[0]!, made()]
      assert.strictEqual((yield* hurry(journal.append({ ...append, events: half })))._tag, "Conflict")
      assert.deepStrictEqual(ids(yield* hurry(journal.read(append.stream, forward))), ids(append.events))
    }),
  )

  it.effect("a node that does not lead names the one that does", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many })
      const events = some(1)
      server.faults.append.push({ kind: "notLeader", host: "localhost", port: server.port })
      server.faults.read.push({ kind: "notLeader", host: "localhost", port: server.port })
      assert.strictEqual(
        (yield* hurry(journal.append({ stream: "record-3f.t.a", expected: -1, events })))._tag,
        "Appended",
      )
      assert.deepStrictEqual(ids(yield* hurry(journal.read("record-3f.t.a", forward))), ids(events))
    }),
  )

  it.effect("what is larger than the server takes in one append is split, and is there as a whole", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many, maxAppendSize: 300_000 })
      const large = some(12, JSON.stringify("x".repeat(100_000)))
      const [one, two] = ["record-3f.t.a", "contact-3f.t.b"]
      assert.strictEqual((yield* hurry(journal.append({ stream: one, expected: -1, events: large })))._tag, "Appended")
      assert.deepStrictEqual(ids(yield* hurry(journal.read(one, forward))), ids(large))
      // Learned: nothing is sent that would be refused.
      const before = server.faults.seen.sessions
      const unit = [
        { stream: one, expected: 11, events: some(2, JSON.stringify("y".repeat(200_000))) },
        { stream: two, expected: -1, events: some(1) },
      ]
      assert.strictEqual((yield* hurry(journal.appendMany(unit)))._tag, "Appended")
      assert.strictEqual(server.faults.seen.sessions, before)
      const read = yield* hurry(journal.read(one, { ...forward, from: 12 }))
      assert.deepStrictEqual(
        read.map(({ position: _position, ...event }) => event),
        unit[0]!.events.map((event, i) => Object.assign({ stream: one, revision: 12 + i }, event)),
      )
      const all = yield* hurry(journal.readAll({ after: null, prefixes: [], limit: 100 }))
      assert.deepStrictEqual([...new Set(all.events.map(({ stream }) => stream))], [one, two])
    }),
  )

  it.effect("a single event that is too large is refused by name and size, and nothing of its unit is there", () =>
    Effect.gen(function* () {
      const { journal } = yield* system({ many, maxAppendSize: 300_000 })
      const events = [made(), made(JSON.stringify("x".repeat(400_000)), "RecordObserved")]
      const error = yield* Effect.flip(hurry(journal.append({ stream: "record-3f.t.a", expected: -1, events })))
      assert.strictEqual(error.reason, "limit")
      assert.include(error.detail, "RecordObserved")
      assert.deepStrictEqual(yield* hurry(journal.read("record-3f.t.a", forward)), [])
    }),
  )

  it.effect("two streams of a unit may differ in case alone", () =>
    Effect.gen(function* () {
      const { journal } = yield* system({ many })
      const unit = ["record-3f.t.x.001aB", "record-3f.t.x.001Ab"].map((stream) => ({
        stream,
        expected: -1,
        events: some(1),
      }))
      assert.strictEqual((yield* hurry(journal.appendMany(unit)))._tag, "Appended")
      for (const { stream, events } of unit)
        assert.deepStrictEqual(ids(yield* hurry(journal.read(stream, forward))), ids(events))
    }),
  )

  it.effect("data and metadata come back as they were, whatever they look like", () =>
    Effect.gen(function* () {
      const { journal } = yield* system({ many })
      const texts = [
        '{"b":1.0,"a":"\\u00e9"}',
        '{ "spaced" : true }',
        "no JSON",
        '"text"',
        "1e3",
        '{"10":1,"2":2}',
        "{}",
      ]
      const events = texts.map((text) => made(text))
      assert.strictEqual(
        (yield* hurry(
          journal.appendMany([
            { stream: "record-3f.t.a", expected: -1, events },
            { stream: "contact-3f.t.b", expected: -1, events: some(1) },
          ]),
        ))._tag,
        "Appended",
      )
      const read = yield* hurry(journal.read("record-3f.t.a", forward))
      assert.deepStrictEqual(
        read.map(({ data }) => data),
        texts,
      )
      assert.deepStrictEqual(
        read.map(({ metadata }) => metadata),
        events.map(({ metadata }) => metadata),
      )
    }),
  )

  it.effect("truncating leaves what else the metadata of a stream says", () =>
    Effect.gen(function* () {
      const { server, journal } = yield* system({ many })
      assert.strictEqual(
        (yield* hurry(journal.append({ stream: "delivery-3f.t.a", expected: -1, events: some(5) })))._tag,
        "Appended",
      )
      const record = { ...made(), isJson: true, data: Buffer.from('{"$acl":{"$r":"ops"}}'), metadata: Buffer.alloc(0) }
      yield* Effect.promise(() => server.log.write([{ stream: "$$delivery-3f.t.a", expected: -1, records: [record] }]))
      yield* hurry(journal.truncate("delivery-3f.t.a", 3))
      const [last] = yield* Effect.promise(() => server.log.read("$$delivery-3f.t.a", "end", true, 1))
      assert.deepStrictEqual(JSON.parse(last!.data.toString()), { $acl: { $r: "ops" }, $tb: 3 })
      assert.strictEqual((yield* hurry(journal.read("delivery-3f.t.a", forward))).length, 2)
    }),
  )
})
