/** Deciding over stored documents: nobody else of the process waits for a whole batch. */
import { assert, describe, it } from "@effect/vitest"
import type { State } from "../ports/State.ts"
import type { Decision, Loaded } from "@concordat/rules/state/transaction"
import { Missing } from "@concordat/rules/state/transaction"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
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
        Effect.yieldNow,
      )
      // A stretch of decisions, then the others.
      assert.isAtLeast(turns, INPUTS / DECISIONS_AT_A_STRETCH - 2)
      const { writes } = documents.takeOff()
      const before = turns
      assert.isAtLeast((yield* writes).length, INPUTS)
      assert.isAbove(turns, before)
    }),
  )

  it.effect("a key that is committed between the scan of a range and its use is in the range", () =>
    Effect.gen(function* () {
      const stored = new Map<string, string>()
      const asked = yield* Latch.make(false)
      const go = yield* Latch.make(false)
      let isSlow = false
      const state = {
        getMany: (ids: ReadonlyArray<{ kind: string; key: string }>) =>
          Effect.gen(function* () {
            if (isSlow) {
              yield* asked.open
              yield* go.await
            }
            return ids.map(({ key, kind }) => stored.get(`${kind}|${key}`) ?? null)
          }),
        scan: ({ kind, prefix }: { kind: string; prefix: string }) =>
          Effect.sync(() =>
            [...stored]
              .filter(([k]) => k.startsWith(`${kind}|${prefix}`))
              .map(([k, value]) => ({ key: k.slice(kind.length + 1), value })),
          ),
      } as unknown as State["Service"]
      const documents = new Documents(state, "acme", 1_000_000)
      const decideAll = (decide: (loaded: Loaded) => Decision) =>
        documents.decideAll(
          [0],
          decide,
          () => true,
          () => {},
          Effect.yieldNow,
        )
      const none = { events: [], documents: [], wakes: [], counts: new Map() }
      // Batch 1 parks a conflict.
      yield* decideAll(() => ({ ...none, documents: [{ kind: "conflict", key: "crm|contact:1|title", value: {} }] }))
      const { done, writes } = documents.takeOff()
      const made = yield* writes
      // Batch 2, while batch 1 is being committed: a changed rule asks for all conflicts, then for something else.
      isSlow = true
      let seen: ReadonlyArray<string> = []
      const second = yield* Effect.forkChild(
        decideAll((loaded) => {
          const keys = loaded.range("conflict", "")
          if (keys === undefined) throw new Missing([{ _tag: "Range", kind: "conflict", prefix: "" }])
          if (loaded.get("entity", "contact:9") === undefined)
            throw new Missing([{ _tag: "Document", kind: "entity", key: "contact:9" }])
          seen = keys
          return none
        }),
        { startImmediately: true },
      )
      yield* asked.await
      for (const { key, kind, value } of made) stored.set(`${kind}|${key}`, value!)
      done()
      yield* go.open
      yield* Fiber.join(second)
      assert.deepStrictEqual(seen, ["crm|contact:1|title"])
    }),
  )
})
