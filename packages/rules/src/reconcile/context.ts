/** What a decision needs beside the documents: mappings and rules, compiled from what the journal holds. */
import type { EntityType, GroupValue, Value } from "@concordat/model/canonical/fields"
import { fieldOf, isEmpty } from "@concordat/model/canonical/types"
import { editionOf } from "../edition.ts"
import type { Policy, Rule } from "../policy/policy.ts"
import type { JsonObject } from "@concordat/model/json"
import {
  type GroupLens,
  type Mapping,
  NO_VALUE,
  type ObjectMapping,
  type References,
  type View,
} from "../mapping/lens.ts"
import { bindingDoc, entityDoc, recordDoc } from "../state/access.ts"
import {
  type BindingDoc,
  type ConnectionDoc,
  type EntityDoc,
  entityKey,
  type HeldState,
  type RecordDoc,
  type RecordKey,
  recordKey,
  type TenantDoc,
} from "../state/documents.ts"
import type { Transaction } from "../state/transaction.ts"
import { lensesOf } from "./lenses.ts"

/** Compiling is pure and memoised by whoever gives these. */
export interface Compilers {
  readonly mapping: (connection: ConnectionDoc, binding: BindingDoc) => Mapping | null
  readonly policy: (tenant: TenantDoc) => Policy
}

export interface Context {
  readonly tx: Transaction
  readonly compilers: Compilers
  readonly policy: Policy
}

export const objectMappings = (context: Context, connection: ConnectionDoc): ReadonlyArray<ObjectMapping> =>
  context.compilers.mapping(connection, bindingDoc(context.tx, connection.opened.connection))?.objects ?? []

/** The mapping of a record that belongs to an entity type. */
export const mappingOf = (
  context: Context,
  connection: ConnectionDoc,
  object: string,
  type: EntityType,
): ObjectMapping | undefined =>
  objectMappings(context, connection).find((mapping) => mapping.object === object && mapping.type === type)

/** An object of two members, and no closures: one is made for every group of every record. */
class Linked implements References {
  readonly #tx: Transaction
  readonly #connection: string

  constructor(tx: Transaction, connection: string) {
    this.#tx = tx
    this.#connection = connection
  }

  external(type: EntityType, id: string): string | undefined {
    const primary = entityDoc(this.#tx, type, id)?.links[this.#connection]?.primary
    return primary === null || primary === undefined ? undefined : recordKey(primary)
  }

  entity(type: EntityType, external: string): string | undefined {
    const at = external.indexOf(":")
    const doc = recordDoc(this.#tx, this.#connection, { object: external.slice(0, at), id: external.slice(at + 1) })
    if (doc === null || doc.state !== "linked" || doc.type !== type || doc.entity === null) return undefined
    return entityDoc(this.#tx, type, doc.entity)?.id
  }
}

export const references = (tx: Transaction, connection: string): References => new Linked(tx, connection)

/** What is held of a group under today's lens; what was taken under another lens says nothing. */
export const heldUnder = (held: HeldState | undefined, lens: GroupLens): HeldState =>
  held !== undefined && held.signature === lens.signature ? held : { signature: lens.signature, shadow: null }

export const valueOf = (doc: EntityDoc, group: string): GroupValue => doc.groups[group]?.value ?? NO_VALUE

export const isEmptyFor = (value: GroupValue, lens: GroupLens): boolean =>
  lens.fields.every((field) => isEmpty(value[field]))

export const isSet = (type: EntityType, lens: GroupLens): boolean =>
  lens.fields.every((field) => {
    const kind = fieldOf(type, field)?.kind
    return kind === "set" || kind === "refs"
  })

/** Whether a connection holds a value: its view is the shadow, or a rendering of it is. */
export const holds = (lens: GroupLens, held: HeldState, wanted: View, shadow: View | null): boolean => {
  if (shadow === null) return false
  if (lens.same(wanted, shadow)) return true
  const { rendering } = held
  return rendering !== undefined && lens.same(rendering.sent, wanted) && lens.same(rendering.held, shadow)
}

const referredRecord = (tx: Transaction, connection: string, external: string): RecordDoc | null => {
  const at = external.indexOf(":")
  return recordDoc(tx, connection, { object: external.slice(0, at), id: external.slice(at + 1) })
}

/** Whether the provider has merged it into another one. */
const isMergedAway = (record: RecordDoc | null): boolean => record?.state === "gone" && record.into !== undefined

/** The entity of a record that is gone, whatever that has become since. */
const entityOfGone = (tx: Transaction, type: EntityType, record: RecordDoc | null): string | undefined =>
  record?.state !== "gone" || record.type !== type || record.entity === null
    ? undefined
    : entityDoc(tx, type, record.entity)?.id

/** The entity that a record stands for, or stood for until the provider merged it into another one. */
export const standsFor = (
  tx: Transaction,
  connection: string,
  type: EntityType,
  external: string,
): string | undefined => {
  const entity = references(tx, connection).entity(type, external)
  if (entity !== undefined) return entity
  const gone = referredRecord(tx, connection, external)
  return isMergedAway(gone) ? entityOfGone(tx, type, gone) : undefined
}

/** Also the one that a record stood for until it was deleted. In the first edition that was as unknown as what nobody has seen. */
export const stoodFor = (
  tx: Transaction,
  connection: string,
  type: EntityType,
  external: string,
): string | undefined => {
  const entity = standsFor(tx, connection, type, external)
  if (entity !== undefined || editionOf(tx) < 2) return entity
  return entityOfGone(tx, type, referredRecord(tx, connection, external))
}

/**
 * Whether two views of a connection refer to the same things by other records: a duplicate, or a record that was merged into
 * the primary one, is a record of the same entity. False for a group that refers to nothing.
 */
export const refersAlike = (
  tx: Transaction,
  connection: string,
  type: EntityType,
  lens: GroupLens,
  a: View,
  b: View,
): boolean => {
  const referring = lens.fields.flatMap((name) => {
    const to = fieldOf(type, name)?.to
    return to === undefined ? [] : [[name, to] as const]
  })
  const named = (view: View): View => ({
    ...view,
    ...Object.fromEntries(
      referring.flatMap(([name, to]) => {
        const external = view[name]
        return typeof external === "string" ? [[name, standsFor(tx, connection, to, external) ?? external]] : []
      }),
    ),
  })
  return referring.length > 0 && lens.same(named(a), named(b))
}

/** Whether a view names what the provider has put in the place of a record that it merged away, and which the view before named: nobody chose it. */
export const isCarriedOn = (
  tx: Transaction,
  connection: string,
  type: EntityType,
  lens: GroupLens,
  before: View,
  view: View,
): boolean =>
  lens.fields.some((name) => {
    const external = before[name]
    const isReference = fieldOf(type, name)?.to !== undefined && typeof external === "string"
    return isReference && isMergedAway(referredRecord(tx, connection, external))
  }) && refersAlike(tx, connection, type, lens, before, view)

/**
 * Whether a view refers to what the value does by a record that is gone since: nothing stands for it there any more, and until
 * then the value was held. False for a set, and for a group that says anything else.
 */
export const referredTo = (
  tx: Transaction,
  connection: string,
  type: EntityType,
  lens: GroupLens,
  value: GroupValue,
  view: View,
): boolean =>
  lens.fields.every((name) => {
    const to = fieldOf(type, name)?.to
    const [entity, external] = [value[name], view[name]]
    if (to === undefined || typeof entity !== "string" || typeof external !== "string") return false
    const gone = referredRecord(tx, connection, external)
    if (gone?.state !== "gone" || gone.type !== to || gone.entity === null) return false
    return entityDoc(tx, to, gone.entity)?.id === entityDoc(tx, to, entity)?.id
  })

/** The records that a record refers to, as `object:id`. */
export const externalsOf = (mapping: ObjectMapping, raw: JsonObject): ReadonlyArray<string> => {
  const externals: Array<string> = []
  for (const lens of lensesOf(mapping).referring) {
    const read = lens.read(raw, undefined)
    if (read._tag !== "Known") continue
    for (const field of lens.fields) {
      const value = read.view[field]
      if (typeof value === "string") externals.push(value)
      else if (Array.isArray(value)) externals.push(...(value as ReadonlyArray<string>))
    }
  }
  return externals
}

/** Asks at once for everything that the references of a record lead to, instead of one after the other. */
export const prefetchReferences = (
  tx: Transaction,
  connection: string,
  mapping: ObjectMapping,
  raw: JsonObject,
): void => {
  const externals = externalsOf(mapping, raw)
  if (externals.length === 0) return
  tx.prefetch(externals.map((external) => ({ kind: "record", key: `${connection}|${external}` })))
  tx.prefetch(
    externals.flatMap((external) => {
      const doc = tx.get<RecordDoc>("record", `${connection}|${external}`)
      return doc === null || doc.entity === null || doc.type === null
        ? []
        : [{ kind: "entity", key: entityKey(doc.type, doc.entity) }]
    }),
  )
}

export const sameRecord = (a: RecordKey | null, b: RecordKey): boolean =>
  a !== null && a.object === b.object && a.id === b.id

export type { Policy, Rule, Value }
