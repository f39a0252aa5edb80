/** Deciding over stored documents: nobody else of the process waits for a whole batch. */
import { assert, describe, it } from "@effect/vitest"
import type { State } from "../ports/State.ts"
import type { Decision, Loaded } from "@concordat/rules/state/transaction"
import { Missing } from "@concordat/rules/state/transaction"
import * as Effect from "effect/Effect"
import { DECISIONS_AT_A_STRETCH } from "../limits.ts"
import { Documents } from "./Documents.ts"

const INPUTS = 200

/** A state in which every document is there. */
const state = {
  getMany: (ids: ReadonlyArray<unknown>) => Effect.succeed(ids.map(() => "{}")),
  scan: () => Effect.succeed([]),
} as unknown as State["Service"]

describe("documents", () => {
  it.effect("others of the process have their turn while a batch is decided, looked at and written", () =>
    Effect.gen(function* () {
      let turns = 0
      const turn = Effect.andThen(
        Effect.yieldNow,
        Effect.sync(() => {
          turns += 1
        }),
      )
      yield* Effect.forkChild(Effect.forever(turn), { startImmediately: true })
      const documents = new Documents(state, "acme", 1_000_000)
      const decide = (loaded: Loaded, input: number): Decision => {
        const key = `${input}`
        if (loaded.get("record", key) === undefined) throw new Missing([{ _tag: "Document", kind: "record", key }])
        return { events: [], documents: [{ kind: "record", key, value: { input } }], wakes: [], counts: new Map() }
      }
      const inputs = Array.from({ length: INPUTS }, (_, n) => n)
      yield* documents.decideAll(
        inputs,
        decide,
        () => true,
        () => {},
      )
      // A stretch of decisions, then the others.
      assert.isAtLeast(turns, INPUTS / DECISIONS_AT_A_STRETCH - 2)
      const { writes } = documents.takeOff()
      const before = turns
      assert.isAtLeast((yield* writes).length, INPUTS)
      assert.isAbove(turns, before)
    }),
  )
})
