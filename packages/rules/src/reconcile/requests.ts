/** What people ask for: arm and pause connections, settle what is parked, merge and split, try again. */
import type { MatchRequested, ResolveRequested } from "@concordat/model/events/connection"
import type { Provenance } from "@concordat/model/events/entity"
import type { EntityRef } from "@concordat/model/events/record"
import { editionOf } from "../edition.ts"
import { connectionDoc, entityDoc, putConnection, recordDoc } from "../state/access.ts"
import type { QuestionDoc, RecordKey } from "../state/documents.ts"
import { recordKey } from "../state/documents.ts"
import { type Context, heldUnder, mappingOf, references, valueOf } from "./context.ts"
import { EntityEdit } from "./edit.ts"
import { finish } from "./finish.ts"
import { isRefused, type Observed, observeGroup, unpark } from "./group.ts"
import { answered } from "./identify.ts"
import { mergeEntities } from "./merge.ts"
import { place } from "./place.ts"

export const arm = (context: Context, connection: string, by: string, writesPerHour: number | null): void => {
  const { tx } = context
  const doc = connectionDoc(tx, connection)
  if (doc === null || doc.armed) return
  putConnection(tx, connection, { ...doc, armed: true, armedAt: tx.cause.at, writesPerHour })
  tx.decide("Armed", { connection, by })
  tx.wake({ connection, entity: "*", seq: tx.cause.at })
}

export const pause = (context: Context, connection: string): void => {
  const { tx } = context
  const doc = connectionDoc(tx, connection)
  if (doc === null || doc.paused.includes("operator")) return
  putConnection(tx, connection, { ...doc, paused: [...doc.paused, "operator"].toSorted() })
  tx.decide("Paused", { connection, reason: "operator" })
}

/** A person resumes what a person, the mass-deletion guard or a lost authorisation stopped. */
export const resume = (context: Context, connection: string): void => {
  const { tx } = context
  const doc = connectionDoc(tx, connection)
  if (doc === null || doc.paused.length === 0) return
  putConnection(tx, connection, { ...doc, paused: [], gone: [] })
  for (const reason of doc.paused) tx.decide("Resumed", { connection, reason })
  tx.wake({ connection, entity: "*", seq: tx.cause.at })
}

const editOf = (context: Context, entity: EntityRef): EntityEdit | null => {
  const doc = entityDoc(context.tx, entity.type, entity.id)
  return doc === null ? null : new EntityEdit(context, doc, doc)
}

/** Whose value is parked. It may be gone since: that takes back nothing of what was said there. */
const parkedIn = (edit: EntityEdit, connection: string): RecordKey | null => {
  const { primary, tombstone } = edit.link(connection)
  return primary ?? (editionOf(edit.context.tx) >= 2 ? (tombstone?.record ?? null) : null)
}

/** Shows a parked group again as if it had just been seen, under today's rules. */
export const showParked = (edit: EntityEdit, connection: string, group: string): void => {
  const state = connectionDoc(edit.context.tx, connection)
  const record = parkedIn(edit, connection)
  const lens =
    state === null || record === null
      ? undefined
      : mappingOf(edit.context, state, record.object, edit.type)?.groups.find((one) => one.group === group)
  const held = edit.held(connection, group)
  if (lens === undefined || held?.parked === undefined || held.shadow === null) return
  // Neither side held the other's value: a view that nothing holds stands for "both moved".
  const { shadow } = held
  const [value, refs] = [valueOf(edit.doc, group), references(edit.context.tx, connection)]
  const got = lens.get(value, refs)
  const { covered, ...shown } = held
  const seen: Observed = { connection, lens, view: shadow, provenance: held.parked.theirs, by: "person" }
  // An edit that our write stood over is no first link.
  const put = covered === undefined ? null : lens.put(value, covered, shadow, refs)
  const rule = edit.context.policy.rule(edit.type, group)
  if (put?._tag === "Value" && isRefused(edit, seen, rule, put.value)) {
    unpark(edit, connection, group, "decided")
    return
  }
  // What stands there is our own value: taken for what was held before, it would make an edit of what the rule is to decide.
  edit.setHeld(connection, group, { ...shown, shadow: null })
  if (got._tag === "View" && lens.same(got.view, shadow)) unpark(edit, connection, group, "agreed")
  observeGroup(edit, seen)
  const now = edit.held(connection, group)
  if (covered === undefined || now === undefined) return
  // What was parked stands there no more: our write does.
  edit.setHeld(connection, group, now.parked === undefined ? { ...now, shadow: covered } : { ...now, covered })
}

export const resolve = (context: Context, data: ResolveRequested): void => {
  const { tx } = context
  const edit = editOf(context, data.entity)
  const state = connectionDoc(tx, data.connection)
  if (edit === null || state === null) return
  const held = edit.held(data.connection, data.group)
  const record = parkedIn(edit, data.connection)
  if (held?.parked === undefined || record === null) return
  const { theirs } = held.parked
  unpark(edit, data.connection, data.group, `kept the ${data.keep}'s by ${data.by}`)
  const lens = mappingOf(context, state, record.object, edit.type)?.groups.find((one) => one.group === data.group)
  if (
    data.keep === "connection" &&
    lens !== undefined &&
    held.shadow !== null &&
    heldUnder(held, lens).shadow !== null
  ) {
    const put = lens.put(valueOf(edit.doc, data.group), undefined, held.shadow, references(tx, data.connection))
    const provenance: Provenance = {
      ...theirs,
      event: tx.cause.event,
      after: tx.cause.at,
      until: tx.cause.at,
      provider: false,
    }
    if (put._tag === "Value") edit.change(data.group, put.value, "resolved", provenance)
  }
  finish(edit)
}

/** Settles a parked match: for an unlinked record where it belongs, for two linked ones whether they are one. */
export const settleMatch = (context: Context, data: MatchRequested): void => {
  const { tx } = context
  const state = connectionDoc(tx, data.connection)
  const known = recordDoc(tx, data.connection, data.record)
  const question = tx.get<QuestionDoc>("question", `${data.connection}|${recordKey(data.record)}`)
  if (state === null || known === null) return
  // A record of one type can't be an entity of another: the question stays.
  if (data.entity !== null && known.type !== null && data.entity.type !== known.type) return
  if (known.state === "parked" && known.observation !== undefined) {
    place(context, state, known.observation, { chosen: data.entity?.id ?? null })
    if (data.entity !== null || known.type === null) return
    const made = recordDoc(tx, data.connection, data.record)
    if (made?.entity != null)
      apart(context, { type: known.type, id: made.entity }, question?.candidates ?? known.candidates ?? [])
    return
  }
  if (known.state !== "linked" || known.type === null || known.entity === null) return
  answered(context, data.connection, data.record, "said by a person", data.entity?.id ?? null)
  const mine = entityDoc(tx, known.type, known.entity)
  const other = data.entity === null ? null : entityDoc(tx, data.entity.type, data.entity.id)
  if (mine !== null && other !== null && mine.id !== other.id) mergeEntities(context, mine, other, data.by)
  else if (mine !== null && data.entity === null)
    apart(context, { type: known.type, id: mine.id }, question?.candidates ?? [])
}

/** A person has said that these are not the same. */
const apart = (context: Context, entity: EntityRef, others: ReadonlyArray<string>): void => {
  for (const [one, rest] of [
    [entity.id, others],
    ...others.map((other) => [other, [entity.id]] as const),
  ] as ReadonlyArray<readonly [string, ReadonlyArray<string>]>) {
    const edit = editOf(context, { type: entity.type, id: one })
    if (edit === null) continue
    edit.doc = {
      ...edit.doc,
      notSame: [...new Set([...edit.doc.notSame, ...rest.filter((id) => id !== one)])].toSorted(),
    }
    finish(edit)
  }
}

/** Refused values of an entity are due again. */
export const replay = (context: Context, connection: string, entity: EntityRef): void => {
  const edit = editOf(context, entity)
  if (edit === null) return
  for (const [group, held] of Object.entries(edit.link(connection).groups)) {
    if (held.refused === undefined) continue
    const { refused: _, ...free } = held
    edit.setHeld(connection, group, free)
  }
  finish(edit)
}

/** Lifts the quarantine of a group, or, without a group, the tombstone. */
export const release = (context: Context, connection: string, entity: EntityRef, group: string | null): void => {
  const edit = editOf(context, entity)
  if (edit === null) return
  const link = edit.link(connection)
  if (group === null) {
    if (link.tombstone === null) return
    edit.setLink(connection, { ...link, tombstone: null, groups: {} })
    context.tx.decide("TombstoneLifted", {
      connection,
      type: entity.type,
      entity: entity.id,
      reason: "asked for by a person",
    })
  } else {
    const held = link.groups[group]
    if (held === undefined) return
    const { quarantined: _, hops: __, ...free } = held
    edit.setHeld(connection, group, free)
  }
  finish(edit)
}
