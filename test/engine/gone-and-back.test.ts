/** Writes that are refused since a record was not there at that very moment, and is again before anybody has read that it was not. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { SUPERSEDED } from "@concordat/model/events/record"
import { WRITE_TRIES } from "@concordat/engine/limits"
import type { Connector, WriteRow } from "@concordat/engine/ports/Provider"
import { World } from "./synthetic.ts"
import { ADA, only, pair } from "./pair.ts"
import { eventsOf, openConnection, pass, settleDown, START, startReconciler, startWorker, store } from "./system.ts"

const TASKS = `
objects:
  people:
    object: person
    type: contact
    when: { kind: human }
    lookup: [email]
    fields: { email: mail, firstName: first, lastName: last, title: job }
  tasks:
    object: person
    type: activity
    when: { kind: task }
    fields:
      kind: sort
      subject: subject
      contacts: { from: "@person", to: person }
`

const withPeople = (...ids: ReadonlyArray<string>) => ({ "@person": ids.map((id) => ({ object: "person", id })) })
const BOB = { mail: "bob@babbage.example", first: "Bob", last: "Babbage" }

/** What was refused, but for what was wanted no more. */
const refusals = Effect.map(eventsOf("WriteRefused"), (all) =>
  all.map(({ data }) => data.code).filter((code) => code !== SUPERSEDED),
)

/** Ada and Bob are in both systems. */
const startWith = Effect.fnUntraced(function* (right: World) {
  yield* TestClock.setTime(START)
  const left = new World()
  const [ada, bob] = [ADA, BOB].map((one) => left.put(null, { kind: "human", ...one })) as [string, string]
  yield* openConnection("left", { world: left }, TASKS)
  yield* openConnection("right", { world: right }, TASKS)
  yield* startReconciler
  const handles = [(yield* startWorker("left", left)).handle, (yield* startWorker("right", right)).handle]
  const quiet = settleDown(handles)
  yield* quiet
  const idOf = (mail: string): string => right.live().find(({ values }) => values["mail"] === mail)!.id
  const task = (about: string) => left.put(null, { kind: "task", sort: "task", subject: "Ring", ...withPeople(about) })
  const written = () => right.live().find(({ values }) => values["subject"] === "Ring")?.values["@person"]
  return { left, right, ada, bob, quiet, idOf, task, written }
})

const start = Effect.suspend(() => startWith(new World()))

/** Takes the rest of a write that refers to what is gone, as HubSpot does. */
class Parting extends World {
  override connector(): Connector {
    const made = super.connector()
    const absent = ({ values }: WriteRow): boolean =>
      ((values["@person"] ?? []) as ReadonlyArray<{ readonly id: string }>).some(({ id }) => this.get(id) === null)
    const refused = [{ key: "@person", code: "reference", message: "no such person" }] as const
    const write: NonNullable<Connector["write"]> = (object, rows) => {
      const parted = rows.map((row) => (absent(row) ? { ...row, values: { ...row.values, "@person": [] } } : row))
      return Effect.map(made.write!(object, parted), (answers) =>
        answers.map(({ key, outcome }, at) => ({
          key,
          outcome: outcome._tag === "Written" && parted[at] !== rows[at] ? { ...outcome, refused } : outcome,
        })),
      )
    }
    return { ...made, write }
  }
}

describe("a record that is gone for a moment", () => {
  it.effect("[R19] is written when it is there again, also where nobody has read that it was gone", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right } = yield* pair()
      yield* quiet
      right.awayDuring("write", only(right).id)
      left.put(ada, { job: "Analyst" })
      yield* quiet
      assert.strictEqual(only(right).values["job"], "Analyst")
      assert.lengthOf(yield* eventsOf("WriteRefused"), 0)
      assert.strictEqual((yield* eventsOf("RecordWritten")).at(-1)!.data.attempts, 2)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("[R19] is tried so often, and stands refused where a read shows it each time", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right } = yield* pair()
      yield* quiet
      const before = right.calls.get("write")!
      right.awayDuring("write", only(right).id, 100)
      left.put(ada, { job: "Analyst" })
      yield* quiet
      const [refused] = yield* eventsOf("WriteRefused")
      assert.include(refused!.data, { code: "missing", attempts: WRITE_TRIES, effect: "none" })
      yield* pass(120_000, 500)
      assert.strictEqual(right.calls.get("write"), before + WRITE_TRIES)
      right.awayDuring("write", only(right).id, 0)
      left.put(ada, { job: "Mathematician" })
      yield* quiet
      assert.strictEqual(only(right).values["job"], "Mathematician")
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("is seen to be gone before it is tried again, and is written once it is back", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right } = yield* pair()
      yield* quiet
      const copy = only(right).id
      const before = right.calls.get("write")!
      right.awayDuring("write", copy)
      left.put(ada, { job: "Analyst" })
      while (right.calls.get("write") === before) yield* TestClock.adjust(50)
      right.setGone(copy, true)
      yield* quiet
      assert.lengthOf(yield* eventsOf("RecordGone"), 1)
      assert.strictEqual(right.calls.get("write"), before + 1)
      right.put(copy, {})
      yield* quiet
      assert.strictEqual(only(right).values["job"], "Analyst")
      assert.deepStrictEqual(yield* refusals, [])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("[R19] has no echo of what it was refused: entered there, that is a person's", () =>
    Effect.gen(function* () {
      const { ada, left, quiet, right } = yield* pair()
      yield* quiet
      const copy = only(right).id
      const before = right.calls.get("write")!
      right.awayDuring("write", copy)
      left.put(ada, { job: "Analyst" })
      while (right.calls.get("write") === before) yield* TestClock.adjust(20)
      // Read before the next try.
      right.put(copy, { job: "Director" }, 1_000)
      yield* pass(8_000)
      assert.strictEqual(left.get(ada)?.["job"], "Director")
      right.put(copy, { job: "Analyst" }, 2_000)
      yield* quiet
      for (const world of [left, right]) assert.strictEqual(only(world).values["job"], "Analyst")
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("[R19] is left out once it is seen to be gone, and referred to when it is back", () =>
    Effect.gen(function* () {
      const { ada, bob, idOf, left, quiet, right, task, written } = yield* start
      const [one, other] = [idOf(ADA.mail), idOf(BOB.mail)]
      const ring = task(ada)
      yield* quiet
      right.setGone(other, true)
      const before = right.calls.get("write")!
      left.put(ring, withPeople(bob))
      yield* quiet
      assert.lengthOf(yield* eventsOf("RecordGone"), 1)
      assert.isAtMost(right.calls.get("write")! - before, 2)
      right.setGone(other, false)
      right.put(other, {})
      yield* quiet
      assert.deepStrictEqual(written(), withPeople(other)["@person"])
      assert.isNotNull(right.get(one))
      assert.deepStrictEqual(yield* refusals, ["reference"])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("[R19] is left out of what is made, once it is seen to be gone", () =>
    Effect.gen(function* () {
      const { ada, idOf, quiet, right, task, written } = yield* start
      const one = idOf(ADA.mail)
      right.setGone(one, true)
      const before = right.calls.get("write")!
      task(ada)
      yield* quiet
      assert.lengthOf(yield* eventsOf("RecordGone"), 1)
      assert.strictEqual(right.calls.get("write")! - before, 2)
      assert.isUndefined(written())
      right.put(one, {})
      yield* quiet
      assert.deepStrictEqual(written(), withPeople(one)["@person"])
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("[R19] is looked at once where all else of the write was taken, and referred to when it is back", () =>
    Effect.gen(function* () {
      const { idOf, quiet, right, task, ada, written } = yield* startWith(new Parting())
      const one = idOf(ADA.mail)
      right.setGone(one, true)
      task(ada)
      yield* quiet
      assert.deepStrictEqual(written(), [])
      assert.lengthOf(yield* eventsOf("RecordGone"), 1)
      right.setGone(one, false)
      right.put(one, {})
      yield* quiet
      assert.deepStrictEqual(written(), withPeople(one)["@person"])
    }).pipe(Effect.provide(store, { local: true })),
  )
})
