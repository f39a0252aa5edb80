/**
 * A share's owner is stopped at any step of a commit, another one takes over with what is decided ahead of the checkpoint, or
 * behind it, and then the former one wakes up: every fact is decided once.
 */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { makeSplitCommit } from "@concordat/engine/flows/split-commit"
import { SHARED_EVENTS, WINDOW_FACTS } from "@concordat/engine/limits"
import { Bus } from "@concordat/engine/ports/Bus"
import { Commit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import { leaseName, type LeaseToken } from "@concordat/engine/ports/Leases"
import { type Checkpoint, State, StateWriter } from "@concordat/engine/ports/State"
import { RightOfWay, Ways } from "@concordat/engine/right-of-way"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { LeaseTable } from "../ownership/memory-leases.ts"
import { decided, decidedOf, factsOf, TENANTS } from "./tenants.ts"

const store = sqlite({ path: ":memory:", inPlace: true })
const NAME = leaseName("reconciler", "")

/** Each of an owner's steps: an append, or a write of the state, before and after it took effect. */
const stepping = Effect.fnUntraced(function* (table: LeaseTable, step: Effect.Effect<void>) {
  const [journal, bus, writer] = [yield* Journal, yield* Bus, yield* table.writer]
  const around = <A, E>(act: Effect.Effect<A, E>) =>
    Effect.andThen(
      step,
      Effect.tap(act, () => step),
    )
  return Commit.of(
    makeSplitCommit({
      journal: { ...journal, appendMany: (appends) => around(journal.appendMany(appends)) },
      state: StateWriter.of({
        // Looked at when it is written, and not before the owner was stopped.
        write: (unit) => around(Effect.suspend(() => writer.write(unit))),
      }),
      bus,
    }),
  )
})

/** Takes the share over, though its owner's lease may not have ended by its own clock. */
const takeOver = Effect.fnUntraced(function* (table: LeaseTable, owner: string) {
  const row = table.rows.get(NAME)
  if (row !== undefined) row.until = 0
  const [lease] = yield* table.leases.claim({ owner, names: [NAME], most: 1, ttlMs: 60_000 })
  return lease as LeaseToken
})

const ownerOf = Effect.fnUntraced(function* (table: LeaseTable, owner: string, step: Effect.Effect<void>) {
  const lease = yield* takeOver(table, owner)
  const commit = yield* stepping(table, step)
  return yield* Effect.provideService(makeReconciler(makeCompilers(), { lease }), Commit, commit)
})

interface Handover {
  readonly steps: number
  /** What the new owner began with. */
  readonly taken: Checkpoint | null
  readonly former: string
  readonly decided: ReadonlyArray<ReadonlyArray<string>>
}

interface Stop {
  readonly people: number
  /** The step at which the former owner is stopped; 0: never. */
  readonly at: number
  /** Whether it is one that others do not wait for who fills the window at. */
  readonly isFair: boolean
}

const handOver = ({ at, isFair, people }: Stop) =>
  Effect.gen(function* () {
    yield* factsOf(TENANTS, people)
    const state = yield* State
    const stores = yield* Effect.context<Journal | State | Bus | Commit>()
    const table = new LeaseTable()
    let [steps, taken]: [number, Checkpoint | null] = [0, null]
    const step = Effect.suspend(() => {
      steps += 1
      if (steps !== at) return Effect.void
      return Effect.gen(function* () {
        taken = yield* state.checkpoint("reconciler")
        const next = yield* ownerOf(table, "next", Effect.void)
        yield* next.drain
        // It is another process.
      }).pipe(Effect.provideService(RightOfWay, new Ways()), Effect.provideContext(stores), Effect.orDie)
    })
    const former = yield* ownerOf(table, "former", step)
    const ended = yield* Effect.result(isFair ? Effect.as(former.run, 0) : former.drain)
    const last = (yield* state.checkpoint("reconciler"))!
    const end = yield* (yield* Journal).at(last.position)
    assert.deepStrictEqual([end?.id, last.ahead, last.behind], [last.eventId, undefined, undefined])
    const handover: Handover = {
      steps,
      taken,
      former: ended._tag === "Success" ? "done" : "reason" in ended.failure ? ended.failure.reason : "",
      decided: yield* decided,
    }
    return handover
  }).pipe(Effect.scoped, Effect.provide(store, { local: true }))

const alone = (tenant: string, people: number) =>
  Effect.gen(function* () {
    yield* factsOf([tenant], people)
    yield* (yield* makeReconciler(makeCompilers())).drain
    return yield* decidedOf(tenant)
  }).pipe(Effect.scoped, Effect.provide(store, { local: true }))

describe("a handover", () => {
  it.effect("[CE17] [R50] at any step of a commit, with some decided ahead of the checkpoint, decides all once", () =>
    Effect.gen(function* () {
      const stop = { people: SHARED_EVENTS * 2, isFair: false }
      const whole = yield* handOver({ ...stop, at: 0 })
      assert.strictEqual(whole.former, "done")
      for (const [n, tenant] of TENANTS.entries())
        assert.deepStrictEqual(whole.decided[n], yield* alone(tenant, stop.people), tenant)
      let withAhead = 0
      for (let at = 1; at <= whole.steps; at++) {
        const { decided, former, taken } = yield* handOver({ ...stop, at })
        assert.deepStrictEqual(decided, whole.decided, `step ${at}`)
        // Whoever has nothing left to write when it wakes up is not told.
        assert.strictEqual(former, at === whole.steps ? "done" : "fenced", `step ${at}`)
        if (taken?.ahead !== undefined) withAhead += 1
      }
      assert.isAbove(withAhead, 4)
    }),
  )

  it.effect("[CE17] [R50] goes on with who is behind the checkpoint", () =>
    Effect.gen(function* () {
      const stop = { people: WINDOW_FACTS + 500, isFair: true }
      const single = yield* Effect.forEach(TENANTS, (tenant) => alone(tenant, stop.people))
      // Before a part is appended, and before the state of one that was.
      for (const at of [37, 39]) {
        const { decided, former, taken } = yield* handOver({ ...stop, at })
        assert.strictEqual(former, "fenced")
        assert.deepStrictEqual(
          taken?.behind?.map(({ tenant }) => tenant),
          ["large"],
        )
        assert.deepStrictEqual(decided, single)
      }
    }),
  )
})
