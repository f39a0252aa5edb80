/** How far behind a tenant's deciding is, asked again and again while others' events come. */
import { appendTo } from "@concordat/engine/operations/append"
import { behind } from "@concordat/engine/operations/behind"
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import * as streams from "@concordat/model/streams"
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { withStore } from "./testing/acme.ts"

const said = [{ type: "PauseRequested", data: { _tag: "PauseRequested", connection: "odoo", by: "kim" } }]

/** Asks as `behind` does, noting from where it reads. */
const asked = Effect.fnUntraced(function* () {
  const journal = yield* Journal
  const from: Array<string | null> = []
  const noting = Journal.of({
    ...journal,
    readAll: (options) => {
      from.push(options.after)
      return journal.readAll(options)
    },
  })
  return { from, count: Effect.map(Effect.provideService(behind("acme"), Journal, noting), (lag) => lag.behind) }
})

/** Decided up to the last event there is. */
const decided = Effect.gen(function* () {
  const { end } = yield* Journal
  const position = (yield* end)!
  const event = yield* (yield* Journal).at(position)
  const checkpoint = { name: "reconciler", position, eventId: event!.id }
  yield* (yield* Commit).commit({ appends: [], documents: [], commands: [], checkpoint })
  return position
})

describe("how far behind a tenant is", () => {
  withStore("what came of others behind a silent tenant's last fact is looked through once", () =>
    Effect.gen(function* () {
      yield* appendTo(streams.request("acme"), said)
      const last = yield* decided
      const { count, from } = yield* asked()
      for (let n = 0; n < 3; n++) {
        yield* appendTo(streams.request("others"), said)
        assert.strictEqual(yield* count, 0)
      }
      assert.strictEqual(from[0], last)
      assert.isTrue(from[0]! < from[1]! && from[1]! < from[2]!, from.join(" "))

      yield* appendTo(streams.request("acme"), [...said, ...said])
      yield* appendTo(streams.request("others"), said)
      assert.deepStrictEqual([yield* count, yield* count], [2, 2])
      const next = yield* decided
      assert.deepStrictEqual([yield* count, from.at(-1)], [0, next])
    }),
  )
})
