/** `concordat release`: lifts a quarantine, so that a group is written to a connection again. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { connectionArgument } from "../connection-argument.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

export const release = Command.make(
  "release",
  {
    connection: connectionArgument,
    entity: Argument.String("entity").pipe(Argument.withDescription("type:id, as issues lists it")),
    group: Argument.String("group").pipe(Argument.withDescription("As issues lists it")),
  },
  Effect.fnUntraced(function* ({ connection, entity, group }) {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const { entityRef } = yield* lazy(() => import("../entity-argument.ts"))
    const { by } = yield* concordat
    const payload = { _tag: "ReleaseRequested" as const, connection, by, entity: yield* entityRef(entity), group }
    const taken = yield* ask((client, tenant) => client.request({ params: { tenant }, payload }))
    yield* answer(taken, () => `${entity} ${group} will be written to ${connection} again`)
  }),
).pipe(Command.withDescription(SAYS.release))
