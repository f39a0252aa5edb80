/** Runs Concordat until it is told to stop. `file`: its configuration. */
import { runMain } from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import { up } from "./up.ts"

const report = (error: { readonly message: string }): Effect.Effect<void> =>
  Effect.sync(() => {
    process.stderr.write(`${error.message}\n`)
  })

export const run = (file: string): void =>
  runMain(up(file).pipe(Effect.tapError(report)), {
    disableErrorReporting: true,
    // Being told to stop is the ordinary end.
    teardown: (exit, onExit) =>
      Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) ? onExit(0) : Runtime.defaultTeardown(exit, onExit),
  })
