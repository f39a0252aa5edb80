/** Our own writes, from intent to answer: what they make of shadows and renderings, and what a refusal stands for. */
import type { EntityType } from "@concordat/model/canonical/fields"
import { opened, type Personal } from "@concordat/model/events/envelope"
import { type RecordWritten, SUPERSEDED, type WriteIntended, type WriteRefused } from "@concordat/model/events/record"
import { entityEventType } from "@concordat/model/events/stored"
import type { JsonObject } from "@concordat/model/json"
import type { GroupLens, View } from "../mapping/lens.ts"
import { contradicts } from "../identity/contradiction.ts"
import { connectionDoc, entityDoc, putCreating, putRecord, recordDoc } from "../state/access.ts"
import { type HeldState, type Intent, type RecordDoc, type RecordKey, recordKey } from "../state/documents.ts"
import { type Context, heldUnder, mappingOf, references, sameRecord } from "./context.ts"
import { groupValues } from "./due.ts"
import { EntityEdit } from "./edit.ts"
import { finish } from "./finish.ts"
import { unlink } from "./gone.ts"
import { observeGroup } from "./group.ts"
import { ask } from "./identify.ts"
import { place, settleLink } from "./place.ts"
import { keepRefused, type Refused, wakeRefused } from "./refusals.ts"

const sentGroups = (sent: Personal): Readonly<Record<string, View>> =>
  (opened(sent)["groups"] ?? {}) as Readonly<Record<string, View>>

export const writeIntended = (context: Context, data: WriteIntended): void => {
  const { tx } = context
  const doc = entityDoc(tx, data.entity.type, data.entity.id)
  const state = connectionDoc(tx, data.connection)
  if (doc === null || state === null) return
  const edit = new EntityEdit(context, doc, doc)
  const link = edit.link(data.connection)
  if (link.intents.some((one) => one.key === data.key)) return
  const intent: Intent = {
    key: data.key,
    due: data.due,
    kind: data.kind,
    object: data.object,
    groups: sentGroups(data.sent),
    at: tx.cause.at,
    unknown: false,
  }
  edit.setLink(data.connection, { ...link, intents: [...link.intents, intent] })
  if (data.kind === "create") putCreating(tx, data.connection, data.entity.type, data.key, true)
  finish(edit)
}

const without = (edit: EntityEdit, connection: string, key: string): Intent | undefined => {
  const link = edit.link(connection)
  const intent = link.intents.find((one) => one.key === key)
  // A later answer for a group settles what earlier intents sent for it.
  const groups = Object.keys(intent?.groups ?? {})
  const left = link.intents
    .filter((one) => one.key !== key)
    .map((one) => {
      if (intent === undefined || one.due > intent.due) return one
      return {
        ...one,
        groups: Object.fromEntries(Object.entries(one.groups).filter(([group]) => !groups.includes(group))),
      }
    })
    .filter((one) => one.kind === "create" || Object.keys(one.groups).length > 0)
  edit.setLink(connection, { ...link, intents: left })
  return intent
}

const wrote = (held: HeldState, lens: GroupLens, sent: View, answer: View | null, at: number): HeldState => {
  const { before: _, carried: __, problem: ___, refused: ____, rendering: _____, unread: ______, ...rest } = held
  const shadow = answer ?? sent
  return {
    ...rest,
    shadow,
    wrote: { view: sent, at },
    ...(lens.same(shadow, sent) ? {} : { rendering: { sent, held: shadow } }),
  }
}

export const recordWritten = (context: Context, data: RecordWritten): void => {
  const { tx } = context
  const { connection } = data
  const state = connectionDoc(tx, connection)
  const doc = entityDoc(tx, data.entity.type, data.entity.id)
  if (state === null) return
  tx.count(connection, `written.${data.kind}`)
  if (data.attempts > 1) tx.count(connection, "retries", data.attempts - 1)
  if (doc !== null) answer(context, data, new EntityEdit(context, doc, doc))
  if (data.kind === "create") createResolved(context, connection, data.entity.type, data.key)
}

const answer = (context: Context, data: RecordWritten, edit: EntityEdit): void => {
  const { connection } = data
  const { tx } = context
  const record: RecordKey = { object: data.object, id: data.externalId }
  const intent = without(edit, connection, data.key)
  if (data.kind === "archive") {
    finish(edit)
    const known = recordDoc(tx, connection, record)
    if (known?.state === "linked") unlink(context, connection, record, known, "archived by us")
    if (known !== null) putRecord(tx, connection, record, { ...known, state: "gone", reason: "archived by us" })
    wakeRefused(context, connection, record)
    return
  }
  if (data.kind === "create" && !linkCreated(context, edit, connection, record, data.adopted, intent)) {
    finish(edit)
    return
  }
  const state = connectionDoc(tx, connection)!
  const mapping = mappingOf(context, state, record.object, edit.type)
  if (mapping !== undefined && intent !== undefined) {
    const held = data.held === null ? null : opened(data.held)
    for (const lens of mapping.groups) {
      if (data.adopted)
        adoptGroup(edit, connection, lens, intent, isAnothers(edit, connection) ? [] : (data.made ?? []))
      else answerGroup(edit, connection, lens, intent, held, data)
    }
  }
  finish(edit)
}

/** Whether another create of the entity there was given up and may have been taken: then it may be what is found. */
const isAnothers = (edit: EntityEdit, connection: string): boolean =>
  edit.link(connection).intents.some(({ kind }) => kind === "create")

/**
 * What an adopted record holds nobody knows yet: it is read, as at a first link. What was sent proves nothing there, but for
 * what a try of this very create is known to have set: that stood there, and whoever has changed it since has edited.
 */
const adoptGroup = (
  edit: EntityEdit,
  connection: string,
  lens: GroupLens,
  intent: Intent,
  made: ReadonlyArray<string>,
): void => {
  const known = heldUnder(edit.held(connection, lens.group), lens)
  const sent = intent.groups[lens.group]
  const { at } = edit.context.tx.cause
  if (sent === undefined) return
  const raw = lens.write(sent, undefined)
  const names = Object.keys(raw)
  const isMade = names.length > 0 && names.every((name) => made.includes(name))
  const read = isMade ? lens.read(raw, undefined) : null
  if (known.shadow !== null) {
    if (read?._tag === "Known") editedSince(edit, connection, lens, known, read.view)
    return
  }
  edit.setHeld(
    connection,
    lens.group,
    read?._tag === "Known" ? wrote(known, lens, sent, read.view, at) : { ...known, wrote: { view: sent, at } },
  )
}

/** Rules under which nobody is asked about a conflict. */
const RANKING: ReadonlySet<string> = new Set(["Crm", "App", "Strict"])

/**
 * The record was seen before anybody knew that this create had made it, and what it showed was decided as at a first link. It is an
 * edit, unless something was written there since, or a person may have been asked.
 */
const editedSince = (edit: EntityEdit, connection: string, lens: GroupLens, known: HeldState, made: View): void => {
  const { parked, seen, shadow, wrote: written } = known
  if (seen === undefined || shadow === null || written !== undefined || lens.same(shadow, made)) return
  if (!sameRecord(edit.link(connection).primary, seen.record)) return
  const isUndecided = parked !== undefined || lens.empty(shadow)
  if (!isUndecided && !RANKING.has(edit.context.policy.rule(edit.type, lens.group)._tag)) return
  observeGroup(edit, { connection, lens, view: shadow, provenance: seen, by: null, before: made })
}

const answerGroup = (
  edit: EntityEdit,
  connection: string,
  lens: GroupLens,
  intent: Intent,
  held: JsonObject | null,
  data: RecordWritten,
): void => {
  const { tx } = edit.context
  const known = heldUnder(edit.held(connection, lens.group), lens)
  const sent = intent.groups[lens.group]
  if (sent === undefined) {
    // A new record holds nothing of what it was not given, as far as anybody knows.
    if (intent.kind !== "create" || known.shadow !== null) return
    const nothing = lens.get({}, references(tx, connection))
    if (nothing._tag === "View") edit.setHeld(connection, lens.group, { ...known, shadow: nothing.view })
    return
  }
  const refused = data.refused.find((one) => lens.sources.includes(one.name))
  if (refused !== undefined) {
    keepRefused(edit, connection, [[lens, sent]], refused)
    return
  }
  const before = known.shadow ?? undefined
  // Without an answer that carries values the record holds what was sent, put where the lens puts it.
  const read = held === null ? lens.read(lens.write(sent, before), before) : lens.read(held, sent)
  edit.setHeld(connection, lens.group, wrote(known, lens, sent, read._tag === "Known" ? read.view : null, tx.cause.at))
}

/** False where the record is another entity's already: that is a question for people. */
const linkCreated = (
  context: Context,
  edit: EntityEdit,
  connection: string,
  record: RecordKey,
  adopted: boolean,
  intent: Intent | undefined,
): boolean => {
  const { tx } = context
  const known = recordDoc(tx, connection, record)
  const link = edit.link(connection)
  if (known?.state === "linked" && known.entity !== null && known.entity !== edit.doc.id) {
    const holder = entityDoc(tx, edit.type, known.entity)
    const mine = groupValues(edit.doc)
    if (holder !== null && contradicts(edit.type, "email:", mine, groupValues(holder))) {
      // Two people with one address: the provider has room for one of them, and nobody has to be asked who is who.
      const state = connectionDoc(tx, connection)
      for (const lens of state === null ? [] : (mappingOf(context, state, record.object, edit.type)?.groups ?? [])) {
        const view = intent?.groups[lens.group]
        if (view === undefined) continue
        const message = "the provider has this address for somebody else"
        const refused = { view, code: "uniqueness", message, awaits: [recordKey(record)] }
        edit.setHeld(connection, lens.group, { ...heldUnder(edit.held(connection, lens.group), lens), refused })
      }
      return false
    }
    finish(edit)
    ask(
      context,
      connection,
      record,
      edit.type,
      [known.entity, edit.doc.id].toSorted(),
      "the record it would be is another's",
    )
    edit.doc = entityDoc(tx, edit.type, edit.doc.id)!
    return false
  }
  if (link.primary !== null) return recordKey(link.primary) === recordKey(record)
  edit.setLink(connection, { ...link, primary: record, tombstone: null })
  if (known?.state !== "linked") settleLink(context, connection, record, edit.type, edit.doc.id, true)
  const how = adopted ? "adopted" : "created"
  edit.say(entityEventType(edit.type, "Linked"), { type: edit.type, link: { connection, record, primary: true, how } })
  return true
}

export const writeRefused = (context: Context, data: WriteRefused): void => {
  const { tx } = context
  const { connection } = data
  const doc = entityDoc(tx, data.entity.type, data.entity.id)
  const state = connectionDoc(tx, connection)
  if (doc === null || state === null) return
  const edit = new EntityEdit(context, doc, doc)
  if (data.code === SUPERSEDED) {
    without(edit, connection, data.key)
    finish(edit)
    return
  }
  tx.count(connection, "refused")
  const link = edit.link(connection)
  const isCreate = link.intents.some((one) => one.key === data.key && one.kind === "create")
  if (data.effect === "unknown") {
    edit.setLink(connection, {
      ...link,
      intents: link.intents.map((one) => (one.key === data.key ? { ...one, unknown: true } : one)),
    })
    finish(edit)
    return
  }
  const intent = without(edit, connection, data.key)
  const mapping = mappingOf(context, state, data.object, edit.type)
  const refused = (mapping?.groups ?? []).flatMap((lens): Refused => {
    const sent = intent?.groups[lens.group]
    // A refusal that names a field stands for its group; the others are sent again without it.
    const isOfOther = data.field !== null && !isCreate && !lens.sources.includes(data.field)
    return sent === undefined || isOfOther ? [] : [[lens, sent]]
  })
  const isHeld = data.code === "uniqueness" && data.existing !== null
  keepRefused(edit, connection, refused, data, isHeld ? [`${data.object}:${data.existing}`] : [])
  finish(edit)
  if (isCreate) createResolved(context, connection, data.entity.type, data.key)
}

/** A create is no longer under way: records that waited to see whether they are it are looked at again. */
const createResolved = (context: Context, connection: string, type: EntityType, key: string): void => {
  const { tx } = context
  putCreating(tx, connection, type, key, false)
  for (const place of tx.range("waiting", `${connection}|`)) placeWaiting(context, connection, place, key)
}

const placeWaiting = (context: Context, connection: string, waiting: string, key: string): void => {
  const { tx } = context
  const cut = waiting.indexOf(":")
  const record = { object: waiting.slice(connection.length + 1, cut), id: waiting.slice(cut + 1) }
  const known = recordDoc(tx, connection, record)
  const state = connectionDoc(tx, connection)
  if (state === null || known === null || known.state !== "waiting" || known.observation === undefined) {
    tx.put("waiting", waiting, null)
    return
  }
  const keys = (known.keys ?? []).filter((one) => one !== key)
  if (keys.length > 0) {
    putRecord(tx, connection, record, { ...known, keys } satisfies RecordDoc)
    tx.put("waiting", waiting, { keys })
    return
  }
  tx.put("waiting", waiting, null)
  // It waited for the creates that were unresolved when it was seen, and for no later ones.
  place(context, state, known.observation, { others: known.others ?? [], waited: true })
}
