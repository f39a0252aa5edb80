/**
 * Who refers to an entity that others are part of. While they are one, all their records mean that one; once a part is split
 * off, whoever was seen or written meanwhile says anew which of the two is meant, by the record that somebody chose.
 */
import type { EntityType } from "@concordat/model/canonical/fields"
import { referringFields } from "@concordat/model/canonical/types"
import type { Provenance } from "@concordat/model/events/entity"
import { type Json, sameJson } from "@concordat/model/json"
import { connectionDoc, entityDoc } from "../state/access.ts"
import { entityKey, parseEntityKey } from "../state/documents.ts"
import type { Transaction } from "../state/transaction.ts"
import { type Context, mappingOf, references } from "./context.ts"
import { EntityEdit } from "./edit.ts"
import { finish } from "./finish.ts"
import { idsIn, parseWaiter, waiterOf } from "./waits.ts"

const KIND = "referring"
const prefixOf = (type: EntityType, id: string): string => `${entityKey(type, id)}|`

const isMoved = ({ doc, original }: EntityEdit, group: string): boolean => {
  if (original === null || original.groups[group] !== doc.groups[group]) return true
  for (const name in doc.links) {
    const [before, link] = [original.links[name], doc.links[name]!]
    if (before?.groups[group] !== link.groups[group] || before?.due.hash !== link.due.hash) return true
  }
  return false
}

const note = (edit: EntityEdit, group: string, to: EntityType, ids: ReadonlyArray<string>): void => {
  const { tx } = edit.context
  for (const id of ids) {
    const whole = entityDoc(tx, to, id)
    if (whole !== null && whole.merges.length > 0)
      tx.put(KIND, `${prefixOf(to, whole.id)}${waiterOf(edit, group)}`, true)
  }
}

/** Notes what was seen or written of a reference to an entity that others are part of. What nobody touches since the merge means what it did. */
export const noteReferences = (edit: EntityEdit): void => {
  if (edit.doc.mergedInto !== null) return
  for (const [field, { group, to }] of referringFields(edit.type)) {
    const ids = idsIn(edit.doc.groups[group]?.value[field])
    if (ids.length > 0 && isMoved(edit, group)) note(edit, group, to, ids)
  }
}

/** Two that were one: the one that stays, and the one that was split off. */
interface Two {
  readonly type: EntityType
  readonly whole: string
  readonly part: string
}

/** Whoever refers to it by what was noted, which is nobody then. */
const taken = (tx: Transaction, { type, whole }: Two): ReadonlyArray<string> => {
  const prefix = prefixOf(type, whole)
  const keys = tx.range(KIND, prefix)
  for (const key of keys) tx.put(KIND, key, null)
  return keys.map((key) => key.slice(prefix.length))
}

/** The two that were one are not: whoever was seen or written meanwhile refers to one of them. */
export const referAgain = (context: Context, two: Two): void => {
  const { tx } = context
  tx.each(taken(tx, two), (waiter) => {
    const { entity, group } = parseWaiter(waiter)
    const { id, type } = parseEntityKey(entity)
    const doc = entityDoc(tx, type, id)
    if (doc === null) return
    const edit = new EntityEdit(context, doc, doc)
    edit.afresh = "*"
    for (const [field, { group: its, to }] of referringFields(type)) {
      if (its !== group) continue
      if (to === two.type) mean(edit, group, field, two)
      note(edit, group, to, idsIn(edit.doc.groups[group]?.value[field]))
    }
    finish(edit)
  })
}

interface Word {
  readonly ids: ReadonlyArray<string>
  readonly seen: Provenance
}

/** Which of the two a connection names, where that was said there and is not what we wrote; null: it says nothing. */
const wordOf = (edit: EntityEdit, connection: string, group: string, field: string, two: Two): Word | null => {
  const { context, type } = edit
  const state = connectionDoc(context.tx, connection)
  const { primary } = edit.link(connection)
  const held = edit.held(connection, group)
  if (state === null || primary === null || held?.seen === undefined || held.parked !== undefined) return null
  const lens = mappingOf(context, state, primary.object, type)?.groups.find((one) => one.group === group)
  if (lens === undefined || lens.direction === "out" || lens.signature !== held.signature) return null
  const isSource = edit.doc.groups[group]?.provenance.connection === connection
  const ours = isSource ? [] : idsIn(held.wrote?.view[field])
  const refs = references(context.tx, connection)
  const ids = idsIn(held.shadow?.[field]).flatMap((external) => {
    const id = ours.includes(external) ? undefined : refs.entity(two.type, external)
    return id === two.whole || id === two.part ? [id] : []
  })
  return ids.length === 0 ? null : { ids, seen: held.seen }
}

/** What each side says of the two, the last word first. Where a rule is strict for one that has it, only that one is heard. */
const wordsOf = (edit: EntityEdit, group: string, field: string, two: Two): ReadonlyArray<Word> => {
  const rule = edit.context.policy.rule(edit.type, group)
  const strict = rule._tag === "Strict" && edit.link(rule.connection).primary !== null ? rule.connection : null
  return Object.keys(edit.doc.links)
    .filter((connection) => strict === null || connection === strict)
    .toSorted()
    .flatMap((connection) => wordOf(edit, connection, group, field, two) ?? [])
    .toSorted((a, b) => b.seen.until - a.seen.until)
}

/** A single reference means the one of the two that was named last; of a set the one that nobody names goes for the one that is named. */
const mean = (edit: EntityEdit, group: string, field: string, two: Two): void => {
  const state = edit.doc.groups[group]
  const words = wordsOf(edit, group, field, two)
  const [last] = words
  if (state === undefined || last === undefined) return
  const value = state.value[field]
  const isOfThem = (id: string): boolean => {
    const own = entityDoc(edit.context.tx, two.type, id)?.id
    return own === two.whole || own === two.part
  }
  if (!idsIn(value).some(isOfThem)) return
  const named = words.flatMap(({ ids }) => ids)
  // What was put there before the merge stays; the whole may stand there for the part.
  const kept = idsIn(value).filter((id) => id !== two.whole || named.includes(id))
  const next = Array.isArray(value) ? [...new Set([...kept, ...named])] : last.ids[0]!
  if (!sameJson(next, value as Json)) edit.change(group, { ...state.value, [field]: next }, "split", last.seen)
}
