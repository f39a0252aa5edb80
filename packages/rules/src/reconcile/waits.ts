/** Who waits for whom: references to records not linked yet, and to entities that have no record in a connection yet. */
import { type EntityType } from "@concordat/model/canonical/fields"
import { addTo } from "../state/access.ts"
import { entityKey } from "../state/documents.ts"
import type { EntityEdit } from "./edit.ts"

const waiter = (edit: EntityEdit, group: string): string => `${edit.key}|${group}`

export const recordWait = (connection: string, external: string): string => `${connection}|ext|${external}`
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
    addTo(edit.context.tx, "wait", recordWait(connection, external), waiter(edit, group))
}

/** What is due of this entity is computed again when one of the entities has a record there. */
export const waitForEntities = (
  edit: EntityEdit,
  connection: string,
  type: EntityType,
  group: string,
  ids: ReadonlyArray<string>,
): void => {
  for (const id of ids) addTo(edit.context.tx, "wait", entityWait(connection, type, id), waiter(edit, group))
}

export const parseWaiter = (waiter: string): { readonly entity: string; readonly group: string } => {
  const at = waiter.indexOf("|")
  return { entity: waiter.slice(0, at), group: waiter.slice(at + 1) }
}
