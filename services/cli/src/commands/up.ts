/** `concordat up`: runs everything that the configuration names, until it is stopped. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { endsGracefully } from "../ending.ts"
import { CommandFailed } from "../failure.ts"
import { lazy } from "../lazy.ts"
import { SAYS } from "../says.ts"

export const up = Command.make(
  "up",
  {
    config: Flag.String("config").pipe(
      Flag.withAlias("c"),
      Flag.withDescription("The configuration's file"),
      Flag.withDefault("concordat.yaml"),
    ),
  },
  Effect.fnUntraced(function* ({ config }) {
    // The store's thread loads what it needs meanwhile.
    const { beginThread } = yield* lazy(() => import("@concordat/adapters/sqlite/thread"))
    beginThread()
    const { up } = yield* lazy(() => import("@concordat/all-in-one/up"))
    endsGracefully()
    return yield* up(config).pipe(Effect.mapError((error) => new CommandFailed({ detail: error.message })))
  }),
).pipe(Command.withDescription(SAYS.up))
