/** Who waits for news is woken by them once, and who has waited for long is not kept. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { NEWS_MS } from "../limits.ts"
import { News } from "./news.ts"

describe("news of a connection", () => {
  it.effect("wake whoever waits, once, also where it waits again at once", () =>
    Effect.gen(function* () {
      const news = new News()
      let woken = 0
      const waits = Effect.forever(
        Effect.map(news.within(60_000), () => {
          woken += 1
        }),
        { disableYield: true },
      )
      const fiber = yield* Effect.forkChild(waits, { startImmediately: true })
      for (let n = 1; n <= 3; n++) {
        news.decided()
        yield* TestClock.adjust(1_000)
        assert.strictEqual(woken, n)
      }
      yield* TestClock.adjust(60_000)
      assert.strictEqual(woken, 4)
      yield* Fiber.interrupt(fiber)
      news.told()
      assert.strictEqual(woken, 4)
    }),
  )

  it("are looked after ever less often, and then not until there are more", () => {
    const news = new News()
    assert.strictEqual(news.lookIn(1_000, 2_000), Number.POSITIVE_INFINITY)
    news.told()
    const looks: Array<number> = []
    for (let now = 5_000; ;) {
      const wait = news.lookIn(now, 2_000)
      if (wait === Number.POSITIVE_INFINITY) break
      looks.push(wait)
      now += wait
    }
    assert.deepStrictEqual(looks, [2_000, 2_000, 4_000, 8_000, 16_000, 32_000])
    assert.isAtLeast(
      looks.reduce((sum, wait) => sum + wait, 0),
      NEWS_MS,
    )
  })
})
