/** Where an unlinked record belongs: to an entity, to a new one, to a question, or to a create that is under way. */
import type { EntityType } from "@concordat/model/canonical/fields"
import type { Link, Provenance } from "@concordat/model/events/entity"
import { opened } from "@concordat/model/events/envelope"
import type { RecordObserved } from "@concordat/model/events/record"
import { entityId } from "@concordat/model/ids"
import type { JsonObject } from "@concordat/model/json"
import type { Groups } from "../identity/keys.ts"
import { type GroupLens, NO_VALUE, type ObjectMapping, type References } from "../mapping/lens.ts"
import { connectionDoc, creatingOf, entityDoc, putRecord, recordDoc } from "../state/access.ts"
import { type ConnectionDoc, type RecordDoc, type RecordKey, type QuestionDoc } from "../state/documents.ts"
import { type Context, objectMappings, prefetchReferences, references } from "./context.ts"
import { EntityEdit } from "./edit.ts"
import { finish } from "./finish.ts"
import { answered, ask, match, parseQuestion, prefetchKeys, unwatchKeys, watchKeys } from "./identify.ts"
import { lensesOf } from "./lenses.ts"
import { mergeAwaited, mergedInto } from "./merge.ts"
import { observeFields } from "./observe.ts"

export interface Seen {
  readonly data: RecordObserved
  /** Event id and time of the observation. */
  readonly event: string
  readonly at: number
}

/** The mapping that a record's values belong to; `undefined` where none does, or it can't be told. */
export const mappingFor = (
  context: Context,
  state: ConnectionDoc,
  object: string,
  raw: JsonObject,
): ObjectMapping | undefined =>
  objectMappings(context, state).find((mapping) => mapping.object === object && mapping.matches(raw) === true)

/** Of what a record says, what tells where it belongs. */
const groupsOf = (lenses: ReadonlyArray<GroupLens>, raw: JsonObject, refs: References): Groups => {
  const groups: Record<string, Groups[string]> = {}
  for (const lens of lenses) {
    const read = lens.read(raw, undefined)
    if (read._tag !== "Known") continue
    const put = lens.put(NO_VALUE, undefined, read.view, refs)
    if (put._tag === "Value") groups[lens.group] = put.value
  }
  return groups
}

const noReferences: References = { external: () => undefined, entity: () => undefined }
/** By the mapping and the values: a decision that is made again for what it missed asks for them again. */
const plainGroups = new WeakMap<ObjectMapping, WeakMap<JsonObject, Groups>>()
/** What tells where a record belongs and refers to nothing. */
export const plainGroupsOf = (mapping: ObjectMapping, raw: JsonObject): Groups => {
  let known = plainGroups.get(mapping)
  if (known === undefined) plainGroups.set(mapping, (known = new WeakMap()))
  let groups = known.get(raw)
  if (groups === undefined) {
    groups = groupsOf(lensesOf(mapping).identifying.plain, raw, noReferences)
    known.set(raw, groups)
  }
  return groups
}

/** What tells where a record belongs. References that are not linked yet are left out. */
const asGroups = (context: Context, connection: string, mapping: ObjectMapping, raw: JsonObject): Groups => {
  const plain = plainGroupsOf(mapping, raw)
  const { referring } = lensesOf(mapping).identifying
  if (referring.length === 0) return plain
  const groups = groupsOf(referring, raw, references(context.tx, connection))
  return Object.keys(groups).length === 0 ? plain : { ...plain, ...groups }
}

const recordOf = (seen: Seen): RecordKey => ({ object: seen.data.object, id: seen.data.externalId })

export const provenanceOf = (seen: Seen): Provenance => ({
  connection: seen.data.connection,
  record: recordOf(seen),
  event: seen.event,
  after: seen.data.readBefore,
  until: seen.data.stamp ?? seen.data.readStartedAt,
  provider: seen.data.stamp !== null,
})

export interface Placing {
  /** Entities that the record is known not to be. */
  readonly others?: ReadonlyArray<string>
  /** What a person said: an entity, or null for a new one. */
  readonly chosen?: string | null
  /** It has waited for the creates that were unresolved when it was seen, and waits for no later ones. */
  readonly waited?: boolean
}

/** Decides where it belongs. */
export const place = (
  context: Context,
  state: ConnectionDoc,
  seen: Seen,
  { chosen, others = [], waited = false }: Placing = {},
): void => {
  const { tx } = context
  const { connection } = seen.data
  const record = recordOf(seen)
  const raw = opened(seen.data.values)
  const known = recordDoc(tx, connection, record)
  if (known?.state === "waiting") tx.put("waiting", `${connection}|${record.object}:${record.id}`, null)
  const mapping = mappingFor(context, state, record.object, raw)
  if (mapping === undefined) {
    putRecord(tx, connection, record, {
      type: null,
      entity: null,
      primary: false,
      state: "ignored",
      reason: "no mapping takes it",
    })
    return
  }
  const { type } = mapping
  const asks = [
    () => prefetchReferences(tx, connection, mapping, raw),
    () => prefetchKeys(tx, type, plainGroupsOf(mapping, raw)),
  ]
  tx.each(asks, (ask) => ask())
  const groups = asGroups(context, connection, mapping, raw)
  if (chosen !== undefined) {
    unwatchKeys(context, connection, record, type, groups)
    answered(context, connection, record, "said by a person", chosen)
    if (chosen === null) startEntity(context, seen, mapping, null)
    else linkTo(context, seen, mapping, chosen, "matched by a person")
    return
  }
  // Our own id names the entity, whatever the record says. One that nobody knows is of a journal that was lost: what the
  // record is may be known by another record already, and only what is new here is adopted under its id.
  const own = ownIdOf(state, seen)
  const named = own === null ? null : entityDoc(tx, type, own)
  if (own !== null && named !== null) {
    unwatchKeys(context, connection, record, type, groups)
    answered(context, connection, record, "own id", own)
    linkTo(context, seen, mapping, named.id, "own id")
    return
  }
  const creating = waited ? [] : creatingOf(tx, connection, type)
  if (creating.length > 0) {
    putRecord(tx, connection, record, {
      type,
      entity: null,
      primary: false,
      state: "waiting",
      reason: "a create there is not resolved",
      keys: creating,
      observation: seen,
    })
    tx.put("waiting", `${connection}|${record.object}:${record.id}`, { keys: creating })
    return
  }
  const found = match(context, type, connection, groups, others)
  const merged = found._tag === "Ask" ? mergedInto(context, connection, record, mapping, raw, found.candidates) : null
  if (merged !== null) {
    if (known?.state === "parked") unwatch(context, connection, record, state, known)
    answered(context, connection, record, "merged by the provider", merged)
    return linkTo(context, seen, mapping, merged, "merged by the provider")
  }
  if (found._tag === "Ask") {
    if (known?.observation !== undefined && known.state === "parked") unwatch(context, connection, record, state, known)
    putRecord(tx, connection, record, {
      type,
      entity: null,
      primary: false,
      state: "parked",
      reason: found.reason,
      candidates: found.candidates,
      observation: seen,
      ...(others.length > 0 ? { others } : {}),
    })
    watchKeys(context, connection, record, type, groups)
    ask(context, connection, record, type, found.candidates, found.reason)
    return
  }
  if (known?.observation !== undefined && known.state === "parked") unwatch(context, connection, record, state, known)
  answered(context, connection, record, "became clear", found._tag === "One" ? found.entity : own)
  if (found._tag === "One")
    linkTo(context, seen, mapping, found.entity, `matched by ${found.key.slice(0, found.key.indexOf(":"))}`)
  else startEntity(context, seen, mapping, own)
}

/** The entity that the record names itself after: an id of this installation and tenant. */
const ownIdOf = (state: ConnectionDoc, { data: { ownId } }: Seen): string | null => {
  const mark = `${state.opened.mark}-`
  return ownId?.startsWith(mark) === true ? ownId.slice(mark.length) : null
}

/** A parked record that has found its place is not looked at again. */
const unwatch = (
  context: Context,
  connection: string,
  record: RecordKey,
  state: ConnectionDoc,
  known: RecordDoc,
): void => {
  const raw = opened(known.observation!.data.values)
  const mapping = mappingFor(context, state, record.object, raw)
  if (mapping !== undefined)
    unwatchKeys(context, connection, record, mapping.type, asGroups(context, connection, mapping, raw))
}

/** Looks at a parked record again: a candidate, a link or a key has changed. */
export const placeAgain = (context: Context, waiting: string): void => {
  const { connection, record } = parseQuestion(waiting)
  const doc = recordDoc(context.tx, connection, record)
  const state = connectionDoc(context.tx, connection)
  if (doc === null || state === null || doc.state !== "parked" || doc.observation === undefined) return
  const question = context.tx.get<QuestionDoc>("question", waiting)
  const again = match(
    context,
    doc.type as EntityType,
    connection,
    currentGroups(context, connection, state, doc),
    doc.others ?? [],
  )
  // Still the same question: nothing to say again.
  if (
    again._tag === "Ask" &&
    question !== null &&
    again.reason === question.reason &&
    again.candidates.join() === question.candidates.join()
  )
    return
  place(context, state, doc.observation, { others: doc.others ?? [] })
}

const currentGroups = (context: Context, connection: string, state: ConnectionDoc, doc: RecordDoc): Groups => {
  const { data } = doc.observation!
  const raw = opened(data.values)
  const mapping = mappingFor(context, state, data.object, raw)
  return mapping === undefined ? {} : asGroups(context, connection, mapping, raw)
}

/** A new entity, with this record as its first link. */
export const startEntity = (context: Context, seen: Seen, mapping: ObjectMapping, adopted: string | null): void => {
  const { connection } = seen.data
  const record = recordOf(seen)
  const id =
    adopted ??
    entityId(
      context.tx.cause.at,
      `${context.tx.cause.tenant}\n${seen.event}\n${connection}\n${record.object}\n${record.id}`,
    )
  const link: Link = { connection, record, primary: true, how: adopted === null ? "new" : "own id adopted" }
  const edit = EntityEdit.start(context, mapping.type, id, link)
  edit.setLink(connection, { ...edit.link(connection), primary: record })
  settleLink(context, connection, record, mapping.type, id, true)
  observeFields(edit, mapping, seen)
  context.tx.count(connection, "created")
  finish(edit)
  mergeAwaited(context, connection, record)
}

export const settleLink = (
  context: Context,
  connection: string,
  record: RecordKey,
  type: EntityType,
  entity: string,
  primary: boolean,
): void => {
  putRecord(context.tx, connection, record, { type, entity, primary, state: "linked" })
  context.tx.count(connection, "links")
}

/** What a duplicate holds says nothing of the entity, until the provider merges the primary record into it. */
export const keepAside = (context: Context, seen: Seen): void => {
  const { connection } = seen.data
  const record = recordOf(seen)
  const known = recordDoc(context.tx, connection, record)
  if (known !== null) putRecord(context.tx, connection, record, { ...known, observation: seen })
}

/** Links a record to an entity that is there: as its primary record, or as a duplicate beside it. */
export const linkTo = (context: Context, seen: Seen, mapping: ObjectMapping, id: string, how: string): void => {
  const doc = entityDoc(context.tx, mapping.type, id)
  if (doc === null) return
  const { connection } = seen.data
  const record = recordOf(seen)
  const edit = new EntityEdit(context, doc, doc)
  const state = edit.link(connection)
  const primary = state.primary === null
  const link: Link = { connection, record, primary, how }
  const { tombstone: _, ...free } = state
  edit.setLink(
    connection,
    primary ? { ...free, primary: record, tombstone: null } : { ...state, duplicates: [...state.duplicates, record] },
  )
  if (!primary) edit.relinked.add(connection)
  settleLink(context, connection, record, mapping.type, doc.id, primary)
  if (!primary) keepAside(context, seen)
  edit.sayLinked(link)
  if (edit.doc.archived !== null) edit.doc = { ...edit.doc, archived: null }
  if (primary) observeFields(edit, mapping, seen)
  context.tx.count(connection, "linked")
  finish(edit)
  mergeAwaited(context, connection, record)
}
