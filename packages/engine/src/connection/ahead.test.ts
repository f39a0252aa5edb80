/** The page after the one at hand is read meanwhile, and counts only where it is still the one that is asked for. */
import type { Mapping } from "@concordat/rules/mapping/lens"
import type { CursorDoc } from "@concordat/rules/state/documents"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { AHEAD_KEPT_MS } from "../limits.ts"
import type { Page } from "../ports/Provider.ts"
import { ProviderError, RateLimited } from "../ports/ProviderError.ts"
import { Ahead, type Place, type Reads } from "./ahead.ts"
import { makeTick } from "./tick.ts"

const place = (n: number, mapping = {} as Mapping): Place => ({
  from: { cursor: { n }, done: n, total: null, finished: false, startedAt: 0 } satisfies CursorDoc,
  mapping,
})

const PAGE: Page = { records: [], hints: [], next: null, more: false }
const CALL_MS = 300

/** Counts calls begun and answered. `fails`: so many of the first ones. */
const provider = Effect.fnUntraced(function* (fails = 0) {
  const tick = yield* makeTick()
  const seen = { begun: 0, answered: 0 }
  const read: Reads = Effect.gen(function* () {
    const startedAt = yield* tick
    seen.begun += 1
    yield* Effect.sleep(CALL_MS)
    seen.answered += 1
    const reason = new RateLimited({ retryAfterMs: null, scope: "connection", bucket: null })
    if (seen.answered <= fails) return yield* new ProviderError({ provider: "crm", operation: "list", reason })
    return { page: PAGE, startedAt }
  })
  return { ahead: new Ahead(tick), read, seen }
})

const pass = (ms: number) => TestClock.adjust(ms)

describe("a page that is read ahead", () => {
  it.effect("is read once, while its caller goes on", () =>
    Effect.gen(function* () {
      const { ahead, read, seen } = yield* provider()
      const next = place(1)
      yield* ahead.begin(next, read)
      yield* pass(CALL_MS)
      assert.deepStrictEqual(seen, { begun: 1, answered: 1 })
      const taken = yield* ahead.take(next, read)
      assert.strictEqual(taken.page, PAGE)
      assert.deepStrictEqual(seen, { begun: 1, answered: 1 })
      // It counts once: the same place asked for again is another reading.
      const again = yield* Effect.forkChild(ahead.take(next, read))
      yield* pass(CALL_MS)
      yield* Fiber.join(again)
      assert.strictEqual(seen.begun, 2)
    }),
  )

  it.effect("is waited for where it is on its way", () =>
    Effect.gen(function* () {
      const { ahead, read, seen } = yield* provider()
      const next = place(1)
      yield* ahead.begin(next, read)
      yield* pass(CALL_MS / 2)
      const taking = yield* Effect.forkChild(ahead.take(next, read))
      yield* pass(CALL_MS / 2)
      assert.isTrue((yield* Fiber.join(taking)).startedAt < CALL_MS / 2)
      assert.deepStrictEqual(seen, { begun: 1, answered: 1 })
    }),
  )

  for (const [what, other] of [
    ["from elsewhere", (of: Place) => ({ ...of, from: { ...of.from } })],
    ["under another mapping", (of: Place) => ({ ...of, mapping: {} as Mapping })],
  ] as const)
    it.effect(`is ended where a page ${what} is asked for, which is read then`, () =>
      Effect.gen(function* () {
        const { ahead, read, seen } = yield* provider()
        const next = place(1)
        yield* ahead.begin(next, read)
        yield* pass(CALL_MS / 2)
        const taking = yield* Effect.forkChild(ahead.take(other(next), read))
        yield* pass(CALL_MS)
        assert.isTrue((yield* Fiber.join(taking)).startedAt >= CALL_MS / 2)
        assert.deepStrictEqual(seen, { begun: 2, answered: 1 })
      }),
    )

  it.effect("fails whoever takes it, and then it is read anew", () =>
    Effect.gen(function* () {
      const { ahead, read, seen } = yield* provider(1)
      const next = place(1)
      yield* ahead.begin(next, read)
      yield* pass(CALL_MS)
      assert.strictEqual((yield* Effect.flip(ahead.take(next, read)))._tag, "ProviderError")
      const again = yield* Effect.forkChild(ahead.take(next, read))
      yield* pass(CALL_MS)
      yield* Fiber.join(again)
      assert.deepStrictEqual(seen, { begun: 2, answered: 2 })
    }),
  )

  it.effect("is read anew where it has waited for long, or where whoever began it has ended", () =>
    Effect.gen(function* () {
      const { ahead, read, seen } = yield* provider()
      const next = place(1)
      yield* ahead.begin(next, read)
      yield* pass(AHEAD_KEPT_MS + CALL_MS)
      const late = yield* Effect.forkChild(ahead.take(next, read))
      yield* pass(CALL_MS)
      assert.isTrue((yield* Fiber.join(late)).startedAt > AHEAD_KEPT_MS)
      assert.deepStrictEqual(seen, { begun: 2, answered: 2 })
      yield* Fiber.join(yield* Effect.forkChild(ahead.begin(next, read), { startImmediately: true }))
      const left = yield* Effect.forkChild(ahead.take(next, read))
      yield* pass(CALL_MS)
      yield* Fiber.join(left)
      assert.strictEqual(seen.answered, 3)
    }),
  )
})
