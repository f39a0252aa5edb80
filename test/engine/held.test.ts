/** A poll that finds nothing keeps nothing, for a while: what that spares, how long the while is, and what a crash costs then. */
import { Held } from "@concordat/engine/connection/held"
import { CURSOR_HELD_MS, CURSOR_HELD_PAGES } from "@concordat/engine/limits"
import { Commit, type Unit } from "@concordat/engine/ports/Commit"
import { State } from "@concordat/engine/ports/State"
import * as streams from "@concordat/model/streams"
import type { CursorDoc } from "@concordat/rules/state/documents"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import { LEAD, PERSON } from "./synthetic-traits.ts"
import {
  eventsOf,
  openConnection,
  pass,
  settleDown,
  START,
  startReconciler,
  startWorker,
  store,
  TENANT,
} from "./system.ts"

const POLL_MS = 5_000
const OBJECTS = [LEAD, PERSON]
const ADA = { mail: "ada@engines.example", first: "Ada", last: "Lovelace", job: "Analyst" }

const key = (object: string) => `crm|changes|${object}`

const keptCursors = Effect.gen(function* () {
  const state = yield* State
  const texts = yield* state.getMany(OBJECTS.map((object) => ({ tenant: TENANT, kind: "cursor", key: key(object) })))
  return texts.map((text) => (JSON.parse(text!) as CursorDoc).cursor)
})

/** A connection at rest with two types, and every unit that its worker commits from then on. */
const resting = Effect.gen(function* () {
  yield* TestClock.setTime(START)
  const world = new World({ converts: true })
  const ada = world.put(null, ADA)
  yield* openConnection("crm", { world })
  yield* startReconciler
  const units: Array<Unit> = []
  const { commit } = yield* Commit
  const counted = { commit: (unit: Unit) => Effect.suspend(() => (units.push(unit), commit(unit))) }
  const begin = startWorker("crm", world).pipe(Effect.provideService(Commit, counted))
  const worker = yield* begin
  yield* settleDown([worker.handle])
  units.length = 0
  return { ada, begin, units, worker, world }
})

const jobs = Effect.map(eventsOf("RecordObserved"), (events) => events.map(({ data }) => data.values.clear.job))

describe("polls that find nothing", () => {
  it.effect("commit nothing, and then once for all types of the connection, in the journal too", () =>
    Effect.gen(function* () {
      const { units, world } = yield* resting
      const [polled, kept] = [world.calls.get("changes")!, yield* keptCursors]
      yield* pass((CURSOR_HELD_PAGES / OBJECTS.length - 2) * POLL_MS - 30_000, 1_000)
      assert.isAbove(world.calls.get("changes")! - polled, 150)
      assert.lengthOf(units, 0)
      assert.deepStrictEqual(yield* keptCursors, kept)
      yield* pass(60_000, 1_000)
      assert.lengthOf(units, 1)
      const [{ appends, documents }] = units as [Unit]
      assert.deepStrictEqual(documents.map((one) => one.key).toSorted(), OBJECTS.map(key))
      assert.deepStrictEqual(
        appends.map(({ events, stream }) => [stream, events.map(({ data }) => JSON.parse(data).object).toSorted()]),
        [[streams.worker(TENANT, "crm"), OBJECTS]],
      )
    }).pipe(Effect.provide(store, { local: true })),
  )

  it("are held no longer than their time, and not until after it", () => {
    const TEN_MINUTES = 600_000
    const held = new Held()
    const times = Array.from({ length: 12 }, (_, n) => START + n * TEN_MINUTES)
    const isHeld = times.map((now) => {
      const isWithin = held.hold(PERSON, now, TEN_MINUTES)
      if (!isWithin) held.kept(PERSON)
      return isWithin
    })
    const hour = [true, true, true, true, true, false]
    assert.deepStrictEqual(isHeld, [...hour, ...hour])
    assert.isFalse(new Held().hold(PERSON, START, CURSOR_HELD_MS))
  })

  it.effect("are kept within their bound, however many there are", () =>
    Effect.gen(function* () {
      const { units } = yield* resting
      yield* pass(CURSOR_HELD_MS, POLL_MS)
      const polls = (CURSOR_HELD_MS * OBJECTS.length) / POLL_MS
      assert.approximately(units.length, polls / CURSOR_HELD_PAGES, 2)
      // The worker's own stream goes on: its revisions are those that it counts.
      assert.isAtLeast((yield* eventsOf("PageCommitted")).length, units.length * OBJECTS.length)
    }).pipe(Effect.provide(store, { local: true })),
  )

  it.effect("cost a crash nothing but reading the same again", () =>
    Effect.gen(function* () {
      const { ada, begin, units, worker, world } = yield* resting
      yield* pass(200_000, 1_000)
      assert.lengthOf(units, 0)
      yield* worker.stop
      world.put(ada, { job: "Baroness" })
      const again = yield* begin
      yield* settleDown([again.handle])
      assert.deepStrictEqual(yield* jobs, ["Analyst", "Baroness"])
      // Once more, with the edit found before the crash and its cursor kept with it.
      yield* again.stop
      const last = yield* begin
      yield* settleDown([last.handle])
      assert.deepStrictEqual(yield* jobs, ["Analyst", "Baroness"])
    }).pipe(Effect.provide(store, { local: true })),
  )
})
