/** What a connection says of itself, and what it means for the state: opened, mapped, read, paused, closed. */
import type { ConnectionOpened } from "@concordat/model/events/connection"
import type { JsonObject } from "@concordat/model/json"
import type { Metadata } from "@concordat/model/metadata"
import { editionOf } from "../edition.ts"
import {
  bindingDoc,
  connectionDoc,
  entityDoc,
  putBinding,
  putConnection,
  putTenant,
  tenantDoc,
} from "../state/access.ts"
import { type BindingDoc, type ConnectionDoc, parseEntityKey } from "../state/documents.ts"
import type { Context } from "./context.ts"
import { EntityEdit } from "./edit.ts"
import { finish } from "./finish.ts"
import { showParked } from "./requests.ts"

export const connectionOpened = (context: Context, opened: ConnectionOpened): void => {
  const { tx } = context
  const known = connectionDoc(tx, opened.connection)
  const doc: ConnectionDoc = known ?? {
    opened,
    armed: opened.armed,
    armedAt: opened.armed ? tx.cause.at : null,
    writesPerHour: null,
    paused: [],
    closed: false,
    backfill: { state: "none", startedAt: 0, finishedAt: 0 },
    gone: [],
  }
  putConnection(tx, opened.connection, { ...doc, opened, closed: false })
  const tenant = tenantDoc(tx)
  if (!tenant.connections.includes(opened.connection)) {
    putTenant(tx, { ...tenant, connections: [...tenant.connections, opened.connection].toSorted() })
  }
  // A process of before that opens another connection takes nothing back.
  if (opened.edition > editionOf(tx)) putTenant(tx, { ...tenantDoc(tx), edition: opened.edition })
}

const change = (context: Context, connection: string, to: (doc: ConnectionDoc) => ConnectionDoc): void => {
  const doc = connectionDoc(context.tx, connection)
  if (doc !== null) putConnection(context.tx, connection, to(doc))
}

/**
 * Metadata and mappings change what lenses mean. Shadows under another lens say nothing any more (each carries its lens's
 * signature), and the worker reads the connection again; nothing has to be walked here.
 */
const bind = (context: Context, connection: string, part: Partial<BindingDoc>): void => {
  const { tx } = context
  putBinding(tx, connection, { ...bindingDoc(tx, connection), ...part })
  change(context, connection, (doc) => ({ ...doc, bound: (doc.bound ?? 0) + 1 }))
}
export const metadataObserved = (context: Context, connection: string, metadata: Metadata): void =>
  bind(context, connection, { metadata })
export const mappingChanged = (context: Context, connection: string, mapping: JsonObject): void =>
  bind(context, connection, { mapping })

/** A changed rule may settle what is parked: each parked conflict is decided again. */
export const rulesChanged = (context: Context, policy: JsonObject): void => {
  const { tx } = context
  putTenant(tx, { ...tenantDoc(tx), policy })
  const after: Context = { ...context, policy: context.compilers.policy(tenantDoc(tx)) }
  for (const key of tx.range("conflict", "")) {
    const [connection, entity, group] = key.split("|") as [string, string, string]
    const { id, type } = parseEntityKey(entity)
    const doc = entityDoc(tx, type, id)
    if (doc === null) continue
    const edit = new EntityEdit(after, doc, doc)
    showParked(edit, connection, group)
    finish(edit)
  }
}

export const backfillStarted = (context: Context, connection: string): void =>
  change(context, connection, (doc) =>
    // A later walk reads again what is known: the connection stays in service.
    doc.backfill.state === "done"
      ? doc
      : { ...doc, backfill: { state: "running", startedAt: context.tx.cause.at, finishedAt: 0 } },
  )
export const backfillFinished = (context: Context, connection: string): void =>
  change(context, connection, (doc) => ({
    ...doc,
    backfill: { ...doc.backfill, state: "done", finishedAt: context.tx.cause.at },
  }))

/** What is due of them follows from how things are now; a connection that came later is told what it lacks. */
export const entitiesListed = (context: Context, connection: string, entities: ReadonlyArray<string>): void => {
  context.tx.prefetch(entities.map((key) => ({ kind: "entity", key })))
  context.tx.each(entities, (key) => {
    const { id, type } = parseEntityKey(key)
    const doc = entityDoc(context.tx, type, id)
    if (doc === null || doc.id !== id) return
    const edit = new EntityEdit(context, doc, doc)
    edit.afresh = connection
    finish(edit)
  })
}

export const paused = (context: Context, connection: string, reason: string): void =>
  change(context, connection, (doc) => ({
    ...doc,
    paused: [...new Set([...doc.paused, reason])].toSorted(),
    pausedBy: { ...doc.pausedBy, [reason]: context.tx.cause.event },
  }))
export const resumed = (context: Context, connection: string, reason: string): void =>
  change(context, connection, (doc) => ({ ...doc, paused: doc.paused.filter((one) => one !== reason) }))
export const closed = (context: Context, connection: string): void => {
  const { tx } = context
  change(context, connection, (doc) => ({ ...doc, closed: true }))
  const tenant = tenantDoc(tx)
  putTenant(tx, { ...tenant, connections: tenant.connections.filter((one) => one !== connection) })
}
