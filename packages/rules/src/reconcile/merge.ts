/** Two entities that are one, and back: a merge keeps what each brought, a split gives it back. */
import type { EntityType } from "@concordat/model/canonical/fields"
import { isEmpty } from "@concordat/model/canonical/types"
import { clear } from "@concordat/model/events/envelope"
import type { Link } from "@concordat/model/events/entity"
import { entityEventType } from "@concordat/model/events/stored"
import { canonicalJson, type Json, type JsonObject } from "@concordat/model/json"
import { connectionDoc, emptyLink, entityDoc, putConnection, putRecord, recordDoc } from "../state/access.ts"
import {
  type EntityDoc,
  type GroupState,
  type HeldState,
  type LinkState,
  type QuestionDoc,
  recordKey,
  type RecordKey,
} from "../state/documents.ts"
import type { Transaction } from "../state/transaction.ts"
import type { ObjectMapping } from "../mapping/lens.ts"
import { type Context, heldUnder, mappingOf, sameRecord } from "./context.ts"
import { EntityEdit } from "./edit.ts"
import { finish, observeAgain, wakeAwaiting } from "./finish.ts"
import { observeGroup } from "./group.ts"
import { answered, parseQuestion } from "./identify.ts"
import { observeFields } from "./observe.ts"
import { placeAgain, type Seen } from "./place.ts"
import { referAgain } from "./referring.ts"
import { replaceAgain } from "./replacing.ts"

const linksOf = (doc: EntityDoc): ReadonlyArray<Link> =>
  Object.entries(doc.links)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([connection, link]) => [
      ...(link.primary === null ? [] : [{ connection, record: link.primary, primary: true, how: "merge" }]),
      ...link.duplicates.map((record) => ({ connection, record, primary: false, how: "merge" })),
    ])

const relinkRecord = (
  context: Context,
  connection: string,
  record: RecordKey,
  entity: EntityDoc,
  primary: boolean,
): void => {
  const known = recordDoc(context.tx, connection, record)
  putRecord(context.tx, connection, record, {
    ...(known ?? { state: "linked" }),
    type: entity.type,
    entity: entity.id,
    primary,
    state: "linked",
  })
}

/** A view as it is whoever held it: read back or at hand, its fields are in one order. */
const viewInOrder = <A>(view: A): A => JSON.parse(canonicalJson(view)) as A

/** What is known of a group, in the one order in which it is kept and read back. */
const heldInOrder = (held: HeldState): HeldState => {
  const { before, covered, rendering, seen, shadow, signature, wrote, ...rest } = held
  const others = Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return {
    signature,
    shadow: viewInOrder(shadow),
    ...(seen === undefined ? {} : { seen }),
    ...(wrote === undefined ? {} : { wrote: { view: viewInOrder(wrote.view), at: wrote.at } }),
    ...(before === undefined ? {} : { before: viewInOrder(before) }),
    ...(covered === undefined ? {} : { covered: viewInOrder(covered) }),
    ...(rendering === undefined
      ? {}
      : { rendering: { sent: viewInOrder(rendering.sent), held: viewInOrder(rendering.held) } }),
    ...Object.fromEntries(others),
  }
}

const byName = <A>(entries: ReadonlyArray<readonly [string, A]>): Readonly<Record<string, A>> =>
  Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** What is known of the records that will be duplicates: nobody looks after it while they are. */
const heldAside = (from: EntityDoc, into: EntityDoc): Readonly<Record<string, LinkState["groups"]>> =>
  byName(
    Object.entries(from.links).flatMap(([connection, { groups, primary }]) =>
      primary === null || (into.links[connection]?.primary ?? null) === null
        ? []
        : [[connection, byName(Object.entries(groups).map(([group, held]) => [group, heldInOrder(held)]))] as const],
    ),
  )

/** What was known of a record of the entity when it became a duplicate in a merge; null: it was none before. */
export const heldBefore = (
  tx: Transaction,
  { merges, type }: EntityDoc,
  connection: string,
  record: RecordKey,
): LinkState["groups"] | null => {
  for (const { brought, from } of merges) {
    const isOwn = brought.links.some((link) => link.primary && isOf([link], connection, record))
    if (isOwn) return brought.held?.[connection] ?? null
    const away = tx.get<EntityDoc>("entity", `${type}:${from}`)
    const held = away === null ? null : heldBefore(tx, away, connection, record)
    if (held !== null) return held
  }
  return null
}

/** `from` goes into `into`: its links move, its values fill what is empty, and where both are linked it is a duplicate. */
export const mergeEntities = (context: Context, from: EntityDoc, into: EntityDoc, by: string): void => {
  const { tx } = context
  const { type } = into
  const brought = linksOf(from)
  const merged = new EntityEdit(context, from, from)
  merged.doc = { ...from, mergedInto: into.id, links: {}, questions: [] }
  for (const connection of Object.keys(from.links))
    merged.setLink(connection, { ...emptyLink, due: from.links[connection]!.due })
  merged.say(entityEventType(type, "MergedAway"), { type, into: into.id, by })

  const edit = new EntityEdit(context, into, into)
  const kept = { groups: into.groups, links: linksOf(into) }
  edit.doc = {
    ...into,
    merges: [
      ...into.merges,
      {
        from: from.id,
        at: tx.cause.at,
        brought: {
          groups: from.groups,
          links: brought,
          doc: { notSame: from.notSame } as Json,
          held: heldAside(from, into),
        },
        kept,
      },
    ],
  }
  const filled: Record<string, JsonObject> = {}
  for (const [group, state] of Object.entries(from.groups).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const mine = edit.doc.groups[group]
    if (mine !== undefined && !Object.values(mine.value).every(isEmpty)) continue
    edit.doc = {
      ...edit.doc,
      groups: { ...edit.doc.groups, [group]: { ...state, revision: (mine?.revision ?? -1) + 1 } },
    }
    filled[group] = { value: state.value as JsonObject }
  }
  const moved: Array<readonly [string, LinkState]> = []
  for (const [connection, link] of Object.entries(from.links).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const mine = edit.link(connection)
    if (mine.primary === null) {
      const intents = [...mine.intents, ...link.intents]
      edit.setLink(connection, {
        ...link,
        intents,
        due: mine.due,
        duplicates: [...mine.duplicates, ...link.duplicates],
        tombstone: link.primary === null ? (mine.tombstone ?? link.tombstone) : null,
      })
      if (link.primary !== null) moved.push([connection, link])
    } else {
      const more = [...(link.primary === null ? [] : [link.primary]), ...link.duplicates]
      edit.setLink(connection, { ...mine, duplicates: [...mine.duplicates, ...more] })
    }
    const primary = mine.primary === null
    if (link.primary !== null) relinkRecord(context, connection, link.primary, edit.doc, primary)
    for (const record of link.duplicates) relinkRecord(context, connection, record, edit.doc, false)
  }
  edit.say(entityEventType(type, "Merged"), { type, from: from.id, values: clear(filled), links: brought, by })
  finish(merged)
  for (const [connection, link] of moved) showAgain(edit, connection, link)
  tx.count(brought[0]?.connection ?? "", "merged")
  finish(edit)
  wakeAwaiting(context, type, from.id)
  replaceAgain(context, type, [from.id, into.id])
  for (const name of new Set([...from.questions, ...into.questions])) settleQuestion(context, name)
}

/** Whether these are one is no question any more. */
const settleQuestion = (context: Context, name: string): void => {
  const { tx } = context
  const question = tx.get<QuestionDoc>("question", name)
  if (question === null) return
  const { connection, record } = parseQuestion(name)
  if (recordDoc(tx, connection, record)?.state === "parked") return placeAgain(context, name)
  const one = new Set(question.candidates.map((id) => entityDoc(tx, question.type, id)?.id))
  const [entity] = one
  if (one.size === 1) answered(context, connection, record, "merged", entity ?? null)
}

/** The remaining record is no entity's yet: which one it is shows when it is linked, and this one's becomes one with that. */
export const awaitWinner = (context: Context, connection: string, loser: RecordKey, winner: RecordKey): void => {
  const state = connectionDoc(context.tx, connection)
  if (state === null) return
  const name = recordKey(winner)
  const merging = { ...state.merging, [name]: [...(state.merging?.[name] ?? []), loser] }
  putConnection(context.tx, connection, { ...state, merging })
}

/** The record that something waits for was merged itself, often before anybody saw it: what remains of it is waited for. */
export const awaitNext = (context: Context, connection: string, loser: RecordKey, winner: RecordKey): void => {
  const state = connectionDoc(context.tx, connection)
  const { [recordKey(loser)]: waiting, ...merging } = state?.merging ?? {}
  if (state === null || waiting === undefined) return
  putConnection(context.tx, connection, { ...state, merging })
  for (const one of waiting) awaitWinner(context, connection, one, winner)
  if (recordDoc(context.tx, connection, winner)?.state === "linked") mergeAwaited(context, connection, winner)
}

/** How many groups a record shows as they are known of an entity there. */
const likeness = (doc: EntityDoc, connection: string, mapping: ObjectMapping, raw: JsonObject): number =>
  mapping.groups.filter((lens) => {
    const { shadow } = heldUnder(doc.links[connection]?.groups[lens.group], lens)
    const read = lens.read(raw, undefined)
    return shadow !== null && read._tag === "Known" && !lens.empty(read.view) && lens.same(shadow, read.view)
  }).length

/**
 * Of the entities whose records the provider made this one of, where it can be no other: the one that it resembles most. That is
 * the one that the others were merged into, and its records in other systems are those that are written from then on.
 */
export const mergedInto = (
  context: Context,
  connection: string,
  record: RecordKey,
  mapping: ObjectMapping,
  raw: JsonObject,
  candidates: ReadonlyArray<string>,
): string | null => {
  const { tx } = context
  const { type } = mapping
  const entities = new Map<string, EntityDoc>()
  for (const loser of connectionDoc(tx, connection)?.merging?.[recordKey(record)] ?? []) {
    const lost = recordDoc(tx, connection, loser)
    const doc = lost?.type !== type || lost.entity === null ? null : entityDoc(tx, type, lost.entity)
    if (doc !== null) entities.set(doc.id, doc)
  }
  if (!candidates.every((id) => entities.has(entityDoc(tx, type, id)?.id ?? ""))) return null
  const [best] = [...entities.values()]
    .map((doc) => [likeness(doc, connection, mapping, raw), doc.id] as const)
    .toSorted(([a, one], [b, other]) => b - a || (one < other ? -1 : 1))
  return best?.[1] ?? null
}

/** A record was linked: what the provider had merged into it before belongs to its entity too. */
export const mergeAwaited = (context: Context, connection: string, record: RecordKey): void => {
  const { tx } = context
  const state = connectionDoc(tx, connection)
  const { [recordKey(record)]: losers, ...merging } = state?.merging ?? {}
  if (state === null || losers === undefined) return
  putConnection(tx, connection, { ...state, merging })
  for (const loser of losers) {
    const [lost, won] = [recordDoc(tx, connection, loser), recordDoc(tx, connection, record)]
    if (lost?.type == null || lost.entity === null || won?.type !== lost.type || won.entity === null) continue
    const [from, into] = [entityDoc(tx, lost.type, lost.entity), entityDoc(tx, won.type, won.entity)]
    if (from !== null && into !== null && from.id !== into.id) mergeEntities(context, from, into, "provider")
  }
}

/** What a moved record holds is shown to its new entity as at a first link. */
export const showAgain = (edit: EntityEdit, connection: string, link: LinkState): void => {
  const state = connectionDoc(edit.context.tx, connection)
  if (state === null || link.primary === null) return
  for (const lens of mappingOf(edit.context, state, link.primary.object, edit.type)?.groups ?? []) {
    const held = link.groups[lens.group]
    if (held === undefined || held.signature !== lens.signature || held.shadow === null || held.seen === undefined)
      continue
    observeGroup(edit, { connection, lens, view: held.shadow, provenance: held.seen, by: null, before: null })
  }
}

const isOf = (links: ReadonlyArray<Link>, connection: string, record: RecordKey): boolean =>
  links.some((link) => link.connection === connection && sameRecord(link.record, record))

/** Undoes a merge: each record goes back with what it brought, and later edits with the record they came through. */
export const splitEntity = (context: Context, type: EntityType, id: string, mergedId: string, by: string): void => {
  const { tx } = context
  const doc = entityDoc(tx, type, id)
  const merge = doc?.merges.find((one) => one.from === mergedId)
  const away = tx.get<EntityDoc>("entity", `${type}:${mergedId}`)
  if (doc === null || merge === undefined || away === null) return
  const mine: Record<string, GroupState> = {}
  const theirs: Record<string, GroupState> = { ...merge.brought.groups }
  for (const [group, state] of Object.entries(doc.groups)) {
    const { connection, record } = state.provenance
    const before = merge.kept.groups[group]
    const isBrought = merge.brought.groups[group]?.provenance.event === state.provenance.event
    if (!isBrought && !isOf(merge.brought.links, connection, record)) mine[group] = state
    else {
      theirs[group] = { ...state, revision: (merge.brought.groups[group]?.revision ?? -1) + 1 }
      if (before !== undefined) mine[group] = { ...before, revision: state.revision + 1 }
    }
  }
  const off = new EntityEdit(context, away, away)
  off.doc = { ...away, mergedInto: null, groups: theirs, notSame: [...new Set([...away.notSame, doc.id])].toSorted() }
  const edit = new EntityEdit(context, doc, doc)
  edit.doc = {
    ...doc,
    groups: mine,
    merges: doc.merges.filter((one) => one !== merge),
    notSame: [...new Set([...doc.notSame, mergedId])].toSorted(),
  }
  const shown: Array<Seen> = []
  for (const link of merge.brought.links) {
    const now = edit.link(link.connection)
    const there = off.link(link.connection)
    if (sameRecord(now.primary, link.record)) {
      off.setLink(link.connection, {
        ...now,
        duplicates: there.duplicates,
        due: { seq: Math.max(now.due.seq, there.due.seq), hash: null },
      })
      edit.setLink(link.connection, {
        ...emptyLink,
        duplicates: now.duplicates,
        due: { seq: now.due.seq, hash: now.due.hash },
      })
    } else if (now.duplicates.some((one) => sameRecord(one, link.record))) {
      edit.setLink(link.connection, {
        ...now,
        duplicates: now.duplicates.filter((one) => !sameRecord(one, link.record)),
      })
      const groups = merge.brought.held?.[link.connection] ?? {}
      off.setLink(
        link.connection,
        link.primary
          ? { ...there, primary: link.record, groups }
          : { ...there, duplicates: [...there.duplicates, link.record] },
      )
      // What people did there meanwhile said nothing, and does now.
      const seen = recordDoc(tx, link.connection, link.record)?.observation
      if (link.primary && seen !== undefined) shown.push(seen)
    } else {
      if (link.primary) goneMeanwhile(edit, off, link)
      continue
    }
    relinkRecord(context, link.connection, link.record, off.doc, link.primary)
  }
  edit.say(entityEventType(type, "Split"), {
    type,
    off: mergedId,
    values: clear(
      Object.fromEntries(Object.entries(theirs).map(([group, state]) => [group, state.value as JsonObject])),
    ),
    links: merge.brought.links,
    by,
  })
  tx.put("entity", `${type}:${mergedId}`, { ...away, mergedInto: null })
  finish(edit)
  for (const { connection } of merge.brought.links)
    for (const [group, { before }] of Object.entries(off.link(connection).groups))
      if (before !== undefined) observeAgain(off, connection, group)
  for (const seen of shown) showRecord(off, seen)
  finish(off)
  referAgain(context, { type, whole: doc.id, part: mergedId })
  wakeAwaiting(context, type, doc.id)
  replaceAgain(context, type, [doc.id])
}

/** A record went away while the two were one: it was of the one that is split off, which is not to be created there again. */
const goneMeanwhile = (edit: EntityEdit, off: EntityEdit, { connection, record }: Link): void => {
  const { context, type } = off
  const known = recordDoc(context.tx, connection, record)
  if (known?.state !== "gone") return
  const [now, there] = [edit.link(connection), off.link(connection)]
  const reason = known.reason ?? "gone"
  putRecord(context.tx, connection, record, { ...known, entity: off.doc.id })
  if (sameRecord(now.tombstone?.record ?? null, record)) {
    const { tombstone: _, ...free } = now
    edit.setLink(connection, { ...free, tombstone: null, groups: {} })
    context.tx.decide("TombstoneLifted", { connection, type, entity: edit.doc.id, reason: "split" })
  }
  if (there.primary !== null) return
  off.setLink(connection, { ...there, tombstone: { record, reason } })
  context.tx.decide("TombstoneSet", { connection, type, entity: off.doc.id, record, reason })
}

/** Shows the entity what was read of a record while it was a duplicate, which is not kept any longer. */
const showRecord = (edit: EntityEdit, seen: Seen): void => {
  const { context, type } = edit
  const { connection, externalId, object } = seen.data
  const record = { object, id: externalId }
  const state = connectionDoc(context.tx, connection)
  const { observation: _, ...known } = recordDoc(context.tx, connection, record)!
  putRecord(context.tx, connection, record, known)
  const mapping = state === null ? undefined : mappingOf(context, state, object, type)
  if (mapping !== undefined) observeFields(edit, mapping, seen)
}
