/** Providers that answer nonsense: every capability of a connector over real sockets, before a sandbox whose answers are changed. */
import { makeBudget } from "@concordat/engine/budget/Budget"
import { makeProviderHttp } from "@concordat/engine/http/ProviderHttp"
import type { Connector, Cursor, Provider, ReadOptions, WriteRow } from "@concordat/engine/ports/Provider"
import { ProviderError } from "@concordat/engine/ports/ProviderError"
import { makeCatalogue } from "@concordat/all-in-one/providers"
import type { Json } from "@concordat/model/json"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as fc from "fast-check"
import { CANARY, changes, hostile } from "./hostile.ts"
import { lie, type Liar, startLiar } from "./liar.ts"
import type { Target } from "./target.ts"

export interface Sandbox {
  readonly url: string
  readonly provider: "hubspot" | "odoo"
  /** What is read and written there. */
  readonly object: string
  readonly ids: ReadonlyArray<string>
  readonly fields: ReadonlyArray<string>
  readonly settings: (url: string) => Readonly<Record<string, string>>
  readonly credentials: Readonly<Record<string, string>>
}

const CALLS = [
  "metadata",
  "backfill",
  "changesFrom",
  "changes",
  "read",
  "census",
  "write",
  "lookup",
  "overwritten",
  "prepare",
] as const
type Call = (typeof CALLS)[number]

const rowsOf = ({ fields, ids }: Sandbox): ReadonlyArray<WriteRow> => {
  const [name = "name"] = fields
  const common = { ownId: "abcdefgh", type: "contact", before: {}, values: { [name]: CANARY } }
  return [
    { ...common, key: "k1", kind: "create" },
    { ...common, key: "k2", kind: "update", id: ids[0]! },
    { ...common, key: "k3", kind: "archive", id: ids[1]!, values: {} },
  ]
}

const made = (connector: Connector, sandbox: Sandbox, call: Call, cursor: Cursor | null) => {
  const { fields, ids, object } = sandbox
  const options: ReadOptions = { fields, limit: 50, counted: true }
  const [field = ""] = fields
  const calls: Readonly<Record<Call, Effect.Effect<unknown, ProviderError> | undefined>> = {
    metadata: connector.metadata,
    backfill: connector.backfill?.(object, cursor, options),
    changesFrom: connector.changesFrom?.(object),
    changes: connector.changesFrom?.(object).pipe(Effect.flatMap((from) => connector.changes!(object, from, options))),
    read: connector.read?.(object, ids, options),
    census: connector.census?.(object, cursor),
    write: connector.write?.(
      object,
      rowsOf(sandbox)
        .filter(({ kind }) => kind !== "create")
        .slice(0, 1),
    ),
    lookup: connector.lookup?.(object, [{ ownId: "abcdefgh", fields: { [field]: CANARY } }], options),
    overwritten: connector.overwritten?.(object, [
      { key: "k2", id: ids[0]!, held: { [field]: "b" }, before: { [field]: "a" } },
    ]),
    prepare: connector.prepare,
  }
  return calls[call] ?? Effect.void
}

/** What it may end with: a value, or an error of the port that says nothing of what was answered. */
const check = (exit: Exit.Exit<unknown, ProviderError>, secrets: ReadonlyArray<string>): void => {
  if (Exit.isSuccess(exit)) return
  const error = Cause.squash(exit.cause)
  if (!(error instanceof ProviderError)) throw error instanceof Error ? error : new Error(String(error))
  const told = `${error.message} ${JSON.stringify(error.reason)}`
  for (const secret of secrets)
    if (told.includes(secret)) throw new Error(`a secret in an error: ${told.slice(0, 300)}`)
  if (told.includes(CANARY)) throw new Error(`a person's value in an error: ${told.slice(0, 300)}`)
  if (error.message.length > 2_000) throw new Error(`an error of ${error.message.length} characters`)
}

const tried = (provider: Provider, sandbox: Sandbox, liar: Liar, call: Call, cursor: Cursor | null) =>
  Effect.gen(function* () {
    const limits = { ...provider.definition.limits, buckets: {}, timeoutMs: 1_000 }
    const budget = yield* makeBudget(limits)
    const definition = { provider: sandbox.provider, limits }
    const http = yield* makeProviderHttp({ definition, budget, allowPrivateAddresses: true })
    const credentials = Object.fromEntries(
      Object.entries(sandbox.credentials).map(([name, value]) => [name, Redacted.make(value)]),
    )
    const config = {
      tenant: "acme",
      connection: sandbox.provider,
      settings: sandbox.settings(liar.url),
      credentials,
      opaqueId: (id: string) => id,
    }
    const connector = yield* provider.connect(config, http)
    return yield* made(connector, sandbox, call, cursor)
  }).pipe(Effect.scoped)

export const answers = async (sandbox: Sandbox): Promise<Target & { readonly close: () => Promise<void> }> => {
  const provider = makeCatalogue().providers[sandbox.provider]!
  const liar = await startLiar(sandbox.url)
  const one = fc.record({
    call: fc.constantFrom(...CALLS),
    honest: fc.nat(3),
    changes,
    lie,
    cursor: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: hostile }),
  })
  return {
    name: `answers of ${sandbox.provider}`,
    property: fc.asyncProperty(one, async ({ call, changes, cursor, honest, lie }) => {
      liar.tell({ honest, changes, lie })
      const effect = tried(provider, sandbox, liar, call, cursor as Json)
      check(await Effect.runPromiseExit(effect), Object.values(sandbox.credentials))
    }) as unknown as Target["property"],
    close: liar.close,
  }
}
