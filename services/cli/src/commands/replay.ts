/** `concordat replay`: makes what a connection refused due again. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { connectionArgument } from "../connection-argument.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

export const replay = Command.make(
  "replay",
  {
    connection: connectionArgument,
    entity: Argument.String("entity").pipe(Argument.withDescription("type:id, as issues lists it")),
  },
  Effect.fnUntraced(function* ({ connection, entity }) {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const { entityRef } = yield* lazy(() => import("../entity-argument.ts"))
    const { by } = yield* concordat
    const payload = { _tag: "ReplayRequested" as const, connection, by, entity: yield* entityRef(entity) }
    const taken = yield* ask((client, tenant) => client.request({ params: { tenant }, payload }))
    yield* answer(taken, () => `${entity} will be tried again at ${connection}`)
  }),
).pipe(Command.withDescription(SAYS.replay))
