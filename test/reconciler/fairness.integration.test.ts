/** How much of a large tenant is decided before a small one's fact that came after all of it. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { DECIDED_EVENTS, SHARED_EVENTS, WINDOW_FACTS } from "@concordat/engine/limits"
import { Commit, type Unit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import { State } from "@concordat/engine/ports/State"
import { goFirst, RightOfWay, Ways } from "@concordat/engine/right-of-way"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { observe, open } from "./facts.ts"

const person = (n: number) => ({ email: `p${n}@x.example`, first: `P${n}`, last: "X", title: null })

const isSmall = ({ documents }: Unit) => documents.some(({ kind, tenant }) => tenant === "small" && kind === "entity")
const largeOnes = Effect.flatMap(State, (state) => state.count({ tenant: "large", kind: "entity", prefix: "" }))

describe("a small tenant's fact", () => {
  it.effect("waits for few of the facts that a large one has before it, however many there are", () =>
    Effect.gen(function* () {
      yield* open("crm", false, "small")
      yield* open("crm", false, "large")
      for (let n = 0; n < WINDOW_FACTS * 3; n++) yield* observe("crm", `${n}`, 0, 2_000 + n, person(n), "large")
      yield* observe("crm", "1", 0, 9_000, person(1), "small")
      const inner = yield* Commit
      const isThere = yield* Deferred.make<void>()
      const watched = Commit.of({
        commit: (unit) =>
          Effect.tap(inner.commit(unit), () => (isSmall(unit) ? Deferred.succeed(isThere, undefined) : Effect.void)),
      })
      const reconciler = yield* Effect.provideService(makeReconciler(makeCompilers()), Commit, watched)
      yield* Effect.raceFirst(reconciler.run, Deferred.await(isThere))
      const decided = yield* largeOnes
      // While it was read, and while it was decided.
      assert.isAtMost(decided, SHARED_EVENTS * 8)
    }).pipe(Effect.scoped, Effect.provide(sqlite({ path: ":memory:", inPlace: true }), { local: true })),
  )

  // `isHeld`: the large tenant has just given way to somebody else, who does not end.
  for (const isHeld of [false, true])
    it.effect(
      `that comes while much of another is decided${isHeld ? ", or is held up," : ""} is committed before that`,
      () =>
        Effect.gen(function* () {
          yield* open("crm", false, "small")
          yield* open("crm", false, "large")
          for (let n = 0; n < DECIDED_EVENTS * 3; n++) yield* observe("crm", `${n}`, 0, 2_000 + n, person(n), "large")
          const inner = yield* Commit
          const stores = yield* Effect.context<Journal | State>()
          const isThere = yield* Deferred.make<number>()
          let before: number | null = null
          const watched = Commit.of({
            commit: (unit) =>
              Effect.gen(function* () {
                const result = yield* inner.commit(unit)
                const decided = yield* largeOnes
                if (isSmall(unit)) yield* Deferred.succeed(isThere, decided)
                if (before === null && decided > 0) {
                  before = decided
                  if (isHeld) yield* Effect.forkDetach(goFirst("other", Deferred.await(isThere)))
                  if (isHeld) yield* Effect.repeat(Effect.yieldNow, { times: 50 })
                  yield* observe("crm", "1", 0, 9_000, person(1), "small")
                }
                return result
              }).pipe(Effect.provideContext(stores), Effect.orDie),
          })
          const reconciler = yield* Effect.provideService(makeReconciler(makeCompilers()), Commit, watched)
          const decided = yield* Effect.raceFirst(reconciler.run, Deferred.await(isThere))
          assert.isAbove(decided, 0)
          assert.strictEqual(decided, before)
        }).pipe(
          Effect.provideService(RightOfWay, new Ways()),
          Effect.scoped,
          Effect.provide(sqlite({ path: ":memory:", inPlace: true }), { local: true }),
        ),
    )
})
