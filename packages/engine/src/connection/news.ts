/**
 * Whether something was said of the connection lately. Its reconciler makes of it what stands in the connection's documents,
 * soon in general: for a while they are looked at, ever less often, and afterwards where more was decided.
 */
import * as Effect from "effect/Effect"
import { NEWS_MS } from "../limits.ts"

export class News {
  #isTold = false
  /** ms since 1970; null: nothing was, as long as it works. */
  #toldAt: number | null = null
  /** Who waits is told at once; null: nobody does. */
  #waiting: Set<() => void> | null = null

  /** Something was said of the connection. */
  told(): void {
    this.#isTold = true
    this.decided()
  }

  /** Its documents may be others. */
  decided(): void {
    const waiting = this.#waiting ?? []
    // Who is woken may go on at once, and wait again.
    this.#waiting = null
    for (const wake of waiting) wake()
  }

  /**
   * In how many ms to look again: after so long at least, then after as long again as it has been; `Infinity`: when it is
   * told. `now`: ms since 1970.
   */
  lookIn(now: number, leastMs: number): number {
    if (this.#isTold) this.#toldAt = now
    this.#isTold = false
    const passed = this.#toldAt === null ? NEWS_MS : now - this.#toldAt
    return passed >= NEWS_MS ? Number.POSITIVE_INFINITY : Math.max(leastMs, passed)
  }

  /** Until something is said or decided, for so long at most, ms. */
  within(ms: number): Effect.Effect<void> {
    const some = Effect.callback<void>((resume) => {
      const wake = (): void => resume(Effect.void)
      this.#waiting ??= new Set()
      this.#waiting.add(wake)
      return Effect.sync(() => this.#waiting?.delete(wake))
    })
    return Effect.asVoid(Effect.timeoutOption(some, ms))
  }
}
