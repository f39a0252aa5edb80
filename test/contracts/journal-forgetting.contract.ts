/** The part of the journal's contract that says what a stream forgets, and what it goes on with. */
import { Journal } from "@concordat/engine/ports/Journal"
import { assert, type Vitest } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { appended, everything, forward, ids, some, unique } from "./journal-events.ts"

export interface JournalTraits {
  /** Reads over all streams show what a stream has forgotten until the store is cleaned up. Default: they don't. */
  readonly keepsForgotten?: boolean
}

export const forgetting = (it: Vitest.MethodsNonLive<Journal>, traits: JournalTraits): void => {
  it.effect("[J12] truncating forgets what is before a revision and nothing else", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const stream = unique("record")
      const events = some(6)
      appended(yield* journal.append({ stream, expected: -1, events: events.slice(0, 5) }))
      const before = yield* journal.read(stream, forward)
      yield* journal.truncate(stream, 3)
      assert.deepStrictEqual(yield* journal.read(stream, forward), before.slice(3))
      yield* journal.truncate(stream, 1)
      appended(yield* journal.append({ stream, expected: 4, events: events.slice(5) }))
      const read = yield* journal.read(stream, forward)
      assert.deepStrictEqual(ids(read), ids(events.slice(3)))
      const kept = traits.keepsForgotten === true ? events : events.slice(3)
      assert.deepStrictEqual(ids(yield* everything(null, [stream], 100)), ids(kept))
    }),
  )

  it.effect("[J13] after deleting a stream an append goes on after its last revision", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const stream = unique("record")
      appended(yield* journal.append({ stream, expected: -1, events: some(3) }))
      yield* journal.delete(stream)
      assert.deepStrictEqual(yield* journal.read(stream, forward), [])
      assert.strictEqual((yield* journal.append({ stream, expected: -1, events: some(1) }))._tag, "Conflict")
      appended(yield* journal.append({ stream, expected: 2, events: some(1) }))
      const [event] = yield* journal.read(stream, forward)
      assert.strictEqual(event!.revision, 3)
    }),
  )

  it.effect("[J20] a stream goes on where it is told to, as if what was before had been forgotten", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const [fresh, short, long] = [unique("delivery"), unique("delivery"), unique("delivery")]
      const end = yield* journal.end
      yield* journal.skip(fresh, 7)
      assert.deepStrictEqual(yield* journal.read(fresh, forward), [])
      for (const expected of [-1, 5, 7])
        assert.strictEqual((yield* journal.append({ stream: fresh, expected, events: some(1) }))._tag, "Conflict")
      const events = some(2)
      appended(yield* journal.append({ stream: fresh, expected: 6, events }))
      // Doing it again changes nothing.
      yield* journal.skip(fresh, 7)
      const read = yield* journal.read(fresh, forward)
      assert.deepStrictEqual(
        read.map(({ id, revision }) => [id, revision]),
        events.map(({ id }, i) => [id, 7 + i]),
      )
      assert.deepStrictEqual(ids(yield* everything(end, [fresh], 100)), ids(events))

      appended(yield* journal.append({ stream: short, expected: -1, events: some(2) }))
      yield* journal.skip(short, 4)
      assert.deepStrictEqual(yield* journal.read(short, forward), [])
      appended(yield* journal.append({ stream: short, expected: 3, events: some(1) }))

      const five = some(5)
      appended(yield* journal.append({ stream: long, expected: -1, events: five }))
      yield* journal.skip(long, 3)
      assert.deepStrictEqual(ids(yield* journal.read(long, forward)), ids(five.slice(3)))
    }),
  )
}
