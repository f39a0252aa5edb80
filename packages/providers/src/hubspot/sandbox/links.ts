/** Associations between records: stored in both directions, with their type ids. They move no modified date. */
import { primary, unlabelled } from "./catalog.ts"
import { record, type Portal } from "./portal.ts"
import type { Actor, WriteLogEntry } from "./shapes.ts"
import { emitAssociation } from "./webhooks.ts"

export interface Link {
  readonly to: number
  readonly types: ReadonlySet<number>
}

export const linksFrom = (portal: Portal, from: string, id: number, to: string): ReadonlyArray<Link> =>
  [...(portal.associations.get(`${from}>${to}`)?.get(id) ?? [])].map(([other, types]) => ({ to: other, types }))

const typesOf = (portal: Portal, from: string, id: number, to: string, other: number): Set<number> => {
  const pair = `${from}>${to}`
  const byFrom = portal.associations.get(pair) ?? new Map<number, Map<number, Set<number>>>()
  portal.associations.set(pair, byFrom)
  const byTo = byFrom.get(id) ?? new Map<number, Set<number>>()
  byFrom.set(id, byTo)
  const types = byTo.get(other) ?? new Set<number>()
  byTo.set(other, types)
  return types
}

/** The same relation seen from the other side. */
const inverse = (from: string, to: string, typeId: number): number | undefined =>
  typeId === primary(from, to) ? primary(to, from) : unlabelled(to, from)

export const isKnownType = (from: string, to: string, typeId: number): boolean =>
  typeId === unlabelled(from, to) || typeId === primary(from, to)

const add = (portal: Portal, from: string, id: number, to: string, other: number, typeId: number): boolean => {
  const plain = unlabelled(from, to)
  const types = typesOf(portal, from, id, to, other)
  const before = types.size
  // A contact or deal has one primary company, and a company is that of many.
  if (to === "companies" && typeId === primary(from, to)) {
    const back = primary(to, from)
    for (const [known, held] of portal.associations.get(`${from}>${to}`)?.get(id) ?? []) {
      if (known === other) continue
      held.delete(typeId)
      if (back !== undefined) portal.associations.get(`${to}>${from}`)?.get(known)?.get(id)?.delete(back)
    }
  }
  types.add(typeId)
  if (plain !== undefined) types.add(plain)
  return types.size > before
}

const drop = (portal: Portal, from: string, id: number, to: string, other: number): boolean =>
  portal.associations.get(`${from}>${to}`)?.get(id)?.delete(other) ?? false

/** Without log and webhook: how the portal was before. */
export const plantLink = (
  portal: Portal,
  from: string,
  id: number,
  to: string,
  other: number,
  typeId?: number,
): void => {
  const type = typeId ?? unlabelled(from, to)
  if (type === undefined) throw new Error(`no association from ${from} to ${to}`)
  const back = inverse(from, to, type)
  add(portal, from, id, to, other, type)
  if (back !== undefined) add(portal, to, other, from, id, back)
}

export const associate = (
  portal: Portal,
  from: string,
  id: number,
  to: string,
  other: number,
  typeId: number,
  actor: Actor,
  marks: Pick<WriteLogEntry, "asked"> = {},
): void => {
  const back = inverse(from, to, typeId)
  const added = add(portal, from, id, to, other, typeId)
  if (back !== undefined) add(portal, to, other, from, id, back)
  record(portal, {
    object: from,
    id: String(id),
    kind: "associate",
    by: actor.source,
    to: { object: to, id: String(other), typeId },
    changed: added,
    ...marks,
  })
  if (!added) return
  emitAssociation(portal, from, id, to, other, false, typeId === primary(from, to), actor)
  // A primary association is two associations, and raises two events.
  if (typeId === primary(from, to)) emitAssociation(portal, from, id, to, other, false, false, actor)
}

/** Takes every type away: the unlabelled association can't go without the labelled ones. */
export const dissociate = (portal: Portal, from: string, id: number, to: string, other: number, actor: Actor): void => {
  const there = drop(portal, from, id, to, other)
  drop(portal, to, other, from, id)
  record(portal, {
    object: from,
    id: String(id),
    kind: "dissociate",
    by: actor.source,
    to: { object: to, id: String(other), typeId: null },
    changed: there,
  })
  if (there) emitAssociation(portal, from, id, to, other, true, false, actor)
}

/** After a merge: what `old` was associated with, `current` is. */
export const moveAssociations = (portal: Portal, object: string, old: number, current: number): void => {
  for (const [pair, byFrom] of portal.associations) {
    const [from, to] = pair.split(">") as [string, string]
    const held = from === object ? byFrom.get(old) : undefined
    if (held === undefined) continue
    for (const [other, types] of held) {
      drop(portal, to, other, from, old)
      for (const typeId of types) plantLink(portal, from, current, to, other, typeId)
    }
    byFrom.delete(old)
  }
}
