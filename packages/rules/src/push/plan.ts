/** What a due row means at the moment of writing: everything that this connection should hold now and does not. */
import type { EntityType } from "@concordat/model/canonical/fields"
import type { JsonObject } from "@concordat/model/json"
import type { View } from "../mapping/lens.ts"
import { computeDue, type Due, groupValues, nothing } from "../reconcile/due.ts"
import { type Compilers, type Context, heldUnder, references, valueOf } from "../reconcile/context.ts"
import { connectionDoc, entityDoc, linkOf, tenantDoc } from "../state/access.ts"
import type { EntityDoc } from "../state/documents.ts"
import { type Loaded, Transaction } from "../state/transaction.ts"

/** A write, planned from the entity as it is. `groups`: the views that are sent. `before`: the shadows, as raw values. */
export interface PlannedWrite {
  readonly kind: "create" | "update" | "archive"
  readonly type: EntityType
  readonly entity: string
  /** The due sequence it answers. */
  readonly due: number
  readonly object: string
  readonly id: string | null
  /** `<mark>-<entity id>`: kept in a unique place of the record where there is one. */
  readonly ownId: string
  readonly groups: Readonly<Record<string, View>>
  readonly values: JsonObject
  readonly before: JsonObject
  /** Provider fields and values to look the record up by, for creates. */
  readonly lookup: Readonly<Record<string, string>>
  /** Ids of entities that it refers to and that are left out, since they have no record there yet. */
  readonly waiting: ReadonlyArray<string>
  /** Keys of intents for this entity there that are not resolved. */
  readonly unresolved: ReadonlyArray<string>
}

/**
 * Raw values that are taken only together with a group that is due (what is said when a task is done): whatever is known
 * of them there, since they can't be read back. They are no groups of the write: nothing is held for having been said.
 */
const alongside = (context: Context, doc: EntityDoc, connection: string, due: Due): JsonObject => {
  if (due.kind !== "update") return {}
  const values: Record<string, JsonObject[string]> = {}
  for (const lens of due.mapping.groups) {
    if (lens.along === null || due.groups[lens.along] === undefined || doc.groups[lens.group] === undefined) continue
    const got = lens.get(valueOf(doc, lens.group), references(context.tx, connection))
    if (got._tag === "View" && !lens.empty(got.view)) Object.assign(values, lens.write(got.view))
  }
  return values
}

/** Throws `Missing` for what is not loaded, like `reconcile`. Null where nothing is due any more. */
export const planWrite = (
  loaded: Loaded,
  compilers: Compilers,
  tenant: string,
  connection: string,
  type: EntityType,
  id: string,
): PlannedWrite | null => {
  const tx = new Transaction(loaded, { tenant, event: "", correlation: "", at: 0 })
  const context: Context = { tx, compilers, policy: compilers.policy(tenantDoc(tx)) }
  const state = connectionDoc(tx, connection)
  const doc = entityDoc(tx, type, id)
  if (state === null || doc === null || doc.id !== id) return null
  const waiting: Array<string> = []
  const due = computeDue(context, doc, connection, state, {
    ...nothing,
    waiting: (_, ids) => void waiting.push(...ids),
  })
  if (due === null) return null
  const link = linkOf(doc, connection)
  const lenses = due.mapping.groups.filter((lens) => due.groups[lens.group] !== undefined)
  const values: Record<string, JsonObject[string]> =
    due.kind === "create" ? { ...due.mapping.constants } : { ...alongside(context, doc, connection, due) }
  const before: Record<string, JsonObject[string]> = {}
  for (const lens of lenses) {
    const shadow = heldUnder(link.groups[lens.group], lens).shadow ?? undefined
    Object.assign(values, lens.write(due.groups[lens.group]!, shadow))
    if (shadow !== undefined) Object.assign(before, lens.write(shadow, shadow))
  }
  return {
    kind: due.kind,
    type,
    entity: id,
    due: link.due.seq,
    object: due.mapping.object,
    id: due.record?.id ?? null,
    ownId: `${state.opened.mark}-${id}`,
    groups: due.groups,
    values,
    before,
    lookup: due.kind === "create" ? due.mapping.lookup(groupValues(doc)) : {},
    waiting,
    unresolved: link.intents.map((intent) => intent.key),
  }
}

/** Keys of what was written there of an entity and is not known to be taken, nor not to be. Throws `Missing` likewise. */
export const unresolvedWrites = (
  loaded: Loaded,
  tenant: string,
  connection: string,
  type: EntityType,
  id: string,
): ReadonlyArray<string> => {
  const tx = new Transaction(loaded, { tenant, event: "", correlation: "", at: 0 })
  const doc = entityDoc(tx, type, id)
  return doc === null ? [] : linkOf(doc, connection).intents.map((intent) => intent.key)
}
