/**
 * What the flows of one connection wait with: for a bell, or until a time, whichever comes first. All of them share one
 * sleep, that of whoever is due next. With one each, and a fiber beside it for the bell, waiting was most of what an idle
 * connection took of memory.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"

/** Stays rung until it is hushed. One flow waits for it. */
export class Bell {
  #isRung = false
  #wake: (() => void) | null = null

  get isRung(): boolean {
    return this.#isRung
  }

  ring(): void {
    this.#isRung = true
    this.#wake?.()
  }

  hush(): void {
    this.#isRung = false
  }

  /** Whom a ring wakes; null: nobody any more. */
  wakes(wake: (() => void) | null): void {
    this.#wake = wake
  }
}

export interface Alarm {
  /** Waits for a bell, for so long at most (ms; `Infinity`: for ever). True: it rang. */
  readonly untilRung: (bell: Bell, ms: number) => Effect.Effect<boolean>
  readonly sleep: (ms: number) => Effect.Effect<void>
}

interface Waiting {
  /** Whole ms since the alarm was made, of the clock that is never set. */
  readonly until: number
  readonly end: () => void
}

export const makeAlarm: Effect.Effect<Alarm, never, Scope.Scope> = Effect.gen(function* () {
  const fork = Effect.runForkWith(yield* Effect.context<never>())
  const clock = yield* Clock.Clock
  const origin = clock.monotonicTimeNanosUnsafe()
  const now = (): number => Number(clock.monotonicTimeNanosUnsafe() - origin) / 1e6
  const waiting = new Set<Waiting>()
  /** Until when it sleeps; `Infinity`: nobody waits for a time. */
  let until = Number.POSITIVE_INFINITY
  let sleeper: Fiber.Fiber<void> | null = null
  yield* Effect.addFinalizer(() => Effect.sync(() => sleeper?.interruptUnsafe()))

  const next = (): number => {
    let first = Number.POSITIVE_INFINITY
    for (const one of waiting) if (one.until < first) first = one.until
    return first
  }

  const sleepOn = Effect.gen(function* () {
    while (until < Number.POSITIVE_INFINITY) {
      yield* Effect.sleep(Math.max(0, Math.ceil(until - now())))
      // A timer may be a little early: who is due by it is due.
      const by = Math.max(until, now())
      for (const one of waiting) if (one.until <= by) one.end()
      until = next()
    }
  })

  /** Whoever it sleeps for may be gone by then: it wakes once for nobody, which is less than to begin anew each time. */
  const wakeAt = (at: number): void => {
    if (at >= until) return
    sleeper?.interruptUnsafe()
    until = at
    sleeper = fork(sleepOn)
  }

  const wait = (bell: Bell | null, ms: number): Effect.Effect<boolean> =>
    Effect.callback((resume) => {
      if (bell?.isRung === true) return resume(Effect.succeed(true))
      const leave = (): void => {
        waiting.delete(one)
        bell?.wakes(null)
      }
      // After what is running now: whoever rings goes on first.
      const end = (isRung: boolean) => (): void => {
        leave()
        resume(Effect.as(Effect.yieldNow, isRung))
      }
      const one: Waiting = { until: Math.ceil(now() + ms), end: end(false) }
      bell?.wakes(end(true))
      if (one.until < Number.POSITIVE_INFINITY) {
        waiting.add(one)
        wakeAt(one.until)
      }
      return Effect.sync(leave)
    })

  const alarm: Alarm = { untilRung: wait, sleep: (ms) => Effect.asVoid(wait(null, ms)) }
  return alarm
})
