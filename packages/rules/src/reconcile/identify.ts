/** Which entity an unlinked record is: by our own id, by keys, or nobody's; and what has to be asked. */
import type { EntityType } from "@concordat/model/canonical/fields"
import { contradicts } from "../identity/contradiction.ts"
import { byStrength, type Groups, identifyingGroups, keyRows, keysOf } from "../identity/keys.ts"
import { addTo, entityDoc, matches, putMatches, takeFrom } from "../state/access.ts"
import {
  type EntityDoc,
  entityKey,
  type MatchDoc,
  type QuestionDoc,
  recordKey,
  type RecordKey,
  type WaitDoc,
} from "../state/documents.ts"
import type { Transaction } from "../state/transaction.ts"
import type { Context } from "./context.ts"
import { groupValues } from "./due.ts"
import { EntityEdit } from "./edit.ts"
import { finish } from "./finish.ts"
import { placeAgain } from "./place.ts"

export type Match =
  | { readonly _tag: "None" }
  | { readonly _tag: "One"; readonly entity: string; readonly key: string }
  | { readonly _tag: "Ask"; readonly candidates: ReadonlyArray<string>; readonly reason: string }

const isOther = (doc: EntityDoc, id: string): boolean => doc.notSame.includes(id)

/** Asks in one question for what is known under the keys of a record. */
export const prefetchKeys = (tx: Transaction, type: EntityType, groups: Groups): void =>
  tx.prefetch(keyRows(type, groups))

/** Whether any entity answers to one of the keys of a record. */
const isKnown = (tx: Transaction, type: EntityType, groups: Groups): boolean =>
  keyRows(type, groups).some(({ key, kind }) => kind === "match" && (tx.get<MatchDoc>(kind, key)?.length ?? 0) > 0)

/** Finds the entity of a record that nothing is linked to yet. */
export const match = (
  context: Context,
  type: EntityType,
  connection: string,
  groups: Groups,
  others: ReadonlyArray<string>,
): Match => {
  const { tx } = context
  prefetchKeys(tx, type, groups)
  if (!isKnown(tx, type, groups)) return { _tag: "None" }
  for (const keys of byStrength(keysOf(type, groups))) {
    const ids = keys.flatMap((key) => matches(tx, type, key))
    if (ids.length === 0) continue
    tx.prefetch(ids.map((id) => ({ kind: "entity", key: entityKey(type, id) })))
    const found = new Map<string, { doc: EntityDoc; key: string }>()
    for (const key of keys) {
      for (const id of matches(tx, type, key)) {
        const doc = entityDoc(tx, type, id)
        if (doc !== null && !others.includes(doc.id) && !found.has(doc.id)) found.set(doc.id, { doc, key })
      }
    }
    const resemblance = keys[0]!.startsWith("like:")
    const candidates = [...found.values()].filter(({ doc, key }) => {
      // Two alike in one system are two; what is known from elsewhere is what may be the same.
      if (resemblance)
        return (doc.links[connection]?.primary ?? null) === null && !contradicts(type, key, groups, groupValues(doc))
      return true
    })
    if (candidates.length === 0) continue
    const names = candidates.map(({ doc }) => doc.id).toSorted()
    if (resemblance) return { _tag: "Ask", candidates: names, reason: "resembles" }
    if (candidates.length > 1) return { _tag: "Ask", candidates: names, reason: "several candidates" }
    const [{ doc, key }] = candidates as [{ doc: EntityDoc; key: string }]
    if (contradicts(type, key, groups, groupValues(doc)))
      return { _tag: "Ask", candidates: names, reason: "contradicting name" }
    if ((doc.links[connection]?.primary ?? null) !== null) {
      return { _tag: "Ask", candidates: names, reason: "the candidate has a record there already" }
    }
    return { _tag: "One", entity: doc.id, key }
  }
  return { _tag: "None" }
}

const question = (connection: string, record: RecordKey): string => `${connection}|${recordKey(record)}`

/** The record that a question is about. */
export const parseQuestion = (key: string): { readonly connection: string; readonly record: RecordKey } => {
  const at = key.indexOf("|")
  const cut = key.indexOf(":", at)
  return { connection: key.slice(0, at), record: { object: key.slice(at + 1, cut), id: key.slice(cut + 1) } }
}

/** Asks people which entity it is. Until they say, nothing of the candidates is created anywhere. */
export const ask = (
  context: Context,
  connection: string,
  record: RecordKey,
  type: EntityType,
  candidates: ReadonlyArray<string>,
  reason: string,
): void => {
  const { tx } = context
  const key = question(connection, record)
  const known = tx.get<QuestionDoc>("question", key)
  if (known !== null && known.reason === reason && known.candidates.join() === candidates.join()) return
  tx.put("question", key, { type, candidates, reason, at: tx.cause.at } satisfies QuestionDoc)
  tx.decide("MatchParked", { connection, record, type, candidates, reason })
  if (known === null) tx.count(connection, "matchParked")
  for (const id of known?.candidates ?? []) if (!candidates.includes(id)) setQuestion(context, type, id, key, false)
  for (const id of candidates) setQuestion(context, type, id, key, true)
}

/** The question is answered, or has gone away. */
export const answered = (
  context: Context,
  connection: string,
  record: RecordKey,
  how: string,
  entity: string | null,
): void => {
  const { tx } = context
  const key = question(connection, record)
  const known = tx.get<QuestionDoc>("question", key)
  if (known === null) return
  tx.put("question", key, null)
  tx.decide("MatchSettled", { connection, record, type: known.type, entity, how })
  for (const id of known.candidates) setQuestion(context, known.type, id, key, false)
}

const setQuestion = (context: Context, type: EntityType, id: string, key: string, isOpen: boolean): void => {
  const doc = entityDoc(context.tx, type, id)
  if (doc === null || doc.questions.includes(key) === isOpen) return
  const edit = new EntityEdit(context, doc, doc)
  edit.doc = {
    ...doc,
    questions: isOpen ? [...doc.questions, key].toSorted() : doc.questions.filter((one) => one !== key),
  }
  finish(edit)
}

/** Parked records are looked at again when an entity gets one of these keys, or a record of an entity with them changes. */
export const watchKeys = (
  context: Context,
  connection: string,
  record: RecordKey,
  type: EntityType,
  groups: Groups,
): void => {
  for (const key of keysOf(type, groups)) addTo(context.tx, "matchwait", `${type}|${key}`, question(connection, record))
}
export const unwatchKeys = (
  context: Context,
  connection: string,
  record: RecordKey,
  type: EntityType,
  groups: Groups,
): void => {
  for (const key of keysOf(type, groups))
    takeFrom(context.tx, "matchwait", `${type}|${key}`, question(connection, record))
}

/** Whether nothing has moved that keys are read from. */
const identifiesAlike = (a: EntityDoc, b: EntityDoc): boolean => {
  if (a.groups === b.groups) return true
  for (const group of identifyingGroups(a.type)) if (a.groups[group]?.value !== b.groups[group]?.value) return false
  return true
}

/**
 * Brings the index of an entity's keys up to date, and asks where an edit gave it a key that another entity has. Returns
 * what is to be looked at again once the entity is kept.
 */
export const indexKeys = (edit: EntityEdit): (() => void) => {
  const { context, type } = edit
  const { tx } = context
  const { original } = edit
  const isAsBefore =
    original !== null && original.mergedInto === edit.doc.mergedInto && identifiesAlike(original, edit.doc)
  const isGone = edit.doc.mergedInto !== null
  const keys = isAsBefore ? edit.doc.keys : isGone ? [] : keysOf(type, groupValues(edit.doc))
  const before = edit.doc.keys
  const added = keys.filter((key) => !before.includes(key))
  const removed = before.filter((key) => !keys.includes(key))
  for (const key of removed)
    putMatches(
      tx,
      type,
      key,
      matches(tx, type, key).filter((id) => id !== edit.doc.id),
    )
  for (const key of added) putMatches(tx, type, key, [...matches(tx, type, key), edit.doc.id].toSorted())
  if (added.length > 0 || removed.length > 0) edit.doc = { ...edit.doc, keys }
  const isNew = edit.original === null
  const touched = edit.relinked.size > 0 ? keys : added
  const { id } = edit.doc
  return () => {
    for (const key of new Set([...touched, ...removed])) {
      for (const waiting of tx.get<WaitDoc>("matchwait", `${type}|${key}`) ?? []) placeAgain(context, waiting)
    }
    if (!isNew && (added.length > 0 || removed.length > 0)) shareKeys(context, type, id, added)
  }
}

/** A record whose keys changed is matched again: two entities with one key are a question, never a silent merge. */
const shareKeys = (context: Context, type: EntityType, id: string, added: ReadonlyArray<string>): void => {
  const doc = entityDoc(context.tx, type, id)
  if (doc === null || doc.id !== id) return
  const mine = groupValues(doc)
  const sharing = new Set<string>()
  for (const key of added) {
    for (const other of matches(context.tx, type, key)) {
      const otherDoc = other === id ? null : entityDoc(context.tx, type, other)
      if (otherDoc === null || otherDoc.id === id || isOther(doc, other)) continue
      const isCompatible = Object.entries(otherDoc.links).every(
        ([c, link]) => link.primary === null || (doc.links[c]?.primary ?? null) === null,
      )
      if (key.startsWith("like:") && (!isCompatible || contradicts(type, key, mine, groupValues(otherDoc)))) continue
      sharing.add(otherDoc.id)
    }
  }
  if (sharing.size === 0) return
  const home = Object.entries(doc.links)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .find(([, link]) => link.primary !== null)
  if (home === undefined || home[1].primary === null) return
  ask(context, home[0], home[1].primary, type, [...sharing, id].toSorted(), "shares a key")
}
