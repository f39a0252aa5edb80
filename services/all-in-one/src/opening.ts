/** Puts into the journal what the configuration says and the journal does not say yet: connections, mappings, rules. */
import type { Definition } from "@concordat/engine/ports/Provider"
import { appendTo, type Said } from "@concordat/engine/operations/append"
import { eventsOf, type StoredFact } from "@concordat/engine/operations/stored-events"
import type { ConnectionOpened } from "@concordat/model/events/connection"
import { type JsonObject, sameJson } from "@concordat/model/json"
import * as streams from "@concordat/model/streams"
import { EDITION } from "@concordat/rules/edition"
import { defaultDocument } from "@concordat/rules/policy/policy"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { ConnectionConfig, TenantConfig } from "./config/Config.ts"
import { markOf } from "./key.ts"

/** What of the configuration the engine has to know of a connection; never a credential. */
export const openedOf = (
  tenant: TenantConfig,
  connection: ConnectionConfig,
  definition: Definition,
  mark: string,
  edition: number,
): ConnectionOpened => ({
  _tag: "ConnectionOpened",
  connection: connection.name,
  provider: connection.provider,
  class: definition.class,
  isApp: definition.isApp ?? false,
  settings: {
    ...connection.settings,
    ...(tenant.region === "" ? {} : { region: tenant.region }),
    ...(connection.currency === "" ? {} : { currency: connection.currency }),
    ...(connection.allowPrivateAddresses ? { allowPrivateAddresses: "true" } : {}),
  },
  create: connection.create,
  pollEveryMs: connection.pollEveryMs,
  mark,
  armed: false,
  edition,
})

const lastOf = (facts: ReadonlyArray<StoredFact>, types: ReadonlyArray<string>): StoredFact | undefined =>
  facts.findLast(({ type }) => types.includes(type))

const openedIn = (facts: ReadonlyArray<StoredFact>): ConnectionOpened | undefined =>
  lastOf(facts, ["ConnectionOpened"])?.data as ConnectionOpened | undefined

const mappingIn = (facts: ReadonlyArray<StoredFact>): unknown => {
  const changed = lastOf(facts, ["MappingChanged"])?.data as { readonly document: JsonObject } | undefined
  return changed?.document
}

/** Appends only what differs from the last of its kind, so that a start without a change leaves no trace. */
export const openConnection = Effect.fnUntraced(function* (
  tenant: TenantConfig,
  connection: ConnectionConfig,
  definition: Definition,
  key: Redacted.Redacted,
) {
  const stream = streams.connection(tenant.name, connection.name)
  const facts = yield* eventsOf(stream)
  const before = openedIn(facts)
  // The mark in the journal stands, also where the key is another one now: records out there carry it.
  const mark = before?.mark ?? markOf(key, tenant.name)
  // A later edition is taken back by nobody: the reconciler of an older engine says that it does not know it.
  const opened = openedOf(tenant, connection, definition, mark, Math.max(EDITION, before?.edition ?? 0))
  const known = lastOf(facts, ["ConnectionOpened", "ConnectionClosed"])
  const said: Array<Said> = []
  if (known === undefined || !sameJson(known.data, opened)) said.push({ type: opened._tag, data: opened })
  if (!sameJson(mappingIn(facts), connection.mapping)) {
    const data = { _tag: "MappingChanged", connection: connection.name, document: connection.mapping }
    said.push({ type: data._tag, data })
  }
  if (said.length > 0) yield* appendTo(stream, said)
  return { mark, appended: said.map(({ type }) => type) }
})

/** The tenant's rules stand in the stream of the connection without a name. Taken away, they are the default's again. */
export const changeRules = Effect.fnUntraced(function* (tenant: TenantConfig) {
  const stream = streams.connection(tenant.name, "")
  const last = lastOf(yield* eventsOf(stream), ["RulesChanged"])
  if (tenant.rules === null && last === undefined) return false
  const document = tenant.rules ?? defaultDocument
  if (sameJson((last?.data as { readonly document: JsonObject } | undefined)?.document, document)) return false
  yield* appendTo(stream, [{ type: "RulesChanged", data: { _tag: "RulesChanged", connection: "", document } }])
  return true
})
