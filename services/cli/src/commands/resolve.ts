/** `concordat resolve`: settles a parked conflict. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { connectionArgument } from "../connection-argument.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

export const resolve = Command.make(
  "resolve",
  {
    connection: connectionArgument,
    entity: Argument.String("entity").pipe(Argument.withDescription("type:id, as conflicts lists it")),
    group: Argument.String("group").pipe(Argument.withDescription("As conflicts lists it")),
    keep: Flag.Literals("keep", ["entity", "connection"]).pipe(Flag.withDescription("Whose value stays")),
  },
  Effect.fnUntraced(function* ({ connection, entity, group, keep }) {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const { entityRef } = yield* lazy(() => import("../entity-argument.ts"))
    const { by } = yield* concordat
    const ref = yield* entityRef(entity)
    const payload = { _tag: "ResolveRequested" as const, connection, by, entity: ref, group, keep }
    const taken = yield* ask((client, tenant) => client.request({ params: { tenant }, payload }))
    yield* answer(taken, () => `${entity} ${group}: the ${keep}'s value will stay`)
  }),
).pipe(Command.withDescription(SAYS.resolve))
