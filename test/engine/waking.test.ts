/** Wake-ups over a bus that hangs: nobody waits for it for long, and it is tried again. */
import { makeSplitCommit } from "@concordat/engine/flows/split-commit"
import { WAKE_AGAIN_MS, WAKE_WAIT_MS } from "@concordat/engine/limits"
import { Bus, type Message } from "@concordat/engine/ports/Bus"
import { Journal } from "@concordat/engine/ports/Journal"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { store } from "./system.ts"

/** A bus that takes nothing and says nothing while it hangs. */
const hanging = Effect.map(Bus, (inner) => {
  const seen = { hangs: true, tries: 0, taken: [] as Array<string> }
  const bus: Bus["Service"] = {
    ...inner,
    publish: (messages) =>
      Effect.suspend(() => {
        seen.tries += 1
        if (seen.hangs) return Effect.never
        seen.taken.push(...messages.map(({ id }) => id))
        return Effect.void
      }),
  }
  return { bus, seen }
})
const message = (id: string): Message => ({ subject: "concordat.push.3f.acme.crm", id, body: "{}" })

describe("wake-ups", () => {
  it.effect("of a commit wait for a bus that hangs once, and not again before some seconds have passed", () =>
    Effect.gen(function* () {
      const { bus, seen } = yield* hanging
      const journal = yield* Journal
      const { commit } = makeSplitCommit({ journal, state: { write: () => Effect.void }, bus })
      /** How long a commit with a wake-up takes. */
      const committing = Effect.fnUntraced(function* (id: string) {
        const from = yield* Clock.currentTimeMillis
        const unit = { appends: [], documents: [], commands: [message(id)], checkpoint: null }
        const fiber = yield* Effect.forkChild(commit(unit), { startImmediately: true })
        while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust(50)
        yield* Fiber.join(fiber)
        return (yield* Clock.currentTimeMillis) - from
      })
      assert.isAtMost(yield* committing("first"), WAKE_WAIT_MS + 50)
      assert.isAtMost(yield* committing("second"), 50)
      assert.strictEqual(seen.tries, 1)
      yield* TestClock.adjust(WAKE_AGAIN_MS)
      assert.isAtMost(yield* committing("third"), WAKE_WAIT_MS + 50)
      assert.strictEqual(seen.tries, 2)
      seen.hangs = false
      yield* TestClock.adjust(WAKE_AGAIN_MS)
      for (const id of ["fourth", "fifth"]) yield* committing(id)
      assert.deepStrictEqual(seen.taken, ["fourth", "fifth"])
    }).pipe(Effect.provide(store, { local: true })),
  )
})
