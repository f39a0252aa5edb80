/** `concordat demo`: the whole thing against sandboxes of the real systems, on this machine. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { CommandFailed, EndsWith } from "../failure.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

export const demo = Command.make(
  "demo",
  {
    once: Flag.Boolean("once").pipe(Flag.withDescription("End when everything agrees"), Flag.withDefault(false)),
    seed: Flag.Int("seed").pipe(Flag.withDescription("The same seed, the same people and edits"), Flag.withDefault(1)),
    port: Flag.Int("port").pipe(Flag.withDescription("Port of the operator's API"), Flag.optional),
    dir: Flag.String("dir").pipe(
      Flag.withDescription("Where to keep the store; else a new temporary one"),
      Flag.optional,
    ),
  },
  Effect.fnUntraced(function* ({ dir, once, port, seed }) {
    const { json } = yield* concordat
    if (Option.isSome(port) && (port.value < 0 || port.value > 65_535))
      return yield* new CommandFailed({
        detail: `--port ${port.value}: give a number from 1 to 65535, or 0 for any that is free`,
      })
    const { runDemo } = yield* lazy(() => import("../demo/run.ts"))
    const code = yield* runDemo({
      once,
      json,
      seed,
      ...(Option.isSome(port) ? { port: port.value } : {}),
      ...(Option.isSome(dir) ? { dir: dir.value } : {}),
    }).pipe(
      Effect.mapError((error) => new CommandFailed({ detail: error instanceof Error ? error.message : String(error) })),
    )
    if (code !== 0) return yield* new EndsWith({ code })
  }),
).pipe(Command.withDescription(SAYS.demo))
