/** Records that went away: deleted, archived, merged by the provider, converted; and those that came back. */
import { entityEventType } from "@concordat/model/events/stored"
import type { RecordConverted, RecordGone, RecordMerged } from "@concordat/model/events/record"
import type { EntityType } from "@concordat/model/canonical/fields"
import { opened } from "@concordat/model/events/envelope"
import { isEmpty } from "@concordat/model/canonical/types"
import { sameJson } from "@concordat/model/json"
import { editionOf } from "../edition.ts"
import { connectionDoc, entityDoc, putConnection, putRecord, recordDoc } from "../state/access.ts"
import {
  type ConnectionDoc,
  type EntityDoc,
  type HeldState,
  type LinkState,
  recordKey,
  type RecordDoc,
  type RecordKey,
} from "../state/documents.ts"
import type { ObjectMapping } from "../mapping/lens.ts"
import type { Transaction } from "../state/transaction.ts"
import { type Context, heldUnder, mappingOf, sameRecord } from "./context.ts"
import { EntityEdit } from "./edit.ts"
import { finish } from "./finish.ts"
import { answered } from "./identify.ts"
import { awaitNext, awaitWinner, heldBefore, mergeAwaited, mergeEntities, showAgain } from "./merge.ts"
import { observeFields } from "./observe.ts"
import { place, type Seen } from "./place.ts"
import { replaceAgain } from "./replacing.ts"
import { wakeRefused } from "./refusals.ts"

/** More than this share of a connection's records, and more than this many, gone within a day is not believed. */
const GUARD_SHARE = 0.1
const GUARD_COUNT = 5
const DAY_MS = 86_400_000

/**
 * Takes a record off its entity. A primary leaves a tombstone, so that it is not created there again, and what was refused
 * for it is refused no more: mostly because it was gone already. `goesOn`: another record stands for what this one was, so
 * nothing has been deleted.
 */
export const unlink = (
  context: Context,
  connection: string,
  record: RecordKey,
  known: RecordDoc,
  reason: string,
  goesOn = false,
): void => {
  const { tx } = context
  const { entity, type } = known
  if (type === null || entity === null) return
  const doc = entityDoc(tx, type, entity)
  if (doc === null) return
  const edit = new EntityEdit(context, doc, doc)
  const link = edit.link(connection)
  const primary = sameRecord(link.primary, record)
  const duplicates = link.duplicates.filter((one) => !sameRecord(one, record))
  if (primary) {
    const groups: Record<string, HeldState> = {}
    for (const [group, held] of Object.entries(link.groups)) {
      const { refused: _, ...rest } = held
      groups[group] = rest
    }
    edit.setLink(connection, { ...link, primary: null, duplicates, groups, intents: [], tombstone: { record, reason } })
    tx.decide("TombstoneSet", { connection, type, entity: doc.id, record, reason })
  } else edit.setLink(connection, { ...link, duplicates })
  edit.say(entityEventType(type, "Unlinked"), { type, link: { connection, record, primary, how: reason }, reason })
  const isAlive = Object.values(edit.doc.links).some((one) => one.primary !== null)
  const propagates = primary && context.policy.deletions(type) === "propagate"
  if (!goesOn && primary && (propagates || !isAlive) && edit.doc.archived === null) {
    edit.doc = { ...edit.doc, archived: reason }
    edit.say(entityEventType(type, "Archived"), { type, reason })
  }
  finish(edit)
  tx.count(connection, "links", -1)
  // What was due only to refer to it can't be written any more, and nobody who refers to it has moved.
  if (primary && editionOf(tx) >= 3) replaceAgain(context, type, [doc.id])
}

/**
 * The entity's primary record is gone, or was merged into another of its records there, often one that was made for it: that
 * one is the primary now, and is shown as at a first link, so that what it lacks is filled and empties no other side. Of a
 * merge, what the new primary shows like the one before is no news.
 */
const promote = (
  context: Context,
  connection: string,
  record: RecordKey,
  known: RecordDoc,
  doc: EntityDoc,
  reason: string,
): boolean => {
  const { tx } = context
  const state = connectionDoc(tx, connection)
  const { observation, ...rest } = known
  const mapping = state === null ? undefined : mappingOf(context, state, record.object, doc.type)
  const before = heldBefore(tx, doc, connection, record)
  if (mapping === undefined || doc.links[connection]?.primary !== null) return false
  if (observation === undefined && before === null) return false
  const edit = new EntityEdit(context, doc, doc)
  const link = edit.link(connection)
  const duplicates = link.duplicates.filter((one) => !sameRecord(one, record))
  const isMerged = reason === MERGED && observation !== undefined
  const groups = isMerged ? alike(mapping, observation, link.groups) : shadowsOf(before ?? {})
  edit.setLink(connection, { ...link, primary: record, duplicates, tombstone: null, groups })
  tx.decide("TombstoneLifted", { connection, type: doc.type, entity: doc.id, reason })
  if (edit.doc.archived !== null) {
    edit.doc = { ...edit.doc, archived: null }
    edit.say(entityEventType(doc.type, "Restored"), { type: doc.type, reason: "a record of it is there" })
  }
  edit.sayLinked({ connection, record, primary: true, how: "promoted" })
  putRecord(tx, connection, record, { ...rest, primary: true })
  if (!isMerged) showAgain(edit, connection, edit.link(connection))
  if (observation !== undefined) observeFields(edit, mapping, observation)
  finish(edit)
  return true
}

/** Of what is known of groups, what stands there: all else was between the record and another entity. */
const shadowsOf = (before: LinkState["groups"]): LinkState["groups"] =>
  Object.fromEntries(
    Object.entries(before).map(([group, { rendering, seen, shadow, signature }]): readonly [string, HeldState] => [
      group,
      {
        signature,
        shadow,
        ...(seen === undefined ? {} : { seen }),
        ...(rendering === undefined ? {} : { rendering }),
      },
    ]),
  )

const MERGED = "merged into another record"

/** What is known of those groups that a record shows as they were known. */
const alike = (mapping: ObjectMapping, { data }: Seen, before: LinkState["groups"]): LinkState["groups"] => {
  const raw = opened(data.values)
  const groups: Record<string, HeldState> = {}
  for (const lens of mapping.groups) {
    const held = heldUnder(before[lens.group], lens)
    const read = lens.read(raw, undefined)
    if (held.shadow !== null && read._tag === "Known" && lens.same(held.shadow, read.view)) groups[lens.group] = held
  }
  return groups
}

/** Somebody who deletes one of two records of the same person means the other one to stay: it is written to from now on. */
const promoteNext = (context: Context, connection: string, { entity, type }: RecordDoc): void => {
  const { tx } = context
  const doc = type === null || entity === null ? null : entityDoc(tx, type, entity)
  if (doc === null) return
  for (const record of doc.links[connection]?.duplicates ?? []) {
    const known = recordDoc(tx, connection, record)
    if (known?.state === "linked" && promote(context, connection, record, known, doc, "another record of it is there"))
      return
  }
}

export const recordGone = (context: Context, data: RecordGone): void => {
  const { tx } = context
  const { connection } = data
  const record = { object: data.object, id: data.externalId }
  const known = recordDoc(tx, connection, record)
  tx.count(connection, "gone")
  if (known === null || known.state === "gone") return
  if (known.state === "linked") {
    unlink(context, connection, record, known, data.reason)
    promoteNext(context, connection, known)
    guard(context, connection)
  } else if (known.state === "parked") answered(context, connection, record, data.reason, null)
  else if (known.state === "waiting") tx.put("waiting", `${connection}|${recordKey(record)}`, null)
  const { observation: _, ...rest } = known
  putRecord(tx, connection, record, { ...rest, state: "gone", reason: data.reason })
  wakeRefused(context, connection, record)
}

/** A census that fails, or a scope that shrinks, looks like a mass deletion: the connection is stopped and a person asked. */
const guard = (context: Context, connection: string): void => {
  const { tx } = context
  const state = connectionDoc(tx, connection)
  if (state === null) return
  const gone = [...state.gone.filter((at) => at > tx.cause.at - DAY_MS), tx.cause.at].slice(-10_000)
  const isMass =
    gone.length > GUARD_COUNT && gone.length > GUARD_SHARE * (tx.counted(connection, "links") + gone.length)
  const isNew = isMass && !state.paused.includes("mass deletion")
  putConnection(tx, connection, {
    ...state,
    gone,
    paused: isNew ? [...state.paused, "mass deletion"].toSorted() : state.paused,
  })
  if (isNew) tx.decide("Paused", { connection, reason: "mass deletion" })
}

/**
 * What the app deleted and puts again is a new record under the old id: what it lacks nobody took out of it. A group that
 * lacks something is seen as if for the first time, so that it is filled and empties no other side.
 */
const beginAnew = (edit: EntityEdit, mapping: ObjectMapping, { data }: Seen): void => {
  for (const lens of mapping.groups) {
    const {
      before: _,
      rendering: __,
      shadow,
      wrote: ___,
      ...rest
    } = heldUnder(edit.held(data.connection, lens.group), lens)
    const read = lens.read(opened(data.values), undefined)
    if (shadow === null || read._tag !== "Known") continue
    const { view } = read
    if (!Object.entries(shadow).some(([slot, value]) => !isEmpty(value) && isEmpty(view[slot]))) continue
    edit.setHeld(data.connection, lens.group, { ...rest, shadow: null })
  }
}

/** A record that was gone is there again: it is linked by its id and keeps its shadows, so what it missed is due. */
export const relink = (
  context: Context,
  state: ConnectionDoc,
  record: RecordKey,
  known: RecordDoc,
  seen: Seen,
): boolean => {
  const { tx } = context
  const { connection } = seen.data
  if (known.type === null || known.entity === null) return false
  const doc = entityDoc(tx, known.type, known.entity)
  const mapping = mappingOf(context, state, record.object, known.type)
  if (doc === null || mapping === undefined) return false
  const edit = new EntityEdit(context, doc, doc)
  const link = edit.link(connection)
  const primary = link.primary === null
  edit.setLink(
    connection,
    primary ? { ...link, primary: record, tombstone: null } : { ...link, duplicates: [...link.duplicates, record] },
  )
  if (link.tombstone !== null && primary)
    tx.decide("TombstoneLifted", { connection, type: known.type, entity: doc.id, reason: "restored" })
  if (edit.doc.archived !== null) {
    edit.doc = { ...edit.doc, archived: null }
    edit.say(entityEventType(known.type, "Restored"), { type: known.type, reason: "a record of it is there again" })
  }
  edit.sayLinked({ connection, record, primary, how: "restored" })
  putRecord(tx, connection, record, { type: known.type, entity: doc.id, primary, state: "linked" })
  tx.count(connection, "links")
  if (primary && state.opened.isApp && known.reason === "deleted") beginAnew(edit, mapping, seen)
  if (primary) observeFields(edit, mapping, seen)
  finish(edit)
  mergeAwaited(context, connection, record)
  return true
}

/** Whether another record stands for what was merged into it, or will: then nothing has been deleted. */
const standsFor = (won: RecordDoc | null, lost: RecordDoc): boolean =>
  won === null ||
  won.state === "parked" ||
  won.state === "waiting" ||
  (won.state === "linked" && won.type === lost.type && won.entity !== null)

/** It was deleted when it was seen last. What others are merged into is there, so it is about to be seen again. */
const mayReturn = (tx: Transaction, won: RecordDoc | null): boolean =>
  editionOf(tx) >= 3 &&
  won?.state === "gone" &&
  won.entity !== null &&
  won.reason !== "merged" &&
  won.reason !== "converted"

/** The provider made one record of two: our entities follow. */
export const recordMerged = (context: Context, data: RecordMerged): void => {
  const { tx } = context
  const { connection } = data
  const loser = { object: data.object, id: data.externalId }
  const winner = { object: data.object, id: data.into }
  awaitNext(context, connection, loser, winner)
  const lost = recordDoc(tx, connection, loser)
  if (lost === null || lost.state === "gone") return
  if (lost.state === "parked") answered(context, connection, loser, "merged by the provider", null)
  if (lost.state === "linked" && lost.type !== null && lost.entity !== null) {
    const stays = recordDoc(tx, connection, winner)
    const goesOn = standsFor(stays, lost) || mayReturn(tx, stays)
    unlink(context, connection, loser, lost, "merged", goesOn)
    // Where a question whose the remaining one is was open, that may have answered it.
    const won = recordDoc(tx, connection, winner)
    if (won?.state === "linked" && won.type === lost.type && won.entity !== null) {
      const from = entityDoc(tx, lost.type, lost.entity)
      const into = entityDoc(tx, won.type, won.entity)
      if (from !== null && into !== null && from.id !== into.id) mergeEntities(context, from, into, "provider")
      else if (into !== null) promote(context, connection, winner, won, into, MERGED)
    } else if (goesOn) awaitWinner(context, connection, loser, winner)
  }
  const { observation: _, ...rest } = lost
  putRecord(tx, connection, loser, { ...rest, state: "gone", reason: "merged", into: [winner] })
  const state = connectionDoc(tx, connection)
  const remaining = recordDoc(tx, connection, winner)
  if (remaining?.state === "parked" && remaining.observation !== undefined && state !== null)
    place(context, state, remaining.observation, { others: remaining.others ?? [] })
  wakeRefused(context, connection, loser)
}

/**
 * What the new record is known to hold. A group that both are read from under the same names is one fact that goes on, so
 * that what the conversion changed in it is a later edit (a task is done now). Of all else nothing is known until it is read.
 */
const continued = (
  context: Context,
  state: ConnectionDoc,
  type: EntityType,
  record: RecordKey,
  next: RecordKey,
  before: LinkState["groups"],
): LinkState["groups"] => {
  const from = mappingOf(context, state, record.object, type)?.groups ?? []
  const groups: Record<string, HeldState> = {}
  for (const lens of mappingOf(context, state, next.object, type)?.groups ?? []) {
    const old = from.find(({ group, sources }) => group === lens.group && sameJson(sources, lens.sources))
    const shadow = old === undefined ? null : heldUnder(before[lens.group], old).shadow
    if (shadow !== null) groups[lens.group] = { signature: lens.signature, shadow, carried: true }
  }
  return groups
}

/** The record became another one (a done activity, a converted lead): the entity goes with it. */
export const recordConverted = (context: Context, data: RecordConverted): void => {
  const { tx } = context
  const { connection } = data
  const record = { object: data.object, id: data.externalId }
  const known = recordDoc(tx, connection, record)
  if (known === null || known.state === "gone") return
  const { observation: _, ...rest } = known
  putRecord(tx, connection, record, { ...rest, state: "gone", reason: "converted", into: data.into })
  const state = connectionDoc(tx, connection)
  if (known.state !== "linked" || known.type === null || known.entity === null || state === null) return
  const { type } = known
  const doc = entityDoc(tx, type, known.entity)
  const next = data.into.find((into) => mappingOf(context, state, into.object, type) !== undefined)
  if (doc === null) return
  if (next === undefined || recordDoc(tx, connection, next)?.state === "linked") {
    unlink(context, connection, record, known, "converted")
    wakeRefused(context, connection, record)
    return
  }
  const edit = new EntityEdit(context, doc, doc)
  const link = edit.link(connection)
  const primary = sameRecord(link.primary, record)
  const groups = primary ? continued(context, state, type, record, next, link.groups) : link.groups
  edit.setLink(connection, { ...link, primary: primary ? next : link.primary, groups })
  edit.sayLinked({ connection, record: next, primary, how: "converted" })
  putRecord(tx, connection, next, { type, entity: doc.id, primary, state: "linked" })
  finish(edit)
  wakeRefused(context, connection, record)
}
