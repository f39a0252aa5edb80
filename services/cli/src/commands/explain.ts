/** `concordat explain`: why a value is what it is, who lost against it, and where it was taken to. */
import { ENTITY_TYPES } from "@concordat/model/canonical/fields"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { lazy } from "../lazy.ts"
import { SAYS } from "../says.ts"

export const explain = Command.make(
  "explain",
  {
    type: Argument.Literals("type", ENTITY_TYPES).pipe(Argument.withDescription("What kind of entity it is")),
    id: Argument.String("id").pipe(
      Argument.withDescription("The entity's id, or connection:object:id of one of its records"),
    ),
    field: Argument.String("field").pipe(
      Argument.withDescription("A field or group; else all of them"),
      Argument.optional,
    ),
  },
  Effect.fnUntraced(function* ({ field, id, type }) {
    const { answer, ask } = yield* lazy(() => import("../operator.ts"))
    const words = yield* lazy(() => import("../table.ts"))
    const { inWords } = yield* lazy(() => import("../explanation/entity.ts"))
    const query = { field: Option.getOrUndefined(field) }
    // As tables show it, with its type, it is taken too.
    const own = id.startsWith(`${type}:`) ? id.slice(type.length + 1) : id
    const found = yield* ask((client, tenant) => client.explain({ params: { tenant, type, id: own }, query }))
    yield* answer(found, (of) => inWords(words, of))
  }),
).pipe(Command.withDescription(SAYS.explain))
