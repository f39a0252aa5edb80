/** Reads and writes of the tenant's documents by their names, so that no other file spells a key. */
import type { EntityType } from "@concordat/model/canonical/fields"
import {
  type BindingDoc,
  type ConnectionDoc,
  type EntityDoc,
  entityKey,
  type LinkState,
  type MatchDoc,
  type RecordDoc,
  type RecordKey,
  recordKey,
  type TenantDoc,
  type WaitDoc,
} from "./documents.ts"
import type { Transaction } from "./transaction.ts"

const emptyTenant: TenantDoc = { connections: [], policy: null }
export const emptyLink: LinkState = {
  primary: null,
  duplicates: [],
  tombstone: null,
  groups: {},
  intents: [],
  due: { seq: 0, hash: null },
}

export const tenantDoc = (tx: Transaction): TenantDoc => tx.get<TenantDoc>("tenant", "") ?? emptyTenant
export const putTenant = (tx: Transaction, doc: TenantDoc): void => tx.put("tenant", "", doc)

export const connectionDoc = (tx: Transaction, connection: string): ConnectionDoc | null =>
  tx.get<ConnectionDoc>("connection", connection)
export const putConnection = (tx: Transaction, connection: string, doc: ConnectionDoc): void =>
  tx.put("connection", connection, doc)

const emptyBinding: BindingDoc = { metadata: null, mapping: null }
export const bindingDoc = (tx: Transaction, connection: string): BindingDoc =>
  tx.get<BindingDoc>("binding", connection) ?? emptyBinding
export const putBinding = (tx: Transaction, connection: string, doc: BindingDoc): void =>
  tx.put("binding", connection, doc)

/** The entity, or the one that it was merged into. */
export const entityDoc = (tx: Transaction, type: EntityType, id: string): EntityDoc | null => {
  let doc = tx.get<EntityDoc>("entity", entityKey(type, id))
  while (doc !== null && doc.mergedInto !== null) doc = tx.get<EntityDoc>("entity", entityKey(type, doc.mergedInto))
  return doc
}
export const putEntity = (tx: Transaction, doc: EntityDoc): void => tx.put("entity", entityKey(doc.type, doc.id), doc)

export const linkOf = (doc: EntityDoc, connection: string): LinkState => doc.links[connection] ?? emptyLink
export const withLink = (doc: EntityDoc, connection: string, link: LinkState): EntityDoc => ({
  ...doc,
  links: { ...doc.links, [connection]: link },
})

export const recordDoc = (tx: Transaction, connection: string, record: RecordKey): RecordDoc | null =>
  tx.get<RecordDoc>("record", `${connection}|${recordKey(record)}`)
export const putRecord = (tx: Transaction, connection: string, record: RecordKey, doc: RecordDoc | null): void =>
  tx.put("record", `${connection}|${recordKey(record)}`, doc)

export const matches = (tx: Transaction, type: EntityType, key: string): MatchDoc =>
  tx.get<MatchDoc>("match", `${type}|${key}`) ?? []
export const putMatches = (tx: Transaction, type: EntityType, key: string, ids: MatchDoc): void =>
  tx.put("match", `${type}|${key}`, ids.length === 0 ? null : ids)

/** Adds to, or takes from, a sorted list that is kept as a document; an empty list is no document. */
export const addTo = (tx: Transaction, kind: string, key: string, item: string): void => {
  const list = tx.get<WaitDoc>(kind, key) ?? []
  if (!list.includes(item)) tx.put(kind, key, [...list, item].toSorted())
}
export const takeFrom = (tx: Transaction, kind: string, key: string, item: string): void => {
  const list = tx.get<WaitDoc>(kind, key) ?? []
  if (!list.includes(item)) return
  const left = list.filter((one) => one !== item)
  tx.put(kind, key, left.length === 0 ? null : left)
}

/** Creates of a type in a connection that are not resolved: their keys, sorted. */
export const creatingOf = (tx: Transaction, connection: string, type: EntityType): ReadonlyArray<string> => {
  const prefix = `${connection}|${type}|`
  return tx.range("creating", prefix).map((key) => key.slice(prefix.length))
}
export const putCreating = (
  tx: Transaction,
  connection: string,
  type: EntityType,
  key: string,
  isOpen: boolean,
): void => tx.put("creating", `${connection}|${type}|${key}`, isOpen ? true : null)
