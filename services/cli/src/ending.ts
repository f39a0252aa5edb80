/** How the process ends: a command that runs until it is stopped has done its work when it is. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"

let graceful = false

/** Said by commands for which a signal is the ordinary end: the exit code is 0 then. */
export const endsGracefully = (): void => {
  graceful = true
}

export const teardown: Runtime.Teardown = (exit, onExit) => {
  const stopped = Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
  if (graceful && stopped) onExit(0)
  else Runtime.defaultTeardown(exit, onExit)
}
