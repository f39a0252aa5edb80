/** `concordat split`: undoes a merge. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

export const split = Command.make(
  "split",
  {
    entity: Argument.String("entity").pipe(Argument.withDescription("type:id of the entity that stayed")),
    merged: Argument.String("merged").pipe(
      Argument.withDescription("Id of the entity that was merged into it; explain lists them"),
    ),
  },
  Effect.fnUntraced(function* ({ entity, merged }) {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const { entityRef } = yield* lazy(() => import("../entity-argument.ts"))
    const { by } = yield* concordat
    const ref = yield* entityRef(entity)
    // As it is shown elsewhere, with its type, it is taken too.
    const id = merged.startsWith(`${ref.type}:`) ? merged.slice(ref.type.length + 1) : merged
    const payload = { _tag: "SplitRequested" as const, by, entity: ref, merged: id }
    const taken = yield* ask((client, tenant) => client.request({ params: { tenant }, payload }))
    yield* answer(taken, () => `${ref.type}:${id} will be an entity of its own again, and never matched with ${entity}`)
  }),
).pipe(Command.withDescription(SAYS.split))
