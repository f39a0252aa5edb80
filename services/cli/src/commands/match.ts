/** `concordat match`: says which entity a parked record belongs to, or that it is one of its own. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { connectionArgument } from "../connection-argument.ts"
import { CommandFailed } from "../failure.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

export const match = Command.make(
  "match",
  {
    connection: connectionArgument,
    record: Argument.String("record").pipe(Argument.withDescription("object:id, as matches lists it")),
    entity: Argument.String("entity").pipe(Argument.withDescription("type:id of the entity it is"), Argument.optional),
    alone: Flag.Boolean("new").pipe(Flag.withDescription("It is none of them"), Flag.withDefault(false)),
  },
  Effect.fnUntraced(function* ({ alone, connection, entity, record }) {
    if (alone === Option.isSome(entity)) {
      return yield* new CommandFailed({ detail: "either an entity is given, or --new" })
    }
    const { answer, ask, pair } = yield* lazy(() => import("../operator.ts"))
    const { entityRef } = yield* lazy(() => import("../entity-argument.ts"))
    const { by } = yield* concordat
    const [object, id] = yield* pair(record, "record")
    const ref = Option.isSome(entity) ? yield* entityRef(entity.value) : null
    const payload = { _tag: "MatchRequested" as const, connection, by, record: { object, id }, entity: ref }
    const taken = yield* ask((client, tenant) => client.request({ params: { tenant }, payload }))
    yield* answer(taken, () => `${record} will be ${ref === null ? "an entity of its own" : `${ref.type}:${ref.id}`}`)
  }),
).pipe(Command.withDescription(SAYS.match))
