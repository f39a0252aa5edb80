/** What is told is also found by a look every so often. To show that it was told, those looks are taken away. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** Whoever waits for just so long, in this effect, waits for ever; all other times are the machine's. */
export const withoutLooks =
  (everyMs: number) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.clockWith((clock) => {
      const sleep = (duration: Duration.Duration): Effect.Effect<void> =>
        Duration.toMillis(duration) === everyMs ? Effect.never : clock.sleep(duration)
      return Effect.provideService(
        effect,
        Clock.Clock,
        Object.create(clock, { sleep: { value: sleep } }) as Clock.Clock,
      )
    })
