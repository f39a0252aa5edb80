/** `concordat merge`: two entities are one. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

export const merge = Command.make(
  "merge",
  {
    from: Argument.String("from").pipe(Argument.withDescription("type:id of the entity that goes")),
    into: Argument.String("into").pipe(Argument.withDescription("type:id of the entity that stays; its values win")),
  },
  Effect.fnUntraced(function* ({ from, into }) {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const { entityRef } = yield* lazy(() => import("../entity-argument.ts"))
    const { by } = yield* concordat
    const payload = {
      _tag: "MergeRequested" as const,
      by,
      from: yield* entityRef(from),
      into: yield* entityRef(into),
    }
    const taken = yield* ask((client, tenant) => client.request({ params: { tenant }, payload }))
    const back = `concordat split ${into} ${payload.from.id}`
    yield* answer(taken, () => `${from} will be merged into ${into}. To undo it: ${back}`)
  }),
).pipe(Command.withDescription(SAYS.merge))
