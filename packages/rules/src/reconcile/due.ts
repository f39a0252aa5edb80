/** What a connection should hold and does not: one row per connection and entity, with a sequence that grows with it. */
import type { EntityType, GroupValue } from "@concordat/model/canonical/fields"
import { fieldOf } from "@concordat/model/canonical/types"
import { shortHash } from "@concordat/model/ids"
import { canonicalJson } from "@concordat/model/json"
import type { GroupLens, ObjectMapping, Problem, View } from "../mapping/lens.ts"
import { editionOf } from "../edition.ts"
import { connectionDoc, entityDoc, linkOf, tenantDoc } from "../state/access.ts"
import type { ConnectionDoc, DueDoc, EntityDoc, HeldState, LinkState, RecordKey } from "../state/documents.ts"
import {
  type Context,
  heldUnder,
  holds,
  mappingOf,
  objectMappings,
  references,
  standsFor,
  stoodFor,
  valueOf,
} from "./context.ts"
import type { EntityEdit } from "./edit.ts"
import { isReference } from "./lenses.ts"

export interface Due {
  readonly kind: "create" | "update" | "archive"
  readonly mapping: ObjectMapping
  readonly record: RecordKey | null
  readonly groups: Readonly<Record<string, View>>
}

/** What was found on the way: entities that are waited for, and values that can't be held there. */
export interface Obstacles {
  readonly waiting: (lens: GroupLens, ids: ReadonlyArray<string>) => void
  readonly held: (group: string, held: HeldState) => void
}

export const nothing: Obstacles = { waiting: () => {}, held: () => {} }

/** Groups of which nothing was due and nothing has moved since. */
type Settled = (group: string) => boolean
const none: Settled = () => false

export const groupValues = (doc: EntityDoc): Readonly<Record<string, GroupValue>> => {
  const values: Record<string, GroupValue> = {}
  for (const group in doc.groups) values[group] = doc.groups[group]!.value
  return values
}

/** What a connection should hold of a group; null where it can't be said now, or can't be held there. */
export const wantedView = (
  context: Context,
  doc: EntityDoc,
  connection: string,
  lens: GroupLens,
  held: HeldState,
  obstacles: Obstacles,
): View | null => {
  const got = lens.get(valueOf(doc, lens.group), references(context.tx, connection))
  if (got._tag !== "Problem" && held.problem !== undefined) {
    const { problem: _, ...free } = held
    obstacles.held(lens.group, free)
  }
  if (got._tag === "Problem") {
    if (canonicalJson(held.problem) !== canonicalJson(got.problem))
      obstacles.held(lens.group, { ...held, problem: got.problem })
    return null
  }
  if (got.waiting.length > 0) obstacles.waiting(lens, got.waiting)
  return got._tag === "View" ? withUnknown(context, doc, connection, lens, held, got.view) : null
}

/**
 * What stands there and is linked to nothing of that type is not ours to take away: in a set it stays beside what we want,
 * and a single reference to it is left alone until it is known. A duplicate is as good as the primary record of its entity, and
 * one that was merged away is as known as the one that stands for it. One that was deleted is known too: it may come back.
 */
const withUnknown = (
  context: Context,
  doc: EntityDoc,
  connection: string,
  lens: GroupLens,
  held: HeldState,
  wanted: View,
): View => {
  if (held.shadow === null || !isReference(doc.type, lens)) return wanted
  const refs = references(context.tx, connection)
  const value = valueOf(doc, lens.group)
  /** One of a set that was deleted there, and that nobody wants any more. */
  const isDropped = (one: string, name: string, to: EntityType): boolean => {
    if (held.before !== undefined || editionOf(context.tx) < 2) return false
    const entity = stoodFor(context.tx, connection, to, one)
    const meant = (value[name] ?? []) as ReadonlyArray<string>
    return entity !== undefined && !meant.some((id) => entityDoc(context.tx, to, id)?.id === entity)
  }
  let view = wanted
  for (const name of lens.fields) {
    const field = fieldOf(doc.type, name)
    const there = held.shadow[name]
    if (field?.to === undefined || there === null || there === undefined) continue
    const { to } = field
    if (typeof there === "string") {
      const ours = view[name]
      if (there === ours) continue
      // Shown since it was deleted, it is about to come back, and waits for that.
      const entity = (held.before === undefined ? stoodFor : standsFor)(context.tx, connection, to, there)
      if (entity === undefined || (typeof ours === "string" && refs.entity(to, ours) === entity))
        view = { ...view, [name]: there }
    } else if (Array.isArray(there)) {
      const ours = (view[name] ?? []) as ReadonlyArray<string>
      const besides = (there as ReadonlyArray<string>).filter((one) => !ours.includes(one))
      if (besides.length === 0) continue
      const known = new Map(besides.map((one) => [refs.entity(to, one), one]))
      const standing = ours.map((one) => (there.includes(one) ? one : (known.get(refs.entity(to, one)) ?? one)))
      const unknown = besides.filter((one) => refs.entity(to, one) === undefined && !isDropped(one, name, to))
      view = { ...view, [name]: [...standing, ...unknown] }
    }
  }
  return view
}

const dueUpdate = (
  context: Context,
  doc: EntityDoc,
  connection: string,
  state: ConnectionDoc,
  link: LinkState & { readonly primary: RecordKey },
  obstacles: Obstacles,
  isSettled: Settled,
): Due | null => {
  const mapping = mappingOf(context, state, link.primary.object, doc.type)
  if (mapping === undefined) return null
  const groups: Record<string, View> = {}
  for (const lens of mapping.groups) {
    if (lens.direction === "in" || lens.readOnly !== null || doc.groups[lens.group] === undefined) continue
    if (isSettled(lens.group)) continue
    const held = heldUnder(link.groups[lens.group], lens)
    // Never read there, so unknown: writing would be blind.
    if (held.shadow === null) continue
    const wanted = wantedView(context, doc, connection, lens, held, obstacles)
    if (wanted === null || held.parked !== undefined || held.quarantined === true) continue
    if (held.refused !== undefined) {
      const isThere = editionOf(context.tx) >= 2 && holds(lens, held, wanted, held.shadow)
      if (lens.same(held.refused.view, wanted) && !isThere) continue
      // The dead letter stood for another value, or for one that somebody else has put there since.
      const { problem: _, refused: __, ...free } = held
      obstacles.held(lens.group, free)
    }
    if (!holds(lens, held, wanted, held.shadow)) groups[lens.group] = wanted
  }
  return Object.keys(groups).length === 0 ? null : { kind: "update", mapping, record: link.primary, groups }
}

const without = (
  doc: EntityDoc,
  connection: string,
  mapping: ObjectMapping,
  source: string,
  obstacles: Obstacles,
): void => {
  const lenses = mapping.groups.filter((one) => one.sources.includes(source))
  const lens = lenses[0]
  if (lens === undefined) return
  const names = lenses.flatMap((one) => one.fields).join(", ")
  const problem: Problem = {
    code: "unmapped",
    field: source,
    value: "",
    message: `nothing can be created there without one of: ${names}`,
  }
  const held = heldUnder(doc.links[connection]?.groups[lens.group], lens)
  obstacles.held(lens.group, { ...held, problem })
}

const dueCreate = (
  context: Context,
  doc: EntityDoc,
  connection: string,
  state: ConnectionDoc,
  link: LinkState,
  obstacles: Obstacles,
): Due | null => {
  if (link.tombstone !== null || doc.questions.length > 0 || link.duplicates.length > 0) return null
  const policy = state.opened.create[doc.type] ?? "never"
  if (policy === "never" || policy === "linkOnly" || state.opened.class !== "peer") return null
  const values = groupValues(doc)
  const mapping = objectMappings(context, state).find(
    (one) => one.type === doc.type && one.canCreate && one.accepts(values),
  )
  if (mapping === undefined) return null
  const groups: Record<string, View> = {}
  let isRefused = false
  let hasNews = false
  let waits = false
  const noting: Obstacles = {
    ...obstacles,
    waiting: (lens, ids) => {
      waits = true
      obstacles.waiting(lens, ids)
    },
  }
  for (const lens of mapping.groups) {
    if (lens.direction === "in" || (lens.readOnly !== null && !lens.onCreate) || doc.groups[lens.group] === undefined)
      continue
    const held = heldUnder(link.groups[lens.group], lens)
    const wanted = wantedView(context, doc, connection, lens, held, noting)
    if (wanted === null || lens.empty(wanted)) continue
    groups[lens.group] = wanted
    if (held.refused === undefined) continue
    isRefused = true
    if (!lens.same(held.refused.view, wanted)) hasNews = true
  }
  const missing = mapping.needs.find(
    (source) => !mapping.groups.some((lens) => groups[lens.group] !== undefined && lens.sources.includes(source)),
  )
  if (missing !== undefined && Object.keys(groups).length > 0) {
    // What it refers to comes first; where it refers to nothing, a person has to say to what.
    if (!waits) without(doc, connection, mapping, missing, obstacles)
    return null
  }
  if (Object.keys(groups).length === 0 || (isRefused && !hasNews)) return null
  return { kind: "create", mapping, record: null, groups }
}

/** What is due of an entity in a connection, were it armed. */
export const computeDue = (
  context: Context,
  doc: EntityDoc,
  connection: string,
  state: ConnectionDoc,
  obstacles: Obstacles = nothing,
  isSettled: Settled = none,
): Due | null => {
  const link = linkOf(doc, connection)
  if (doc.mergedInto !== null) return null
  const { primary } = link
  if (doc.archived !== null) {
    const mapping = primary === null ? undefined : mappingOf(context, state, primary.object, doc.type)
    if (primary === null || mapping === undefined || context.policy.deletions(doc.type) !== "propagate") return null
    return { kind: "archive", mapping, record: primary, groups: {} }
  }
  if (primary !== null) return dueUpdate(context, doc, connection, state, { ...link, primary }, obstacles, isSettled)
  // Something has to hold it somewhere, else there is nothing to tell.
  return isAlive(doc) ? dueCreate(context, doc, connection, state, link, obstacles) : null
}

/** Of what is due, to see whether it is still the same. Views have their slots in the order of the mapping. */
const hashOf = (due: Due): string => shortHash(JSON.stringify([due.kind, due.mapping.object, due.record, due.groups]))

const isAlive = (doc: EntityDoc): boolean => Object.values(doc.links).some((link) => link.primary !== null)

/** Whether what an entity is, its values aside, is as it was. */
const isAsBefore = (before: EntityDoc, doc: EntityDoc): boolean =>
  before.archived === doc.archived &&
  before.mergedInto === doc.mergedInto &&
  before.questions === doc.questions &&
  isAlive(before) === isAlive(doc)

/** And its place in a connection. */
const isLinkAsBefore = (before: LinkState, link: LinkState): boolean =>
  before.primary === link.primary && before.tombstone === link.tombstone && before.duplicates === link.duplicates

/** A group that moved neither with us nor there is as due as before: where nothing was, it is not. */
const settledSince = (before: EntityDoc, doc: EntityDoc, connection: string): Settled => {
  const [was, is] = [linkOf(before, connection), linkOf(doc, connection)]
  return was.due.hash === null
    ? (group) => before.groups[group] === doc.groups[group] && was.groups[group] === is.groups[group]
    : none
}

/** Brings the due rows of an entity up to date, and wakes the connections for which there is news. */
export const refreshDue = (
  edit: EntityEdit,
  onWaiting: (connection: string, lens: GroupLens, ids: ReadonlyArray<string>) => void,
  onDue: (connection: string, due: Due | null) => void,
): void => {
  const { context } = edit
  const { tx } = context
  const { original } = edit
  const known = original !== null && isAsBefore(original, edit.doc) ? original : null
  for (const connection of tenantDoc(tx).connections) {
    const state = connectionDoc(tx, connection)
    if (state === null || state.closed) continue
    // What follows from what has not changed is not asked again.
    const isAfresh = edit.afresh === "*" || edit.afresh === connection
    const before =
      !isAfresh && known !== null && isLinkAsBefore(linkOf(known, connection), edit.link(connection)) ? known : null
    if (
      before !== null &&
      before.groups === edit.doc.groups &&
      linkOf(before, connection).groups === edit.link(connection).groups
    )
      continue
    const due = computeDue(
      context,
      edit.doc,
      connection,
      state,
      {
        waiting: (lens, ids) => onWaiting(connection, lens, ids),
        held: (group, held) => edit.setHeld(connection, group, held),
      },
      before === null ? none : settledSince(before, edit.doc, connection),
    )
    onDue(connection, due)
    const link = edit.link(connection)
    const hash = due === null ? null : hashOf(due)
    if (hash === link.due.hash) continue
    const key = `${connection}|${edit.key}`
    if (due === null) {
      edit.setLink(connection, { ...link, due: { seq: link.due.seq, hash: null } })
      tx.put("due", key, null)
      continue
    }
    const seq = link.due.seq + 1
    edit.setLink(connection, { ...link, due: { seq, hash } })
    tx.put("due", key, {
      seq,
      kind: due.kind,
      groups: Object.keys(due.groups).toSorted(),
      since: tx.cause.at,
    } satisfies DueDoc)
    tx.wake({ connection, entity: edit.key, seq })
  }
}

/** The type that a single reference or a set of them points to. */
export const targetOf = (edit: EntityEdit, lens: GroupLens) =>
  lens.fields.map((field) => fieldOf(edit.type, field)?.to).find((to) => to !== undefined)
