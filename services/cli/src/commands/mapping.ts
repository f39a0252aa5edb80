/** `concordat mapping check`: whether a tenant's own mapping can be used, before it is. */
import type { Metadata } from "@concordat/model/metadata"
import type { MappingGap } from "@concordat/rules/mapping/gaps"
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

interface Found {
  readonly problems: ReadonlyArray<MappingProblem>
  /** Canonical fields without a place there: told, and no fault. */
  readonly gaps: ReadonlyArray<MappingGap>
}

const wrong = (problems: ReadonlyArray<MappingProblem>): Found => ({ problems, gaps: [] })

const textOf = (file: string) =>
  Effect.gen(function* () {
    const { readFile } = yield* lazy(() => import("node:fs/promises"))
    return yield* Effect.tryPromise({
      try: () => readFile(file, "utf8"),
      catch: (error) =>
        new CommandFailed({
          detail: `${file} can't be read: ${error instanceof Error && "code" in error ? String(error.code) : String(error)}`,
        }),
    })
  })

/** Line by line; the same fault of the same field is not said twice. */
const sorted = (problems: ReadonlyArray<MappingProblem>): ReadonlyArray<MappingProblem> => {
  const seen = new Set<string>()
  const lineOf = ({ where }: MappingProblem): number => Number(/:(\d+)$/.exec(where)?.[1] ?? 0)
  return problems
    .filter(({ field, message, where }) => {
      const name = `${where} ${field} ${message}`
      return !seen.has(name) && seen.add(name)
    })
    .toSorted((a, b) => lineOf(a) - lineOf(b))
}

/** The override, if any, over its provider's default, against the fields of a connection where they are known. */
const findingsOf = Effect.fnUntraced(function* (file: string | null, provider: string, metadata: Metadata | null) {
  const { makeCatalogue } = yield* lazy(() => import("@concordat/all-in-one/providers"))
  const { parseMapping, readMapping } = yield* lazy(() => import("@concordat/rules/mapping/parse"))
  const { mergeMapping } = yield* lazy(() => import("@concordat/rules/mapping/merge"))
  const { checkMapping } = yield* lazy(() => import("@concordat/rules/mapping/check"))
  const { mappingGaps } = yield* lazy(() => import("@concordat/rules/mapping/gaps"))
  const { unknownObjects } = yield* lazy(() => import("@concordat/all-in-one/config/objects"))
  const { providers } = makeCatalogue()
  const known = Object.hasOwn(providers, provider) ? providers[provider] : undefined
  if (known === undefined) {
    const detail = `--provider ${provider} is no provider; there are: ${Object.keys(providers).toSorted().join(", ")}`
    return yield* new CommandFailed({ detail })
  }
  const base = parseMapping(known.mapping, `${provider}/mapping.yaml`)
  if (Result.isFailure(base)) return wrong(base.failure)
  const read = file === null ? { document: null, problems: [] } : readMapping(yield* textOf(file), file, base.success)
  if (file !== null && read.document === null) return wrong(sorted(read.problems))
  const document = read.document === null ? base.success : mergeMapping(base.success, read.document)
  const found: Found = {
    problems: sorted([
      ...read.problems,
      ...(read.document === null ? [] : unknownObjects(read.document, known.definition)),
      ...(metadata === null ? [] : checkMapping(document, metadata)),
    ]),
    gaps: mappingGaps(document, metadata),
  }
  return found
})

/** Whose mapping it is: what is said, or what the connection is of; the two must not contradict each other. */
const providerOf = Effect.fnUntraced(function* (said: string | null, connection: string | null) {
  if (connection === null) {
    if (said !== null) return said
    const detail = "give --connection, whose fields it is checked against, or --provider, for its form alone"
    return yield* new CommandFailed({ detail })
  }
  const { ask } = yield* lazy(() => import("../operator.ts"))
  const { connections } = yield* ask((client, tenant) => client.status({ params: { tenant } }))
  const there = connections.find((one) => one.connection === connection)
  if (there === undefined) {
    const names = connections.map((one) => one.connection).toSorted()
    const detail = `there is no connection ${connection}; there ${names.length === 1 ? "is" : "are"}: ${names.join(", ")}`
    return yield* new CommandFailed({ detail })
  }
  if (said === null || said === there.provider) return there.provider
  const detail = `--provider ${said}: the connection ${connection} is of ${there.provider}; leave --provider out`
  return yield* new CommandFailed({ detail })
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
    file: Argument.String("file").pipe(
      Argument.withDescription("What differs from the provider's own mapping.yaml; without it, that one is checked"),
      Argument.optional,
    ),
    provider: Flag.String("provider").pipe(
      Flag.withDescription("Whose default mapping it changes: hubspot, odoo, …; else the connection's"),
      Flag.optional,
    ),
    connection: Flag.String("connection").pipe(
      Flag.withDescription("Check it against this connection's fields, as the running Concordat knows them"),
      Flag.optional,
    ),
  },
  Effect.fnUntraced(function* (given) {
    const { json } = yield* concordat
    const { showProblem } = yield* lazy(() => import("@concordat/rules/mapping/parse"))
    const { showGap } = yield* lazy(() => import("@concordat/rules/mapping/gaps"))
    const file = Option.getOrNull(given.file)
    const connection = Option.getOrNull(given.connection)
    const whose = yield* providerOf(Option.getOrNull(given.provider), connection)
    const metadata = connection === null ? null : yield* metadataOf(connection)
    const { gaps, problems } = yield* findingsOf(file, whose, metadata)
    const name = file ?? `the mapping of ${whose}`
    if (json) yield* Console.log(JSON.stringify({ problems, gaps }, null, 2))
    else {
      const verdict = connection === null ? `${name} is well formed` : `${name} fits ${connection}`
      const lines = problems.length === 0 ? [verdict] : problems.map(showProblem)
      yield* Console.log([...lines, ...gaps.map(showGap)].join("\n"))
    }
    if (problems.length > 0) return yield* new EndsWith({ code: 1 })
  }),
).pipe(
  Command.withDescription("Everything that is wrong with a mapping, each with its line, and what has no place there"),
)

export const mapping = Command.make("mapping").pipe(
  Command.withDescription(SAYS.mapping),
  Command.withSubcommands([check]),
)
