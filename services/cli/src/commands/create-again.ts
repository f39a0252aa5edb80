/** `concordat create-again`: lifts a tombstone, so that an entity whose record was deleted gets a new one there. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { connectionArgument } from "../connection-argument.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

export const createAgain = Command.make(
  "create-again",
  {
    connection: connectionArgument,
    entity: Argument.String("entity").pipe(Argument.withDescription("type:id, as waiting --kind tombstone lists it")),
  },
  Effect.fnUntraced(function* ({ connection, entity }) {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const { entityRef } = yield* lazy(() => import("../entity-argument.ts"))
    const { by } = yield* concordat
    const ref = yield* entityRef(entity)
    const payload = { _tag: "ReleaseRequested" as const, connection, by, entity: ref, group: null }
    const taken = yield* ask((client, tenant) => client.request({ params: { tenant }, payload }))
    yield* answer(taken, () => `${entity} will get a new record at ${connection}, as its create rule allows`)
  }),
).pipe(Command.withDescription(SAYS["create-again"]))
