/** `concordat resume`: takes back every reason for which a connection is paused. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { connectionArgument } from "../connection-argument.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

export const resume = Command.make(
  "resume",
  { connection: connectionArgument },
  Effect.fnUntraced(function* ({ connection }) {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const { by } = yield* concordat
    const payload = { _tag: "ResumeRequested" as const, connection, by }
    const taken = yield* ask((client, tenant) => client.request({ params: { tenant }, payload }))
    yield* answer(taken, () => `${connection} will be resumed`)
  }),
).pipe(Command.withDescription(SAYS.resume))
