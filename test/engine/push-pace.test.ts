/** Much to write under a provider's limit: none of what it allows is left over while answers are on their way, and nothing is written twice. */
import { makeBudget } from "@concordat/engine/budget/Budget"
import { makeConnection } from "@concordat/engine/connection/ConnectionWorker"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { appendTo } from "@concordat/engine/operations/append"
import type { Connector, Definition } from "@concordat/engine/ports/Provider"
import * as streams from "@concordat/model/streams"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import { setImmediate } from "node:timers/promises"
import { World } from "./synthetic.ts"
import { definitionOf, PERSON } from "./synthetic-traits.ts"
import { openConnection, pass, settleDown, START, startReconciler, startWorker, store, TENANT } from "./system.ts"

const BATCH = 100
const PER_SECOND = 19
const LATENCY_MS = 390
const TURNS = 60

const person = (n: number) => ({ mail: `p${n}@f${n}.example`, first: `First${n}`, last: `Last${n}`, job: "Clerk" })

/** What there is to compute takes no time here: it is done before the clock goes on. */
const computed = Effect.promise(async () => {
  for (let turn = 0; turn < TURNS; turn++) await setImmediate()
})

const step = Effect.andThen(computed, TestClock.adjust(10))

/** As many people at both sides, of which the right one's worker calls a slow provider under a limit, and is not armed. */
const beforeArming = Effect.fnUntraced(function* (people: number) {
  yield* TestClock.setTime(START)
  const [left, right] = [new World({ listBatch: BATCH }), new World({ listBatch: BATCH })]
  const ids = Array.from({ length: people }, (_, n) => {
    right.put(null, person(n))
    return left.put(null, person(n))
  })
  const plain = definitionOf(right.traits)
  const definition: Definition = {
    ...plain,
    objects: { [PERSON]: { ...plain.objects[PERSON]!, batch: { list: BATCH, read: BATCH, write: BATCH } } },
    limits: {
      buckets: { default: { capacity: PER_SECOND, perSecond: PER_SECOND } },
      concurrency: 8,
      timeoutMs: 30_000,
    },
  }
  const budget = yield* makeBudget(definition.limits)
  const limited = <A, E>(call: Effect.Effect<A, E>) =>
    budget.within({ default: 1 })(Effect.andThen(Effect.sleep(LATENCY_MS), call))
  /** When each row was written. */
  const written: Array<number> = []
  /** Writes whose histories were read. */
  const looked = new Set<string>()
  const { read, write, ...rest } = right.connector()
  const connector: Connector = {
    ...rest,
    read: (object, given, options) => limited(read!(object, given, options)),
    write: (object, rows) =>
      Effect.tap(limited(write!(object, rows)), () =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          for (const _ of rows) written.push(now)
        }),
      ),
    // In calls of half as many, as HubSpot takes histories.
    overwritten: (_object, writes) =>
      Effect.as(
        Effect.forEach(Array.from({ length: Math.ceil(writes.length / (BATCH / 2)) }), () => limited(Effect.void)),
        [],
      ).pipe(Effect.tap(() => Effect.sync(() => writes.forEach(({ key }) => looked.add(key))))),
  }
  yield* openConnection("left", { world: left })
  yield* openConnection("right", { world: right, armed: false })
  yield* startReconciler
  const { handle } = yield* startWorker("left", left)
  const options = { tenant: TENANT, connection: "right", definition, connector, budget, compilers: makeCompilers() }
  const worker = yield* makeConnection({ ...options, pollEveryMs: 3_600_000 })
  yield* Effect.forkChild(worker.run, { startImmediately: true })
  const quiet = settleDown([handle, worker])
  yield* quiet
  const arm = { _tag: "ArmRequested", connection: "right", by: "a test", writesPerHour: null }
  const armed = appendTo(streams.request(TENANT), [{ type: arm._tag, data: arm }])
  return { armed, handle, ids, left, looked, quiet, right, written }
})

describe("pushing much", () => {
  it.effect("takes all that the limit allows where each call takes a while, and reads histories afterwards", () =>
    Effect.gen(function* () {
      const [people, burst] = [3_000, 1_000]
      const { armed, ids, left, looked, quiet, written } = yield* beforeArming(people)
      for (const id of ids) left.put(id, { job: "Head" })
      yield* quiet
      yield* armed
      while (written.length < people) yield* step
      const seconds = (written.at(-1)! - written[burst]!) / 1_000
      // Each batch is read before.
      const allowed = (PER_SECOND / 2) * BATCH
      const value = (people - burst) / seconds
      assert.isAtLeast(value / allowed, 0.95, `${value} records a second of ${allowed}`)
      assert.strictEqual(looked.size, 0)
      while (looked.size < people) yield* step
      yield* quiet
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("creates each once, though all of them are news again while they are being created", () =>
    Effect.gen(function* () {
      const people = 1_600
      const { armed, handle, left, quiet, right, written } = yield* beforeArming(0)
      yield* armed
      yield* quiet
      const ids = Array.from({ length: people }, (_, n) => left.put(null, person(n)))
      for (let edit = 1; written.length < people; edit++) {
        for (const id of ids) left.put(id, { job: `Head ${edit}` })
        yield* handle.wake
        for (let n = 0; n < 30; n++) yield* step
      }
      yield* pass(5_000)
      yield* quiet
      const creates = right.writes.filter(({ kind }) => kind === "create")
      assert.strictEqual(creates.length, people)
      assert.lengthOf(right.live(), people)
      const jobOf = new Map(left.live().map(({ values }) => [values["mail"], values["job"]]))
      for (const { values } of right.live()) assert.strictEqual(values["job"], jobOf.get(values["mail"]!))
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )
})
