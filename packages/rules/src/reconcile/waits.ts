/** Who waits for whom: references to records not linked yet, and to entities that have no record in a connection yet. */
import type { EntityType, Value } from "@concordat/model/canonical/fields"
import { fieldOf, referringFields } from "@concordat/model/canonical/types"
import type { View } from "../mapping/lens.ts"
import { addTo, entityDoc, linkOf, takeFrom, tenantDoc } from "../state/access.ts"
import { entityKey, type HeldState } from "../state/documents.ts"
import type { EntityEdit } from "./edit.ts"
import { restOfKey } from "../state/typed-keys.ts"

/** A group of an entity, as whoever is to be looked at again is called. */
export const waiterOf = (edit: EntityEdit, group: string): string => `${edit.key}|${group}`

export const recordWait = (connection: string, external: string): string => {
  const before = `${connection}|ext|`
  return `${before}${restOfKey(before, external)}`
}
export const entityWait = (connection: string, type: EntityType, id: string): string =>
  `${connection}|ent|${entityKey(type, id)}`

/** The group of this entity is looked at again when one of the records is linked. */
export const waitForRecords = (
  edit: EntityEdit,
  connection: string,
  group: string,
  externals: ReadonlyArray<string>,
): void => {
  for (const external of externals)
    addTo(edit.context.tx, "wait", recordWait(connection, external), waiterOf(edit, group))
}

/** The records that a view of a group refers to, as `object:id`. */
export const targetsIn = (type: EntityType, view: View): ReadonlyArray<string> =>
  Object.keys(view)
    .filter((name) => fieldOf(type, name)?.to !== undefined)
    .flatMap((name) => view[name] ?? [])
    .filter((target) => typeof target === "string")

/** The records that a group may wait for: what was refused for their sake, or what is seen and refers to them. */
const awaited = (type: EntityType, held: HeldState | undefined): ReadonlyArray<string> => [
  ...(held?.refused?.awaits ?? []),
  ...(held?.before === undefined || held.shadow === null ? [] : targetsIn(type, held.shadow)),
]

/**
 * Waits follow what is held. What is refused for a record's sake waits for it, and what is refused no more, or refers to
 * another one by now, waits no longer. What was merged away with its entity is looked at through the one that it became.
 */
export const followWaits = (
  edit: EntityEdit,
  connection: string,
  group: string,
  was: HeldState | undefined,
  is: HeldState | undefined,
): void => {
  if (was?.refused !== is?.refused) waitForRecords(edit, connection, group, is?.refused?.awaits ?? [])
  const before = awaited(edit.type, was)
  if (before.length === 0 || edit.doc.mergedInto !== null) return
  const now = awaited(edit.type, is)
  for (const external of before)
    if (!now.includes(external))
      takeFrom(edit.context.tx, "wait", recordWait(connection, external), waiterOf(edit, group))
}

/** What is due of this entity is computed again when one of the entities, or what that is part of, has a record there. */
export const waitForEntities = (
  edit: EntityEdit,
  connection: string,
  type: EntityType,
  group: string,
  ids: ReadonlyArray<string>,
): void => {
  const { tx } = edit.context
  for (const id of ids)
    addTo(tx, "wait", entityWait(connection, type, entityDoc(tx, type, id)?.id ?? id), waiterOf(edit, group))
}

/** The entities that a field refers to: one, several or none. */
export const idsIn = (value: Value | undefined): ReadonlyArray<string> =>
  typeof value === "string" ? [value] : Array.isArray(value) ? (value as ReadonlyArray<string>) : []

/**
 * What an entity refers to no more it waits for nowhere, nor for anything where its record is gone, or once it is part of
 * another. What is due, computed after that, says anew what it waits for.
 */
export const leaveEntities = (edit: EntityEdit): void => {
  const { tx } = edit.context
  const { doc, original } = edit
  if (original === null) return
  const isPart = doc.mergedInto !== null && original.mergedInto === null
  const { connections } = tenantDoc(tx)
  const left = connections.filter(
    (one) => isPart || (linkOf(original, one).primary !== null && edit.link(one).primary === null),
  )
  for (const [field, { group, to }] of referringFields(edit.type)) {
    const isSame = original.groups[group] === doc.groups[group]
    const now = new Set(idsIn(doc.groups[group]?.value[field]))
    for (const id of isSame && left.length === 0 ? [] : idsIn(original.groups[group]?.value[field]))
      for (const connection of now.has(id) ? left : connections)
        takeFrom(tx, "wait", entityWait(connection, to, entityDoc(tx, to, id)?.id ?? id), waiterOf(edit, group))
  }
}

export const parseWaiter = (waiter: string): { readonly entity: string; readonly group: string } => {
  const at = waiter.indexOf("|")
  return { entity: waiter.slice(0, at), group: waiter.slice(at + 1) }
}
