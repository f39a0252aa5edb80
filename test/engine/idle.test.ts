/** A connection where nothing happens: what wakes its worker all the same, and what is done once something happens. */
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { GAP_GATHER_MS, RESCAN_MS, SETTLE_EVERY_MS, WATCH_LOOK_MS } from "@concordat/engine/limits"
import { appendTo } from "@concordat/engine/operations/append"
import { Bus } from "@concordat/engine/ports/Bus"
import type { Connector } from "@concordat/engine/ports/Provider"
import * as streams from "@concordat/model/streams"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { World } from "./synthetic.ts"
import { definitionOf, mappingOf, type Traits } from "./synthetic-traits.ts"
import {
  changeMapping,
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

const MINUTE = 60_000
const HOUR = 60 * MINUTE

interface Waits {
  /** How often the clock has woken somebody, by the length of the wait, ms. */
  readonly ended: Map<number, number>
  /** Sleeps under way. */
  asleep: number
}

const counting = (waits: Waits) =>
  Effect.clockWith((clock) => {
    const sleep = (duration: Duration.Duration): Effect.Effect<void> =>
      Effect.suspend(() => {
        waits.asleep += 1
        return clock.sleep(duration)
      }).pipe(
        Effect.tap(() => {
          const ms = Duration.toMillis(duration)
          waits.ended.set(ms, (waits.ended.get(ms) ?? 0) + 1)
          return Effect.void
        }),
        Effect.ensuring(
          Effect.sync(() => {
            waits.asleep -= 1
          }),
        ),
      )
    return Effect.succeed(Object.create(clock, { sleep: { value: sleep } }) as Clock.Clock)
  })

/** Two that agree, the second polled every ten minutes, and the waits of its worker from then on. */
const agreed = Effect.fnUntraced(function* (
  traits: Partial<Traits>,
  more: Partial<Connector> = {},
  bus?: Bus["Service"],
) {
  yield* TestClock.setTime(START)
  const [left, right] = [new World(), new World(traits)]
  const ada = left.put(null, { mail: "ada@engines.example", first: "Ada", last: "Lovelace", job: "Analyst" })
  yield* openConnection("left", { world: left })
  yield* openConnection("right", { world: right })
  yield* startReconciler
  const { handle } = yield* startWorker("left", left)
  const waits: Waits = { ended: new Map(), asleep: 0 }
  const clock = yield* counting(waits)
  const worker = yield* makeConnection({
    tenant: TENANT,
    connection: "right",
    definition: definitionOf(right.traits),
    connector: { ...right.connector(), ...more },
    compilers: makeCompilers(),
    pollEveryMs: 10 * MINUTE,
  }).pipe(Effect.provideService(Clock.Clock, clock), Effect.provideService(Bus, bus ?? (yield* Bus)))
  yield* Effect.forkChild(Effect.provideService(worker.run, Clock.Clock, clock), { startImmediately: true })
  yield* settleDown([handle, worker])
  yield* pass(HOUR, 2_000)
  waits.ended.clear()
  const edited = Effect.fnUntraced(function* (job: string) {
    left.put(ada, { job })
    yield* pass(MINUTE, 250)
    return yield* eventsOf("RecordWritten")
  })
  return { edited, right, waits }
})

describe("an idle connection", () => {
  it.effect("is woken by looks that are needed, and by nothing else", () =>
    Effect.gen(function* () {
      const { waits } = yield* agreed({ answers: "pending" }, { overwritten: () => Effect.succeed([]) })
      yield* pass(HOUR, 2_000)
      const { [WATCH_LOOK_MS]: news, [RESCAN_MS]: decided, ...own } = Object.fromEntries(waits.ended)
      // Shared with all other connections of the process. What the worker itself sleeps is seldom as long.
      assert.isAtMost(news!, HOUR / WATCH_LOOK_MS + 8)
      assert.isAtMost(decided!, HOUR / RESCAN_MS + 1)
      // Polls, looks whether all is to be read again, censuses, the metadata: some of them at one moment.
      const looks = 6 + 6 + 4 + 1
      assert.isAtMost(
        Object.values(own).reduce((sum, count) => sum + count, 0),
        looks,
      )
      // One for all flows of the worker, and those of the process.
      assert.isAtMost(waits.asleep, 3)
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("asks about a job that is begun after an hour of none, until it has an outcome, and then sleeps", () =>
    Effect.gen(function* () {
      const { edited, right, waits } = yield* agreed({ answers: "pending" })
      const [asked, written] = [right.calls.get("settle") ?? 0, (yield* eventsOf("RecordWritten")).length]
      assert.lengthOf(yield* edited("Baroness"), written + 1)
      assert.strictEqual(right.calls.get("settle"), asked + 1)
      assert.isAtMost(waits.ended.get(SETTLE_EVERY_MS / 2) ?? 0, 4)
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("writes what is due though no wake-up comes and nobody says that it was lost", () =>
    Effect.gen(function* () {
      const deaf: Bus["Service"] = { ...(yield* Bus), consume: () => Stream.never }
      const { edited } = yield* agreed({}, {}, deaf)
      const written = (yield* eventsOf("RecordWritten")).length
      assert.lengthOf(yield* edited("Baroness"), written + 1)
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("that is paused is looked at seldom, and goes on two seconds after it is resumed", () =>
    Effect.gen(function* () {
      const { edited, right, waits } = yield* agreed({})
      const said = (_tag: "ConnectionPaused" | "ConnectionResumed") =>
        appendTo(streams.connection(TENANT, "right"), [
          { type: _tag, data: { _tag, connection: "right", reason: "a test" } },
        ])
      yield* said("ConnectionPaused")
      yield* pass(15 * MINUTE, 1_000)
      const [polled, written] = [right.calls.get("changes")!, (yield* eventsOf("RecordWritten")).length]
      waits.ended.clear()
      yield* pass(HOUR, 1_000)
      assert.strictEqual(right.calls.get("changes"), polled)
      const { [WATCH_LOOK_MS]: _, [RESCAN_MS]: __, ...own } = Object.fromEntries(waits.ended)
      // Each of its walks that is due waits.
      assert.isAtMost(
        Object.values(own).reduce((sum, count) => sum + count, 0),
        4 * 60,
      )
      assert.lengthOf(yield* edited("Baroness"), written)
      yield* said("ConnectionResumed")
      yield* pass(3_000, 250)
      assert.lengthOf(yield* eventsOf("RecordWritten"), written + 1)
      assert.isAbove(right.calls.get("changes")!, polled)
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("reads everything under another mapping ten seconds after an hour of none", () =>
    Effect.gen(function* () {
      const { right } = yield* agreed({})
      const walked = right.calls.get("backfill")!
      yield* changeMapping(
        "right",
        mappingOf(right.traits).replace("title: job", "title: { from: job, transform: lower }"),
      )
      yield* pass(10_000, 250)
      assert.isAbove(right.calls.get("backfill")!, walked)
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("looks after a write that is taken after an hour of none, and then sleeps", () =>
    Effect.gen(function* () {
      const looked: Array<string> = []
      const overwritten: Connector["overwritten"] = (_object, writes) =>
        Effect.sync(() => {
          looked.push(...writes.map(({ id }) => id))
          return []
        })
      const { edited, waits } = yield* agreed({}, { overwritten })
      assert.lengthOf(looked, 0)
      yield* edited("Baroness")
      assert.lengthOf(looked, 1)
      assert.strictEqual(waits.ended.get(GAP_GATHER_MS), 1)
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )
})
