/** Planning hundreds of writes leaves turns to others. */
import type { EntityRef } from "@concordat/model/events/record"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { makeCompilers } from "../flows/Compilers.ts"
import { PLANS_AT_A_STRETCH } from "../limits.ts"
import type { State } from "../ports/State.ts"
import { makePlanner } from "./planning.ts"

const ENTITIES = 20 * PLANS_AT_A_STRETCH

describe("the planner", () => {
  it.effect("lets others go on between the plans of a round", () =>
    Effect.gen(function* () {
      // A tenant of which nothing is stored: each plan is made, and is that nothing is to be written.
      const state: State["Service"] = {
        getMany: (ids) => Effect.succeed(ids.map(() => null)),
        scan: () => Effect.succeed([]),
        count: () => Effect.succeed(0),
        tenants: Effect.succeed([]),
        checkpoint: () => Effect.succeed(null),
        clear: Effect.void,
      }
      const planner = makePlanner(state, {
        tenant: "acme",
        connection: "crm",
        compilers: makeCompilers(),
        checkpoint: "reconciler",
      })
      let turns = 0
      const turn = Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => {
          turns += 1
        }),
      )
      yield* Effect.forkChild(Effect.forever(turn), { startImmediately: true })
      const entities = Array.from({ length: ENTITIES }, (_, n): EntityRef => ({ type: "contact", id: `c${n}` }))
      assert.lengthOf(yield* planner.plan(entities), ENTITIES)
      // A turn of the other takes two.
      assert.isAtLeast(turns, ENTITIES / PLANS_AT_A_STRETCH / 2 - 1)
    }),
  )
})
