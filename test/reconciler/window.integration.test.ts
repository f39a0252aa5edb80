/** What is decided ahead of the checkpoint: the reconciler dies before and after each step of it, and nothing is decided twice. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { reachedOf } from "@concordat/engine/flows/reached"
import { SHARED_EVENTS } from "@concordat/engine/limits"
import { Commit, type Unit } from "@concordat/engine/ports/Commit"
import { Journal } from "@concordat/engine/ports/Journal"
import { type Checkpoint, State } from "@concordat/engine/ports/State"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Crash, embedded, type Layout, split } from "../engine/crashing.ts"
import { decided, decidedOf, factsOf, FEW, largeFacts, TENANTS } from "./tenants.ts"

const STRIDE = Number(process.env["CRASH_STRIDE"] ?? "4")
const store = sqlite({ path: ":memory:", inPlace: true })
const PEOPLE = SHARED_EVENTS * 2
const LARGE_FACTS = largeFacts(PEOPLE)
const drain = Effect.flatMap(makeReconciler(makeCompilers()), (reconciler) => reconciler.drain)
const standing = Effect.flatMap(State, (state) => state.checkpoint("reconciler"))

/** Decides all facts; the process dies at the given step, and another one goes on. Answers what was committed at its death. */
const run = (layout: Layout, at: number) =>
  Effect.gen(function* () {
    yield* factsOf(TENANTS, PEOPLE)
    const crash: Crash = { steps: 0, at }
    const first = yield* Effect.exit(Effect.provideServiceEffect(drain, Commit, layout(crash)))
    assert.strictEqual(first._tag, at === 0 ? "Success" : "Failure")
    const atDeath = yield* standing
    const rest = yield* drain
    const last = yield* standing
    const end = yield* (yield* Journal).at(last!.position)
    assert.deepStrictEqual([end?.id, last?.ahead], [last!.eventId, undefined])
    return { steps: crash.steps, atDeath, rest, decided: yield* decided }
  }).pipe(Effect.scoped, Effect.provide(store, { local: true }))

describe("what is decided ahead of the checkpoint", () => {
  for (const [name, layout] of Object.entries({ embedded, split }))
    it.effect(`[R50] dies at every so many steps of a commit and goes on with what is left, ${name}`, () =>
      Effect.gen(function* () {
        const whole = yield* run(layout, 0)
        assert.strictEqual(whole.rest, 0)
        assert.isAbove(whole.steps, 6)
        let aheadSeen = 0
        for (let at = 1; at <= whole.steps; at += STRIDE) {
          const again = yield* run(layout, at)
          assert.deepStrictEqual(again.decided, whole.decided, `step ${at}`)
          aheadSeen += again.atDeath?.ahead?.length ?? 0
        }
        if (STRIDE === 1) assert.isAbove(aheadSeen, 0)
      }),
    )

  it.effect("is kept in the same unit, and a restart decides exactly the others", () =>
    Effect.gen(function* () {
      yield* factsOf(TENANTS, PEOPLE)
      const units: Array<Unit> = []
      const inner = yield* Commit
      // Dies after its second part, which is that of the few.
      const dying = Commit.of({
        commit: (unit) =>
          Effect.suspend(() => {
            units.push(unit)
            return units.length > 2 ? Effect.die(new Error("dead")) : inner.commit(unit)
          }),
      })
      const died = yield* Effect.exit(Effect.provideService(drain, Commit, dying))
      assert.strictEqual(died._tag, "Failure")
      const checkpoint: Checkpoint = (yield* standing)!
      assert.sameMembers(checkpoint.ahead?.map(({ tenant }) => tenant) ?? [], FEW)
      assert.isTrue(units[1]!.documents.every(({ tenant }) => FEW.includes(tenant)))
      for (const tenant of FEW) assert.notStrictEqual(reachedOf(checkpoint, tenant), checkpoint.position)
      assert.strictEqual(reachedOf(checkpoint, "large"), checkpoint.position)
      assert.strictEqual(yield* drain, LARGE_FACTS - SHARED_EVENTS)
    }).pipe(Effect.scoped, Effect.provide(store, { local: true })),
  )

  it.effect("[R22] each tenant's events and documents are those that it has where it is alone in a journal", () =>
    Effect.gen(function* () {
      const decide = (tenants: ReadonlyArray<string>) =>
        Effect.gen(function* () {
          yield* factsOf(tenants, PEOPLE)
          yield* drain
          return yield* Effect.forEach(tenants, decidedOf)
        }).pipe(Effect.scoped, Effect.provide(store, { local: true }))
      const together = yield* decide(TENANTS)
      assert.isAbove(together.at(-1)!.length, 10)
      for (const [n, tenant] of TENANTS.entries())
        assert.deepStrictEqual(yield* decide([tenant]), [together[n]!], tenant)
    }),
  )
})
