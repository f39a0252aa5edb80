/** Reading by prefix finds what a walk over everything finds, dense or sparse, and stays quick in a long journal. */
import { Journal } from "@concordat/engine/ports/Journal"
import type { RecordedEvent } from "@concordat/engine/ports/Journal"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { CHECKPOINT_EVENTS } from "./limits.ts"
import { layer as sqlite } from "./Sqlite.ts"

/** A fixed sequence of numbers from 0 to below n (Lehmer's generator), so that a failure comes again. */
const makeNext = (seed: number) => {
  let state = seed
  return (n: number): number => {
    state = (state * 48_271) % 2_147_483_647
    return state % n
  }
}
let made = 0
const event = () => ({ id: `e${++made}`, type: "RecordObserved", data: "{}", metadata: {} })
const hex = (n: number): string => n.toString(16).padStart(2, "0")

/** Most are records of 60 partitions; some contacts, few requests, a dozen of `rare-`, names without a dot too. */
const streamOf = (n: number, next: (n: number) => number): string => {
  if (n % 1_500 === 7) return `rare-${hex(next(40))}.t${next(3)}`
  if (n % 97 === 0) return `request-${hex(next(60))}.t`
  if (n % 50 === 0) return `partition-${hex(next(60))}`
  return next(4) === 0
    ? `contact-${hex(next(60))}.t${next(3)}.${next(50)}`
    : `record-${hex(next(60))}.t${next(3)}.${next(50)}`
}
const EVENTS = 12_000

const pages = Effect.fnUntraced(function* (prefixes: ReadonlyArray<string>, limit: number) {
  const journal = yield* Journal
  const events: Array<RecordedEvent> = []
  for (let after: string | null = null; ;) {
    const page: { readonly events: ReadonlyArray<RecordedEvent>; readonly position: string | null } =
      yield* journal.readAll({ after, prefixes, limit })
    events.push(...page.events)
    if (page.events.length < limit) return events
    after = page.position
  }
})

layer(sqlite({ path: ":memory:", inPlace: true }))("SQLite journal in order", (it) => {
  it.effect("finds by prefix what is there, at any density and page size", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const next = makeNext(42)
      const revisions = new Map<string, number>()
      for (let n = 0; n < EVENTS; n++) {
        const stream = streamOf(n, next)
        const expected = revisions.get(stream) ?? -1
        const result = yield* journal.append({ stream, expected, events: [event()] })
        assert.strictEqual(result._tag, "Appended")
        revisions.set(stream, expected + 1)
      }
      const all = yield* pages([], 5_000)
      assert.strictEqual(all.length, EVENTS)
      const filters = [
        ["record-"],
        ["contact-", "request-"],
        ["request-"],
        ["rare-"],
        ["rare-", "partition-"],
        ["record-0a."],
        ["record-0a.t1.", "contact-0b."],
        ["record-0a.t1.7"],
        ["partition-0"],
        ["re"],
        ["record-0a", "record-0a.t1."],
        ["none-"],
      ]
      for (const prefixes of filters)
        for (const limit of [10, 400, 5_000]) {
          const expected = all.filter(({ stream }) => prefixes.some((prefix) => stream.startsWith(prefix)))
          const found = yield* pages(prefixes, limit)
          assert.deepStrictEqual(
            found.map(({ id }) => id),
            expected.map(({ id }) => id),
            `${prefixes.join(" ")} by ${limit}`,
          )
        }
    }),
  )

  it.effect("a subscription that nothing concerns is told by checkpoints how far the journal has gone", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const start = yield* journal.end
      const told = yield* Queue.unbounded<string>()
      yield* journal.subscribe({ after: start, prefixes: ["silent-"] }).pipe(
        Stream.runForEach((item) => Queue.offer(told, item._tag === "Checkpoint" ? item.position : item._tag)),
        Effect.forkScoped,
      )
      assert.strictEqual(yield* Queue.take(told), "CaughtUp")
      const events = Array.from({ length: CHECKPOINT_EVENTS / 2 }, event)
      for (const n of [1, 2, 3]) yield* journal.append({ stream: `loud-0a.${n}`, expected: -1, events })
      const position = yield* Queue.take(told)
      assert.isTrue(position > start!)
      assert.isTrue(position <= (yield* journal.end)!)
      yield* journal.append({ stream: "silent-0a.1", expected: -1, events: [event()] })
      assert.strictEqual(yield* Queue.take(told), "Event")
    }),
  )

  it.effect(
    "a subscription that keeps up is handed what a reading finds, and nothing that was forgotten meanwhile",
    () =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const start = yield* journal.end
        const prefixes = ["record-ee.", "contact-ee."]
        const heard: Array<RecordedEvent> = []
        const news = yield* Queue.unbounded<string>()
        yield* journal.subscribe({ after: start, prefixes }).pipe(
          Stream.runForEach((item) => {
            if (item._tag === "Event") heard.push(item.event)
            return Queue.offer(news, item._tag === "Event" ? item.event.id : item._tag)
          }),
          Effect.forkScoped,
        )
        assert.strictEqual(yield* Queue.take(news), "CaughtUp")
        for (let n = 0; n < 20; n++) {
          const last = event()
          yield* journal.appendMany([
            { stream: "record-ee.t.1", expected: n * 2 - 1, events: [event(), event()] },
            { stream: `loud-ee.${n}`, expected: -1, events: [event()] },
            { stream: `contact-ee.t.${n}`, expected: -1, events: [last] },
          ])
          while ((yield* Queue.take(news)) !== last.id);
        }
        const read = yield* journal.readAll({ after: start, prefixes, limit: 1_000 })
        assert.strictEqual(read.events.length, 60)
        assert.deepStrictEqual(heard, read.events)

        yield* journal.append({ stream: "contact-ee.t.gone", expected: -1, events: [event()] })
        yield* journal.delete("contact-ee.t.gone")
        const later = yield* journal.subscribe({ after: read.position, prefixes }).pipe(
          Stream.takeUntil((item) => item._tag === "CaughtUp"),
          Stream.runCollect,
        )
        assert.deepStrictEqual(
          later.filter(({ _tag }) => _tag === "Event"),
          [],
        )
      }),
  )
})
