/** `concordat pause`: nothing is read from or written to a connection until it is resumed. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { connectionArgument } from "../connection-argument.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

export const pause = Command.make(
  "pause",
  { connection: connectionArgument },
  Effect.fnUntraced(function* ({ connection }) {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const { by } = yield* concordat
    const payload = { _tag: "PauseRequested" as const, connection, by }
    const taken = yield* ask((client, tenant) => client.request({ params: { tenant }, payload }))
    yield* answer(taken, () => `${connection} will be paused`)
  }),
).pipe(Command.withDescription(SAYS.pause))
