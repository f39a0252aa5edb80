/**
 * An entity as what its text says. It says the same few things of its connections again and again (where a value was seen,
 * under which lens), and of most members what nearly all have: each is said once and referred to by number, what a connection
 * holds is not said where it is the value itself, as it is wherever all are in agreement, and what is usual is left out.
 */
import type { EntityType, GroupValue, Value } from "@concordat/model/canonical/fields"
import type { Provenance } from "@concordat/model/events/entity"
import type { EntityDoc, GroupState, HeldState, LinkState, RecordKey } from "./documents.ts"

type PackedProvenance = readonly [
  connection: string,
  object: string,
  id: string,
  event: string,
  after: number,
  until: number,
  provider: 0 | 1,
]

const packProvenance = ({ after, connection, event, provider, record, until }: Provenance): PackedProvenance => [
  connection,
  record.object,
  record.id,
  event,
  after,
  until,
  provider ? 1 : 0,
]

const unpackProvenance = (packed: PackedProvenance): Provenance => ({
  connection: packed[0],
  record: { object: packed[1], id: packed[2] },
  event: packed[3],
  after: packed[4],
  until: packed[5],
  provider: packed[6] === 1,
})

/** Numbers for signatures and provenances, in the order of first use; what is alike has the same number. */
class Shared {
  readonly values: Array<string | PackedProvenance> = []
  readonly #known = new Map<unknown, number>()

  signature(text: string): number {
    return this.#known.get(text) ?? this.#add(text, text)
  }

  provenance(one: Provenance): number {
    const known = this.#known.get(one)
    if (known !== undefined) return known
    // Two of the same event are told apart by the rest.
    const packed = packProvenance(one)
    const text = JSON.stringify(packed)
    const number = this.#known.get(text) ?? this.#add(text, packed)
    this.#known.set(one, number)
    return number
  }

  #add(name: string, value: string | PackedProvenance): number {
    const number = this.values.push(value) - 1
    this.#known.set(name, number)
    return number
  }
}

/** `null`: no write; a number: a write of the view that is the shadow, at that time. */
type PackedWrite = null | number | NonNullable<HeldState["wrote"]>
/** The shadow says what the group's value says. */
const THE_VALUE = 1
type PackedShadow = HeldState["shadow"] | typeof THE_VALUE
type Rest = Omit<HeldState, "signature" | "shadow" | "seen" | "wrote">
/** Signature and sight by number (-1: not seen), and what few have. Two are enough where it holds the value and nothing was written. */
type PackedHeld =
  | readonly [signature: number, seen: number]
  | readonly [signature: number, shadow: PackedShadow, seen: number, wrote: PackedWrite, rest?: Rest]
/** Without a revision: of the first. */
type PackedGroup =
  | readonly [value: GroupValue, provenance: number]
  | readonly [value: GroupValue, revision: number, provenance: number]
/** A list: in the order of the entity's groups, 0 where it holds none of one. By name where its order is another. */
type PackedHeldGroups = ReadonlyArray<PackedHeld | 0> | Readonly<Record<string, PackedHeld>>
/** What is absent is as in a link to a record that nothing has happened to. */
interface PackedLink extends Partial<Omit<LinkState, "groups" | "primary">> {
  readonly primary: RecordKey | null
  readonly groups: PackedHeldGroups
}
/** What is absent is as in an entity that nothing has happened to. */
interface PackedEntity extends Partial<Omit<EntityDoc, "groups" | "links">> {
  readonly type: EntityType
  readonly id: string
  readonly revision: number
}
export type Packed = readonly [
  entity: PackedEntity,
  shared: ReadonlyArray<string | PackedProvenance>,
  groups: Readonly<Record<string, PackedGroup>>,
  links: Readonly<Record<string, PackedLink>>,
]

const packWrite = (wrote: HeldState["wrote"], shadow: HeldState["shadow"]): PackedWrite => {
  if (wrote === undefined) return null
  return wrote.view === shadow || JSON.stringify(wrote.view) === JSON.stringify(shadow) ? wrote.at : wrote
}

const isSame = (a: Value | undefined, b: Value | undefined): boolean =>
  a === b ||
  (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((member, index) => member === b[index]))

/** Whether both have one text: the same members in the same order. */
const isAlike = (a: GroupValue, b: GroupValue): boolean => {
  const [names, others] = [Object.keys(a), Object.keys(b)]
  if (names.length !== others.length) return false
  for (let at = 0; at < names.length; at++) {
    const name = names[at]!
    if (name !== others[at] || !isSame(a[name], b[name])) return false
  }
  return true
}

const PLACED: ReadonlySet<string> = new Set(["signature", "shadow", "seen", "wrote"])
/** What has no place of its own; undefined: nothing. */
const restOf = (held: HeldState): Rest | undefined => {
  let rest: Record<string, unknown> | undefined
  for (const name in held) if (!PLACED.has(name)) (rest ??= {})[name] = held[name as keyof HeldState]
  return rest as Rest | undefined
}

const packHeld = (held: HeldState, value: GroupValue | undefined, shared: Shared): PackedHeld => {
  const { seen, shadow, wrote } = held
  const isValue = shadow !== null && value !== undefined && isAlike(shadow, value)
  const [signature, sight] = [shared.signature(held.signature), seen === undefined ? -1 : shared.provenance(seen)]
  const rest = restOf(held)
  if (isValue && wrote === undefined && rest === undefined) return [signature, sight]
  const write = packWrite(wrote, shadow)
  const there = isValue ? THE_VALUE : shadow
  return rest === undefined ? [signature, there, sight, write] : [signature, there, sight, write, rest]
}

const packHeldGroups = (
  held: LinkState["groups"],
  groups: EntityDoc["groups"],
  names: ReadonlyArray<string>,
  shared: Shared,
): PackedHeldGroups => {
  const own = Object.keys(held)
  const list: Array<PackedHeld | 0> = []
  let next = 0
  for (let at = 0; at < names.length && next < own.length; at++) {
    const name = names[at]!
    if (name !== own[next]) list.push(0)
    else {
      list.push(packHeld(held[name]!, groups[name]!.value, shared))
      next += 1
    }
  }
  if (next === own.length) return list
  const byName: Record<string, PackedHeld> = {}
  for (const name of own) byName[name] = packHeld(held[name]!, groups[name]?.value, shared)
  return byName
}

export const packEntity = (doc: EntityDoc): Packed => {
  const shared = new Shared()
  const names = Object.keys(doc.groups)
  const groups: Record<string, PackedGroup> = {}
  for (const name of names) {
    const { provenance, revision, value } = doc.groups[name]!
    const number = shared.provenance(provenance)
    groups[name] = revision === 0 ? [value, number] : [value, revision, number]
  }
  const links: Record<string, PackedLink> = {}
  for (const connection of Object.keys(doc.links)) {
    const { due, duplicates, groups: held, intents, primary, tombstone } = doc.links[connection]!
    const link: { -readonly [K in keyof PackedLink]: PackedLink[K] } = {
      primary,
      groups: packHeldGroups(held, doc.groups, names, shared),
    }
    if (duplicates.length > 0) link.duplicates = duplicates
    if (tombstone !== null) link.tombstone = tombstone
    if (intents.length > 0) link.intents = intents
    if (due.seq !== 0 || due.hash !== null) link.due = due
    links[connection] = link
  }
  const { archived, id, keys, mergedInto, merges, notSame, questions, revision, type } = doc
  const entity: { -readonly [K in keyof PackedEntity]: PackedEntity[K] } = { type, id, revision }
  if (keys.length > 0) entity.keys = keys
  if (archived !== null) entity.archived = archived
  if (mergedInto !== null) entity.mergedInto = mergedInto
  if (merges.length > 0) entity.merges = merges
  if (notSame.length > 0) entity.notSame = notSame
  if (questions.length > 0) entity.questions = questions
  return [entity, shared.values, groups, links]
}

type Opened = ReadonlyArray<string | Provenance>

/** By index: what takes an array apart makes an iterator for each, and these are the most of an entity. */
const unpackHeld = (packed: PackedHeld, shared: Opened, value: GroupValue | undefined): HeldState => {
  const signature = shared[packed[0]] as string
  if (packed.length === 2) {
    const shadow = value as HeldState["shadow"]
    return packed[1] < 0 ? { signature, shadow } : { signature, shadow, seen: shared[packed[1]] as Provenance }
  }
  const shadow = packed[1] === THE_VALUE ? (value as HeldState["shadow"]) : packed[1]
  const held: Record<string, unknown> =
    packed[2] < 0 ? { signature, shadow } : { signature, shadow, seen: shared[packed[2]] }
  const write = packed[3]
  if (write !== null) held["wrote"] = typeof write === "number" ? { view: shadow, at: write } : write
  return (packed[4] === undefined ? held : Object.assign(held, packed[4])) as unknown as HeldState
}

const isList = (groups: PackedHeldGroups): groups is ReadonlyArray<PackedHeld | 0> => Array.isArray(groups)

const unpackHeldGroups = (
  packed: PackedHeldGroups,
  groups: EntityDoc["groups"],
  names: ReadonlyArray<string>,
  shared: Opened,
): LinkState["groups"] => {
  const held: Record<string, HeldState> = {}
  if (isList(packed)) {
    for (let at = 0; at < packed.length; at++) {
      const one = packed[at]!
      const name = names[at]!
      if (one !== 0) held[name] = unpackHeld(one, shared, groups[name]!.value)
    }
  } else for (const name in packed) held[name] = unpackHeld(packed[name]!, shared, groups[name]?.value)
  return held
}

const NONE: ReadonlyArray<never> = []
const NOTHING_DUE: LinkState["due"] = { seq: 0, hash: null }

export const unpackEntity = ([entity, packedShared, packedGroups, packedLinks]: Packed): EntityDoc => {
  const shared: Opened = packedShared.map((one) => (typeof one === "string" ? one : unpackProvenance(one)))
  const names = Object.keys(packedGroups)
  const groups: Record<string, GroupState> = {}
  for (const name of names) {
    const packed = packedGroups[name]!
    groups[name] =
      packed.length === 2
        ? { value: packed[0], revision: 0, provenance: shared[packed[1]] as Provenance }
        : { value: packed[0], revision: packed[1], provenance: shared[packed[2]] as Provenance }
  }
  const links: Record<string, LinkState> = {}
  for (const connection in packedLinks) {
    const { due, duplicates, groups: held, intents, primary, tombstone } = packedLinks[connection]!
    links[connection] = {
      primary,
      duplicates: duplicates ?? NONE,
      tombstone: tombstone ?? null,
      groups: unpackHeldGroups(held, groups, names, shared),
      intents: intents ?? NONE,
      due: due ?? NOTHING_DUE,
    }
  }
  const { archived, id, keys, mergedInto, merges, notSame, questions, revision, type } = entity
  return {
    type,
    id,
    revision,
    groups,
    links,
    keys: keys ?? NONE,
    archived: archived ?? null,
    mergedInto: mergedInto ?? null,
    merges: merges ?? NONE,
    notSame: notSame ?? NONE,
    questions: questions ?? NONE,
  }
}
