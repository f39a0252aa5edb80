/** How much of a large tenant is decided before a small one's fact that came after all of it. */
import { layer as sqlite } from "@concordat/adapters/sqlite/Sqlite"
import { makeCompilers } from "@concordat/engine/flows/Compilers"
import { makeReconciler } from "@concordat/engine/flows/Reconciler"
import { SHARED_EVENTS, WINDOW_FACTS } from "@concordat/engine/limits"
import { Commit, type Unit } from "@concordat/engine/ports/Commit"
import { State } from "@concordat/engine/ports/State"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { observe, open } from "./facts.ts"

const person = (n: number) => ({ email: `p${n}@x.example`, first: `P${n}`, last: "X", title: null })

describe("a small tenant's fact", () => {
  it.effect("waits for few of the facts that a large one has before it, however many there are", () =>
    Effect.gen(function* () {
      yield* open("crm", false, "small")
      yield* open("crm", false, "large")
      for (let n = 0; n < WINDOW_FACTS * 3; n++) yield* observe("crm", `${n}`, 0, 2_000 + n, person(n), "large")
      yield* observe("crm", "1", 0, 9_000, person(1), "small")
      const inner = yield* Commit
      const isThere = yield* Deferred.make<void>()
      const isSmall = ({ documents }: Unit) =>
        documents.some(({ kind, tenant }) => tenant === "small" && kind === "entity")
      const watched = Commit.of({
        commit: (unit) =>
          Effect.tap(inner.commit(unit), () => (isSmall(unit) ? Deferred.succeed(isThere, undefined) : Effect.void)),
      })
      const reconciler = yield* Effect.provideService(makeReconciler(makeCompilers()), Commit, watched)
      yield* Effect.raceFirst(reconciler.run, Deferred.await(isThere))
      const decided = yield* (yield* State).count({ tenant: "large", kind: "entity", prefix: "" })
      // While it was read, and while it was decided.
      assert.isAtMost(decided, SHARED_EVENTS * 8)
    }).pipe(Effect.scoped, Effect.provide(sqlite({ path: ":memory:", inPlace: true }), { local: true })),
  )
})
