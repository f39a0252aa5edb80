/** A unit that stands in the journal already is a repetition: its documents are written, its events are not. */
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal, type Append, type NewEvent } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import { assert, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { layer as sqlite } from "./Sqlite.ts"

let made = 0
const event = (): NewEvent => ({ id: `e${++made}`, type: "ContactCreated", data: "{}", metadata: {} })
const appendOf = (stream: string, expected: number, events: ReadonlyArray<NewEvent>): Append => ({
  stream,
  expected,
  events,
})
const committed = Effect.fnUntraced(function* (tenant: string, appends: ReadonlyArray<Append>, value: string) {
  const commit = yield* Commit
  return yield* commit.commit({
    appends,
    documents: [{ tenant, kind: "entity", key: "k", value }],
    commands: [],
    checkpoint: null,
  })
})
const valueOf = Effect.fnUntraced(function* (tenant: string) {
  const state = yield* State
  return (yield* state.getMany([{ tenant, kind: "entity", key: "k" }]))[0]
})

layer(sqlite({ path: ":memory:", inPlace: true }))("SQLite, a unit said again", (it) => {
  it.effect("is appended where it stands, and what follows from it is written", () =>
    Effect.gen(function* () {
      const journal = yield* Journal
      const [a, b] = [event(), event()]
      const unit = [appendOf("contact-01.t.1", -1, [a]), appendOf("contact-01.t.2", -1, [b])]
      const first = yield* committed("t", unit, "1")
      yield* journal.append(appendOf("contact-01.t.1", 0, [event()]))
      const again = yield* committed("t", unit, "2")
      assert.deepStrictEqual(again, first)
      assert.strictEqual(yield* valueOf("t"), "2")
      assert.strictEqual(
        (yield* journal.readAll({ after: null, prefixes: ["contact-01."], limit: 10 })).events.length,
        3,
      )
      // Who follows is told of what comes after, in its place.
      const next = event()
      yield* journal.append(appendOf("contact-01.t.2", 0, [next]))
      const seen = yield* journal.subscribe({ after: null, prefixes: ["contact-01."] }).pipe(
        Stream.flatMap((item) => (item._tag === "Event" ? Stream.succeed(item.event.id) : Stream.empty)),
        Stream.take(4),
        Stream.runCollect,
      )
      assert.strictEqual(seen.at(-1), next.id)
    }),
  )

  it.effect("is a conflict where a part of it is new, or stands there with another id", () =>
    Effect.gen(function* () {
      const [a, b] = [event(), event()]
      yield* committed("u", [appendOf("contact-02.u.1", -1, [a])], "1")
      const [half, other, longer] = [
        [appendOf("contact-02.u.1", -1, [a]), appendOf("contact-02.u.2", -1, [b])],
        [appendOf("contact-02.u.1", -1, [event()])],
        [appendOf("contact-02.u.1", -1, [a, event()])],
      ]
      for (const unit of [half, other, longer])
        assert.deepStrictEqual(yield* committed("u", unit, "2"), { _tag: "Conflict", streams: ["contact-02.u.1"] })
      assert.strictEqual(yield* valueOf("u"), "1")
    }),
  )
})
