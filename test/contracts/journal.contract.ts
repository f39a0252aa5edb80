/** What every adapter of the `Journal` port does. Each test uses streams of its own, so that a server can be shared. */
import { Journal } from "@concordat/engine/ports/Journal"
import type { AppendResult } from "@concordat/engine/ports/Journal"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { randomUUID } from "node:crypto"
import { appended, everything, forward, ids, made, some, unique } from "./journal-events.ts"
import { forgetting, type JournalTraits } from "./journal-forgetting.contract.ts"

export const journalContract = <E>(name: string, adapter: Layer.Layer<Journal, E>, traits: JournalTraits = {}): void =>
  layer(adapter)(`Journal: ${name}`, (it) => {
    it.effect("[J1] a stream that was never written is empty", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const stream = unique("record")
        assert.deepStrictEqual(yield* journal.read(stream, forward), [])
        assert.deepStrictEqual(yield* journal.read(stream, { from: "end", direction: "backward", limit: 1 }), [])
      }),
    )

    it.effect("[J2] gives back what was appended, with revisions from 0", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const stream = unique("record")
        const events = some(3)
        const position = appended(yield* journal.append({ stream, expected: -1, events: events.slice(0, 2) }))
        appended(yield* journal.append({ stream, expected: 1, events: events.slice(2) }))
        const read = yield* journal.read(stream, forward)
        assert.deepStrictEqual(
          read.map(({ position: _position, ...event }) => event),
          events.map((event, revision) => Object.assign({ stream, revision }, event)),
        )
        assert.strictEqual(read[1]!.position, position)
      }),
    )

    it.effect(
      "[J3] another revision than the expected one is a conflict that names the stream and writes nothing",
      () =>
        Effect.gen(function* () {
          const journal = yield* Journal
          const stream = unique("record")
          const conflict: AppendResult = { _tag: "Conflict", streams: [stream] }
          assert.deepStrictEqual(yield* journal.append({ stream, expected: 0, events: some(1) }), conflict)
          const events = some(2)
          appended(yield* journal.append({ stream, expected: -1, events }))
          for (const expected of [-1, 0, 2])
            assert.deepStrictEqual(yield* journal.append({ stream, expected, events: some(1) }), conflict)
          assert.deepStrictEqual(ids(yield* journal.read(stream, forward)), ids(events))
        }),
    )

    it.effect("[J4] appends to several streams together, or to none", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const [a, b, c] = [unique("record"), unique("contact"), unique("worker")]
        appended(yield* journal.append({ stream: b, expected: -1, events: some(1) }))
        const refused = yield* journal.appendMany([
          { stream: a, expected: -1, events: some(2) },
          { stream: b, expected: -1, events: some(1) },
          { stream: c, expected: 4, events: some(1) },
        ])
        assert.strictEqual(refused._tag, "Conflict")
        assert.includeMembers(refused._tag === "Conflict" ? [...refused.streams] : [], [b])
        assert.deepStrictEqual(yield* journal.read(a, forward), [])
        assert.deepStrictEqual(yield* journal.read(c, forward), [])
        const events = { a: some(2), b: some(1), c: some(3) }
        appended(
          yield* journal.appendMany([
            { stream: a, expected: -1, events: events.a },
            { stream: b, expected: 0, events: events.b },
            { stream: c, expected: -1, events: events.c },
          ]),
        )
        assert.deepStrictEqual(ids(yield* journal.read(a, forward)), ids(events.a))
        assert.strictEqual((yield* journal.read(b, forward)).length, 2)
        assert.deepStrictEqual(ids(yield* journal.read(c, forward)), ids(events.c))
      }),
    )

    it.effect("[J5] reads forward from a revision and backward from the end or a revision, up to the limit", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const stream = unique("record")
        appended(yield* journal.append({ stream, expected: -1, events: some(10) }))
        const revisions = (from: number | "end", direction: "forward" | "backward", limit: number) =>
          Effect.map(journal.read(stream, { from, direction, limit }), (events) =>
            events.map((event) => event.revision),
          )
        assert.deepStrictEqual(yield* revisions(4, "forward", 3), [4, 5, 6])
        assert.deepStrictEqual(yield* revisions(8, "forward", 100), [8, 9])
        assert.deepStrictEqual(yield* revisions(10, "forward", 100), [])
        assert.deepStrictEqual(yield* revisions("end", "backward", 2), [9, 8])
        assert.deepStrictEqual(yield* revisions(1, "backward", 5), [1, 0])
      }),
    )

    it.effect("[J6] keeps one order over all streams, the one of the appends, at any page size", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const before = yield* journal.end
        const streams = [unique("record"), unique("contact"), unique("due")]
        const events = some(30)
        for (const [n, event] of events.entries())
          appended(yield* journal.append({ stream: streams[n % 3]!, expected: Math.floor(n / 3) - 1, events: [event] }))
        for (const limit of [1, 7, 500]) {
          const all = yield* everything(before, streams, limit)
          assert.deepStrictEqual(ids(all), ids(events))
        }
        const all = yield* everything(before, [], 500)
        assert.deepStrictEqual(ids(all.filter((event) => streams.includes(event.stream))), ids(events))
        const third = all.filter((event) => streams.includes(event.stream))[2]!
        assert.deepStrictEqual(ids(yield* everything(third.position, streams, 500)), ids(events.slice(3)))
      }),
    )

    it.effect("[J7] filters by prefixes of stream names: category, partition, tenant, whole name", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const before = yield* journal.end
        const tag = `c${randomUUID().slice(0, 8)}`
        const names = [`${tag}a-3f.t1.x`, `${tag}a-3f.t2.x`, `${tag}a-77.t1.x`, `${tag}b-3f.t1.x`, `${tag}ab-3f.t1.x`]
        for (const stream of names) appended(yield* journal.append({ stream, expected: -1, events: some(2) }))
        const found = (...prefixes: ReadonlyArray<string>) =>
          Effect.map(everything(before, prefixes, 3), (events) => [...new Set(events.map((event) => event.stream))])
        assert.deepStrictEqual(yield* found(`${tag}a-`), [names[0], names[1], names[2]])
        assert.deepStrictEqual(yield* found(`${tag}a-3f.`), [names[0], names[1]])
        assert.deepStrictEqual(yield* found(`${tag}a-3f.t1.`, `${tag}b-`), [names[0], names[3]])
        assert.deepStrictEqual(yield* found(`${tag}a`), [names[0], names[1], names[2], names[4]])
        assert.deepStrictEqual(yield* found(names[2]!), [names[2]])
        assert.deepStrictEqual(yield* found(`${tag}c-`), [])
      }),
    )

    it.effect("[J8] the position of a page is where the next one goes on, also when nothing matched", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const stream = unique("record")
        appended(yield* journal.append({ stream, expected: -1, events: some(3) }))
        const nothing = yield* journal.readAll({ after: null, prefixes: ["nosuchcategory-"], limit: 10 })
        assert.deepStrictEqual(nothing.events, [])
        assert.isNotNull(nothing.position)
        appended(yield* journal.append({ stream, expected: 2, events: some(1) }))
        const next = yield* journal.readAll({ after: nothing.position, prefixes: [stream], limit: 10 })
        assert.deepStrictEqual(
          next.events.map((event) => event.revision),
          [3],
        )
      }),
    )

    it.effect("[J8] what is not asked for leaves all else of an event as it is", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const [stream, other] = [unique("record"), unique("contact")]
        const before = yield* journal.end
        for (const name of [stream, other])
          appended(yield* journal.append({ stream: name, expected: -1, events: some(3) }))
        for (const prefixes of [[stream], [stream, other]]) {
          const options = { after: before, prefixes, limit: 10 }
          const { events, position } = yield* journal.readAll(options)
          assert.lengthOf(events, prefixes.length * 3)
          for (const without of ["data", "contents"] as const) {
            const page = yield* journal.readAll({ ...options, without })
            const completed = page.events.map((event, index) => {
              const { data, metadata } = events[index]!
              return without === "data" ? { ...event, data } : { ...event, data, metadata }
            })
            assert.deepStrictEqual([completed, page.position], [events, position])
          }
        }
      }),
    )

    it.effect("[J9] a subscription gives history, says once that it caught up, and then what comes", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const stream = unique("record")
        const events = some(6)
        appended(yield* journal.append({ stream, expected: -1, events: events.slice(0, 3) }))
        const seen = yield* Queue.unbounded<string>()
        yield* journal.subscribe({ after: null, prefixes: [stream] }).pipe(
          Stream.filter((item) => item._tag !== "Checkpoint"),
          Stream.runForEach((item) => Queue.offer(seen, item._tag === "Event" ? item.event.id : item._tag)),
          Effect.forkScoped,
        )
        const take = (count: number) => Effect.forEach(Array.from({ length: count }), () => Queue.take(seen))
        assert.deepStrictEqual(yield* take(4), [...ids(events.slice(0, 3)), "CaughtUp"])
        appended(yield* journal.append({ stream: unique("record"), expected: -1, events: some(1) }))
        appended(yield* journal.append({ stream, expected: 2, events: events.slice(3, 5) }))
        appended(yield* journal.append({ stream, expected: 4, events: events.slice(5) }))
        assert.deepStrictEqual(yield* take(3), ids(events.slice(3)))
      }),
    )

    it.effect("[J10] a subscription from a position goes on right after it, and from an empty tail too", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const stream = unique("record")
        const events = some(5)
        appended(yield* journal.append({ stream, expected: -1, events: events.slice(0, 3) }))
        const [first] = yield* journal.read(stream, forward)
        const follow = (after: string | null, count: number) =>
          journal.subscribe({ after, prefixes: [stream] }).pipe(
            Stream.filter((item) => item._tag === "Event"),
            Stream.map((item) => item.event.id),
            Stream.take(count),
            Stream.runCollect,
          )
        assert.deepStrictEqual(yield* follow(first!.position, 2), ids(events.slice(1, 3)))
        const end = yield* journal.end
        const [tail] = yield* Effect.all(
          [follow(end, 2), journal.append({ stream, expected: 2, events: events.slice(3) })],
          { concurrency: "unbounded" },
        )
        assert.deepStrictEqual(tail, ids(events.slice(3)))
      }),
    )

    it.effect("[J11] a subscription loses nothing and repeats nothing while others write", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const stream = unique("record")
        const events = some(200)
        const writer = Effect.forEach(
          events,
          (event, n) =>
            Effect.map(journal.append({ stream, expected: n - 1, events: [event] }), (result) => appended(result)),
          { discard: true },
        )
        const reader = journal.subscribe({ after: null, prefixes: [stream] }).pipe(
          Stream.filter((item) => item._tag === "Event"),
          Stream.map((item) => item.event.id),
          Stream.tap(() => Effect.yieldNow),
          Stream.take(events.length),
          Stream.runCollect,
        )
        const [seen] = yield* Effect.all([reader, writer], { concurrency: "unbounded" })
        assert.deepStrictEqual(seen, ids(events))
      }),
    )

    forgetting(it, traits)

    it.effect("[J14] of many appends on one revision one wins", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const stream = unique("record")
        const events = some(40)
        const results = yield* Effect.forEach(
          events,
          (event) => journal.append({ stream, expected: -1, events: [event] }),
          { concurrency: "unbounded" },
        )
        const winner = results.findIndex((result) => result._tag === "Appended")
        assert.strictEqual(results.filter((result) => result._tag === "Appended").length, 1)
        assert.deepStrictEqual(ids(yield* journal.read(stream, forward)), [events[winner]!.id])
      }),
    )

    it.effect(
      "[J15] repeating an append whose answer was lost adds nothing, and finds its own events at the tail",
      () =>
        Effect.gen(function* () {
          const journal = yield* Journal
          const [a, b] = [unique("record"), unique("worker")]
          const events = some(4)
          const one = { stream: a, expected: -1, events: events.slice(0, 2) }
          const many = [
            { stream: a, expected: 1, events: events.slice(2, 3) },
            { stream: b, expected: -1, events: events.slice(3) },
          ]
          // A store that knows the ids says that they are there, and where; others that the revision is another one.
          const repeated = (result: AppendResult, position: string) =>
            result._tag === "Appended"
              ? assert.strictEqual(result.position, position)
              : assert.strictEqual(result._tag, "Conflict")
          const first = appended(yield* journal.append(one))
          repeated(yield* journal.append(one), first)
          const second = appended(yield* journal.appendMany(many))
          repeated(yield* journal.appendMany(many), second)
          repeated(yield* journal.append(one), first)
          assert.deepStrictEqual(ids(yield* journal.read(a, forward)), ids(events.slice(0, 3)))
          assert.deepStrictEqual(ids(yield* journal.read(b, forward)), ids(events.slice(3)))
        }),
    )

    it.effect("[J16] takes a thousand events at once and one of 200 KB", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const stream = unique("record")
        const large = { ...made(0), data: JSON.stringify("é".repeat(100_000)) }
        const events = [large, ...some(1_000)]
        appended(yield* journal.append({ stream, expected: -1, events }))
        const read = yield* journal.read(stream, { from: 0, direction: "forward", limit: 2_000 })
        assert.strictEqual(read[0]!.data, large.data)
        assert.deepStrictEqual(ids(read), ids(events))
        assert.deepStrictEqual(ids(yield* everything(null, [stream], 1_500)), ids(events))
      }),
    )

    it.effect("[J17] refuses two appends to one stream in a unit", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const stream = unique("record")
        const twice = [
          { stream, expected: -1, events: some(1) },
          { stream, expected: 0, events: some(1) },
        ]
        const error = yield* Effect.flip(journal.appendMany(twice))
        assert.strictEqual(error.reason, "limit")
        assert.deepStrictEqual(yield* journal.read(stream, forward), [])
      }),
    )

    it.effect("[J18] a checkpoint of a subscription is a position to go on from", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const [wanted, other] = [unique("record"), unique("contact")]
        appended(yield* journal.append({ stream: wanted, expected: -1, events: some(1) }))
        appended(yield* journal.append({ stream: other, expected: -1, events: some(3) }))
        const items = yield* journal.subscribe({ after: null, prefixes: [wanted] }).pipe(
          Stream.takeUntil((item) => item._tag === "CaughtUp"),
          Stream.runCollect,
        )
        const checkpoint = items.findLast((item) => item._tag === "Checkpoint")
        assert.isDefined(checkpoint)
        const position = checkpoint?._tag === "Checkpoint" ? checkpoint.position : null
        assert.deepStrictEqual(
          (yield* journal.readAll({ after: position, prefixes: [wanted, other], limit: 10 })).events,
          [],
        )
      }),
    )

    it.effect("[J19] says which event stands at a position, and that none does elsewhere", () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const stream = unique("record")
        const events = some(2)
        appended(yield* journal.append({ stream, expected: -1, events }))
        const read = yield* journal.read(stream, forward)
        for (const event of read) assert.deepStrictEqual(yield* journal.at(event.position), event)
        const end = (yield* journal.end)!
        const beyond = end.replace(/\d+/, (digits) =>
          (BigInt(digits) + 1_000_000n).toString().padStart(digits.length, "0"),
        )
        assert.isNull(yield* journal.at(beyond))
        assert.isNull(yield* journal.at("nowhere"))
      }),
    )
  })
