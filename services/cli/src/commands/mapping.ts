/** `concordat mapping check`: whether a tenant's own mapping can be used, before it is. */
import type { Metadata } from "@concordat/model/metadata"
import type { MappingProblem } from "@concordat/rules/mapping/lens"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { CommandFailed, EndsWith } from "../failure.ts"
import { lazy } from "../lazy.ts"
import { concordat } from "../root.ts"
import { SAYS } from "../says.ts"

/** The override over its provider's default, against the fields of a connection where they are known. */
const problemsOf = Effect.fnUntraced(function* (file: string, provider: string, metadata: Metadata | null) {
  const { makeCatalogue } = yield* lazy(() => import("@concordat/all-in-one/providers"))
  const { parseMapping } = yield* lazy(() => import("@concordat/rules/mapping/parse"))
  const { mergeMapping } = yield* lazy(() => import("@concordat/rules/mapping/merge"))
  const { checkMapping } = yield* lazy(() => import("@concordat/rules/mapping/check"))
  const { readFile } = yield* lazy(() => import("node:fs/promises"))
  const { providers } = makeCatalogue()
  const known = providers[provider]
  if (known === undefined) {
    const detail = `${provider} is no provider; there are: ${Object.keys(providers).toSorted().join(", ")}`
    return yield* new CommandFailed({ detail })
  }
  const text = yield* Effect.tryPromise({
    try: () => readFile(file, "utf8"),
    catch: () => new CommandFailed({ detail: `${file} can't be read` }),
  })
  const base = parseMapping(known.mapping, `${provider}/mapping.yaml`)
  if (Result.isFailure(base)) return base.failure
  const override = parseMapping(text, file, base.success)
  if (Result.isFailure(override)) return override.failure
  return metadata === null ? [] : checkMapping(mergeMapping(base.success, override.success), metadata)
})

const metadataOf = Effect.fnUntraced(function* (connection: string) {
  const { ask } = yield* lazy(() => import("../operator.ts"))
  const found = yield* ask((client, tenant) => client.metadata({ params: { tenant, connection } }))
  if (found !== null) return found
  return yield* new CommandFailed({ detail: `the fields of ${connection} were not read yet` })
})

const check = Command.make(
  "check",
  {
    file: Argument.String("file").pipe(Argument.withDescription("What differs from the provider's own mapping.yaml")),
    provider: Flag.String("provider").pipe(Flag.withDescription("Whose default mapping it changes: hubspot, odoo, …")),
    connection: Flag.String("connection").pipe(
      Flag.withDescription("Check it against this connection's fields, as the running Concordat knows them"),
      Flag.optional,
    ),
  },
  Effect.fnUntraced(function* ({ connection, file, provider }) {
    const { json } = yield* concordat
    const { showProblem } = yield* lazy(() => import("@concordat/rules/mapping/parse"))
    const metadata = Option.isSome(connection) ? yield* metadataOf(connection.value) : null
    const problems: ReadonlyArray<MappingProblem> = yield* problemsOf(file, provider, metadata)
    if (json) yield* Console.log(JSON.stringify(problems, null, 2))
    else if (problems.length === 0) {
      yield* Console.log(
        metadata === null ? `${file} is well formed` : `${file} fits ${Option.getOrElse(connection, () => "")}`,
      )
    } else yield* Console.log(problems.map(showProblem).join("\n"))
    if (problems.length > 0) return yield* new EndsWith({ code: 1 })
  }),
).pipe(Command.withDescription("Everything that is wrong with a mapping file, each with its line"))

export const mapping = Command.make("mapping").pipe(
  Command.withDescription(SAYS.mapping),
  Command.withSubcommands([check]),
)
