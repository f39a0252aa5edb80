/** Lets one through at a time, in the order they came. While nobody waits it is a word of memory: a connection has many. */
import * as Effect from "effect/Effect"

export class Turnstile {
  #isTaken = false
  /** Who waits, first come first; null: nobody has. */
  #waiting: Set<() => void> | null = null

  within<A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(this.#entered()), () =>
        Effect.ensuring(
          restore(work),
          Effect.sync(() => this.#leave()),
        ),
      ),
    )
  }

  #entered(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      if (!this.#isTaken) {
        this.#isTaken = true
        return resume(Effect.void)
      }
      const enter = (): void => resume(Effect.void)
      this.#waiting ??= new Set()
      this.#waiting.add(enter)
      return Effect.sync(() => this.#waiting?.delete(enter))
    })
  }

  /** Whoever is next takes its place: nobody who comes meanwhile is before them. */
  #leave(): void {
    const [next] = this.#waiting ?? []
    if (next === undefined) {
      this.#isTaken = false
      this.#waiting = null
      return
    }
    this.#waiting!.delete(next)
    next()
  }
}
