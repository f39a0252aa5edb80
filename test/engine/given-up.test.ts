/** Writes that were given up without an answer: what is entered there later is no echo of them, and what they made is. */
import { explain } from "@concordat/engine/operations/explain"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { ADA, only, pair } from "./pair.ts"
import { eventsOf, pass, store, TENANT } from "./system.ts"

const begun = Effect.fnUntraced(function* () {
  const { ada, left, quiet, right } = yield* pair()
  yield* quiet
  const copy = only(right).id
  const jobs = () => [left.get(ada)?.["job"], right.get(copy)?.["job"]]
  const untilWritten = Effect.gen(function* () {
    const writes = right.calls.get("write") ?? 0
    for (let at = 0; (right.calls.get("write") ?? 0) === writes; at += 1) {
      assert.isBelow(at, 1_000, "nothing is written")
      yield* pass(20, 20)
    }
  })
  return { ada, copy, left, right, quiet, jobs, untilWritten }
})

describe("a write that was given up without an answer", () => {
  it.effect("[R19] is over once its record is read, and what it sent is a person's from then on", () =>
    Effect.gen(function* () {
      const { ada, copy, jobs, left, quiet, right, untilWritten } = yield* begun()
      right.failNext("write", "lost")
      left.put(ada, { job: "Analyst" })
      yield* untilWritten
      // Nobody reads it before somebody has written over it.
      right.put(copy, { job: "Director" })
      yield* quiet
      assert.deepStrictEqual(jobs(), ["Director", "Director"])
      const { groups } = yield* explain(TENANT, { type: "contact", id: `right:person:${copy}`, field: "title" })
      assert.deepStrictEqual(
        groups[0]?.at.map(({ state }) => state),
        ["held", "held"],
      )
      right.put(copy, { job: "Analyst" })
      yield* quiet
      assert.deepStrictEqual(jobs(), ["Analyst", "Analyst"])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("[R19] is no refusal where a read has shown what it made", () =>
    Effect.gen(function* () {
      const { ada, jobs, left, quiet, right } = yield* begun()
      right.failNext("write", "lost")
      left.put(ada, { job: "Analyst" })
      yield* quiet
      assert.deepStrictEqual(jobs(), ["Analyst", "Analyst"])
      assert.deepStrictEqual(left.get(ada), { ...ADA, job: "Analyst" })
      assert.lengthOf(left.writes, 0)
      assert.lengthOf(yield* eventsOf("WriteRefused"), 0)
    }).pipe(Effect.provide(store, { local: true })),
  )
})
