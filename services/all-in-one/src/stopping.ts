/** An end within five seconds of a signal. */
import * as Effect from "effect/Effect"

const STOP_MS = 5_000

/** What does not let go in time (a socket, a disk) must not keep the process: the store is safe at any moment. */
export const stopsInTime = Effect.acquireRelease(
  Effect.sync(() => {
    const stop = (): void => {
      setTimeout(() => process.exit(1), STOP_MS).unref()
    }
    process.once("SIGTERM", stop)
    process.once("SIGINT", stop)
    return stop
  }),
  (stop) =>
    Effect.sync(() => {
      process.off("SIGTERM", stop)
      process.off("SIGINT", stop)
    }),
)
