/**
 * After an entity was edited: its match keys, lists for people and due rows follow, and whoever waited for it is looked
 * at again. Looking again can edit further entities; each of them is finished in the same way.
 */
import type { EntityType } from "@concordat/model/canonical/fields"
import { entityIdTime } from "@concordat/model/ids"
import { canonicalJson } from "@concordat/model/json"
import type { GroupLens } from "../mapping/lens.ts"
import { connectionDoc, entityDoc, tenantDoc } from "../state/access.ts"
import {
  type ConflictDoc,
  type HeldState,
  type IssueDoc,
  type LinkState,
  parseEntityKey,
  recordKey,
  type WaitDoc,
} from "../state/documents.ts"
import { type Context, mappingOf } from "./context.ts"
import { refreshDue, targetOf } from "./due.ts"
import { EntityEdit } from "./edit.ts"
import { observeGroup } from "./group.ts"
import { indexKeys } from "./identify.ts"
import { noteReferences } from "./referring.ts"
import { noteReplacing } from "./replacing.ts"
import { entityWait, followWaits, leaveEntities, parseWaiter, recordWait, waitForEntities } from "./waits.ts"

export const finish = (edit: EntityEdit): void => {
  const reconsider = indexKeys(edit)
  leaveEntities(edit)
  const waiting = (connection: string, lens: GroupLens, ids: ReadonlyArray<string>): void => {
    const to = targetOf(edit, lens)
    if (to !== undefined) waitForEntities(edit, connection, to, lens.group, ids)
  }
  refreshDue(edit, waiting, (connection, due) => noteReplacing(edit, connection, due))
  listForPeople(edit)
  noteReferences(edit)
  edit.flush()
  for (const connection of [...edit.relinked].toSorted()) wakeWaiting(edit, connection)
  edit.relinked.clear()
  reconsider()
}

const issueOf = (held: HeldState | undefined): Omit<IssueDoc, "at"> | null => {
  if (held === undefined) return null
  if (held.quarantined === true)
    return {
      kind: "quarantined",
      code: "oscillation",
      message: `changed after each of ${held.hops ?? 0} writes of ours`,
    }
  const problem = held.problem ?? held.unread
  if (problem !== undefined) return { kind: "problem", code: problem.code, message: problem.message }
  if (held.refused !== undefined) return { kind: "refused", code: held.refused.code, message: held.refused.message }
  if (held.before !== undefined)
    return { kind: "waiting", code: "reference", message: "refers to a record that is not linked yet" }
  return null
}

/** Parked conflicts, what can't be held, and what waits: one row each, where the entity before had another. */
const listForPeople = (edit: EntityEdit): void => {
  const before = edit.original?.links ?? {}
  const after = edit.doc.links
  for (const connection in before) listGroups(edit, connection, before[connection]!.groups, after[connection]?.groups)
  for (const connection in after)
    if (before[connection] === undefined) listGroups(edit, connection, undefined, after[connection]!.groups)
}

type HeldGroups = LinkState["groups"] | undefined
const listGroups = (edit: EntityEdit, connection: string, was: HeldGroups, is: HeldGroups): void => {
  if (was === is) return
  for (const group in is) if (was?.[group] !== is[group]) list(edit, connection, group, was?.[group], is[group])
  for (const group in was) if (is?.[group] === undefined) list(edit, connection, group, was[group], undefined)
}

const list = (
  edit: EntityEdit,
  connection: string,
  group: string,
  was: HeldState | undefined,
  is: HeldState | undefined,
): void => {
  const { tx } = edit.context
  followWaits(edit, connection, group, was, is)
  const key = `${connection}|${edit.key}|${group}`
  if (was?.parked !== is?.parked && canonicalJson(was?.parked ?? null) !== canonicalJson(is?.parked ?? null)) {
    const parked = is?.parked
    const ours = edit.doc.groups[group]?.provenance ?? null
    tx.put("conflict", key, parked === undefined ? null : ({ ...parked, ours, at: tx.cause.at } satisfies ConflictDoc))
  }
  const issue = issueOf(is)
  const before = issueOf(was)
  if (before !== issue && canonicalJson(before) !== canonicalJson(issue)) {
    tx.put("issue", key, issue === null ? null : ({ ...issue, at: tx.cause.at } satisfies IssueDoc))
  }
}

/** The entity has another record in a connection: references to it can be settled, or can be written now. */
const wakeWaiting = (edit: EntityEdit, connection: string): void => {
  const { tx } = edit.context
  const link = edit.link(connection)
  // Nobody can have waited for an entity that was not there; one whose id came in a record may have been.
  const isNew = edit.original === null && entityIdTime(edit.doc.id) === tx.cause.at
  const keys = isNew ? [] : [entityWait(connection, edit.type, edit.doc.id)]
  for (const record of [...(link.primary === null ? [] : [link.primary]), ...link.duplicates])
    keys.push(recordWait(connection, recordKey(record)))
  tx.prefetch(keys.map((key) => ({ kind: "wait", key })))
  for (const key of keys) wake(edit.context, connection, key)
}

const wake = (context: Context, connection: string, key: string): void => {
  const { tx } = context
  const waiters = tx.get<WaitDoc>("wait", key) ?? []
  if (waiters.length === 0) return
  tx.put("wait", key, null)
  tx.each(waiters, (waiter) => lookAgain(context, connection, waiter))
}

/** The entity became part of another one, or a part of it is its own: whoever waits for it anywhere is looked at again. */
export const wakeAwaiting = (context: Context, type: EntityType, id: string): void => {
  for (const connection of tenantDoc(context.tx).connections)
    wake(context, connection, entityWait(connection, type, id))
}

export const lookAgain = (context: Context, connection: string, waiter: string): void => {
  const { entity, group } = parseWaiter(waiter)
  const { id, type } = parseEntityKey(entity)
  const doc = entityDoc(context.tx, type, id)
  if (doc === null) return
  const again = new EntityEdit(context, doc, doc)
  again.afresh = connection
  observeAgain(again, connection, group)
  finish(again)
}

/** What was seen while references in it were unknown is observed again, from the shadow before it. */
export const observeAgain = (edit: EntityEdit, connection: string, group: string): void => {
  const refusedHeld = edit.held(connection, group)
  const code = refusedHeld?.refused?.code
  if (refusedHeld !== undefined && (code === "uniqueness" || code === "reference")) {
    const { refused: _, ...free } = refusedHeld
    edit.setHeld(connection, group, free)
  }
  const held = edit.held(connection, group)
  const state = connectionDoc(edit.context.tx, connection)
  const { primary } = edit.link(connection)
  if (held === undefined || state === null || primary === null) return
  const lens = mappingOf(edit.context, state, primary.object, edit.type)?.groups.find((one) => one.group === group)
  if (lens === undefined || held.signature !== lens.signature) return
  if (held.before === undefined || held.shadow === null || held.seen === undefined) return
  observeGroup(edit, { connection, lens, view: held.shadow, provenance: held.seen, by: null, before: held.before })
}
