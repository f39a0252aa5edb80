/**
 * Writes to the app. The event that the engine appends when a write was taken is the delivery itself: the app follows
 * these events (`changes.ts`), so there is nobody to call, nothing to lose on the way and nothing to wait for.
 */
import type { ConnectionConfig, Connector, WriteAnswer, WriteOutcome, WriteRow } from "@concordat/engine/ports/Provider"
import * as Effect from "effect/Effect"
import { metadata } from "./metadata.ts"
import { idOf } from "./own-ids.ts"
import type { Versions, VersionsOf } from "./versions.ts"

const precondition: WriteOutcome = {
  _tag: "Refused",
  code: "precondition",
  message: "the app has edited this record since: decide again on what it sent",
  effect: "none",
  retry: true,
}

const nameless: WriteOutcome = {
  _tag: "Refused",
  code: "missing",
  message: "an update names its record",
  effect: "none",
  retry: false,
}

const outcomeOf = (versions: Versions, object: string, row: WriteRow): WriteOutcome => {
  const id = row.kind === "create" ? idOf(row.ownId) : row.id
  if (id === undefined) return nameless
  const version = versions.take({ object, id, key: row.key, version: row.version })
  if (version === null && row.kind !== "create") return precondition
  const held = row.kind === "archive" ? {} : row.values
  return { _tag: "Written", id, object, held, ...(version === null ? {} : { version }) }
}

export const makeConnector = (config: ConnectionConfig, versionsOf: VersionsOf): Connector => {
  const versions = versionsOf(config.tenant, config.connection)
  return {
    metadata: Effect.succeed(metadata),
    write: (object, rows) =>
      Effect.sync(() => rows.map((row): WriteAnswer => ({ key: row.key, outcome: outcomeOf(versions, object, row) }))),
  }
}
