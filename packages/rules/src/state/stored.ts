/**
 * Documents as text. An entity says the same few things of its connections again and again (where a value was seen, under
 * which lens): in its text each is said once and referred to by number, or most of the state would be repetition. So is what
 * a connection holds where it is the value itself, as it is wherever all are in agreement.
 */
import type { GroupValue, Value } from "@concordat/model/canonical/fields"
import type { EntityDoc, GroupState, HeldState, LinkState } from "./documents.ts"

/** Numbers for values, in the order of first use; the same value has the same number. */
class Shared {
  readonly values: Array<unknown> = []
  readonly #byIdentity = new Map<unknown, number>()
  readonly #byText = new Map<string, number>()

  numberOf(value: unknown): number {
    const known = this.#byIdentity.get(value)
    if (known !== undefined) return known
    // Texts are identical where they are alike.
    const text = typeof value === "string" ? null : JSON.stringify(value)
    if (text === null) {
      const number = this.values.push(value) - 1
      this.#byIdentity.set(value, number)
      return number
    }
    let number = this.#byText.get(text)
    if (number === undefined) {
      number = this.values.push(value) - 1
      this.#byText.set(text, number)
    }
    this.#byIdentity.set(value, number)
    return number
  }
}

const mapped = <A, B>(record: Readonly<Record<string, A>>, to: (value: A, name: string) => B): Record<string, B> => {
  const made: Record<string, B> = {}
  for (const name of Object.keys(record)) made[name] = to(record[name]!, name)
  return made
}

/** `null`: no write; a number: a write of the view that is the shadow, at that time. */
type PackedWrite = null | number | NonNullable<HeldState["wrote"]>
/** The shadow says what the group's value says. */
const THE_VALUE = 1
type PackedShadow = HeldState["shadow"] | typeof THE_VALUE
/** Signature and sight by number (-1: not seen), and what few have. Names of members would be a third of the text. */
type PackedHeld = readonly [
  signature: number,
  shadow: PackedShadow,
  seen: number,
  wrote: PackedWrite,
  rest?: Omit<HeldState, "signature" | "shadow" | "seen" | "wrote">,
]
type PackedGroup = readonly [value: GroupState["value"], revision: number, provenance: number]

interface Packed {
  readonly shared: ReadonlyArray<unknown>
  readonly entity: Omit<EntityDoc, "groups" | "links"> & {
    readonly groups: Readonly<Record<string, PackedGroup>>
    readonly links: Readonly<
      Record<string, Omit<LinkState, "groups"> & { readonly groups: Readonly<Record<string, PackedHeld>> }>
    >
  }
}

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

const packShadow = (shadow: HeldState["shadow"], value: GroupValue | undefined): PackedShadow =>
  shadow !== null && value !== undefined && isAlike(shadow, value) ? THE_VALUE : shadow

const PLACED: ReadonlySet<string> = new Set(["signature", "shadow", "seen", "wrote"])
/** What has no place of its own; undefined: nothing. */
const restOf = (held: HeldState): PackedHeld[4] => {
  let rest: Record<string, unknown> | undefined
  for (const name in held) if (!PLACED.has(name)) (rest ??= {})[name] = held[name as keyof HeldState]
  return rest as PackedHeld[4]
}

const packEntity = (doc: EntityDoc): string => {
  const shared = new Shared()
  const group = ({ provenance, revision, value }: GroupState): PackedGroup => [
    value,
    revision,
    shared.numberOf(provenance),
  ]
  const held = (one: HeldState, name: string): PackedHeld => {
    const { seen, signature, wrote } = one
    const shadow = packShadow(one.shadow, doc.groups[name]?.value)
    const sight = seen === undefined ? -1 : shared.numberOf(seen)
    const write = packWrite(wrote, one.shadow)
    const number = shared.numberOf(signature)
    const rest = restOf(one)
    return rest === undefined ? [number, shadow, sight, write] : [number, shadow, sight, write, rest]
  }
  const groups = mapped(doc.groups, group)
  const links = mapped(doc.links, (link) => ({ ...link, groups: mapped(link.groups, held) }))
  const packed: Packed = { shared: shared.values, entity: { ...doc, groups, links } }
  return JSON.stringify(packed)
}

/** By index: what takes an array apart makes an iterator for each, and these are the most of an entity. */
const unpackHeld = (packed: PackedHeld, shared: ReadonlyArray<unknown>, value: GroupValue | undefined): object => {
  const shadow = packed[1] === THE_VALUE ? value : packed[1]
  const signature = shared[packed[0]]
  const held: Record<string, unknown> =
    packed[2] < 0 ? { signature, shadow } : { signature, shadow, seen: shared[packed[2]] }
  const write = packed[3]
  if (write !== null) held["wrote"] = typeof write === "number" ? { view: shadow, at: write } : write
  return packed[4] === undefined ? held : Object.assign(held, packed[4])
}

/** The text is ours, so its shape is known: what is packed is replaced where it stands. */
const unpackEntity = (text: string): EntityDoc => {
  const { entity, shared } = JSON.parse(text) as Packed
  const open = (groups: object): Record<string, unknown> => groups as Record<string, unknown>
  const groups = open(entity.groups)
  for (const name in groups) {
    const packed = groups[name] as PackedGroup
    groups[name] = { value: packed[0], revision: packed[1], provenance: shared[packed[2]] }
  }
  for (const connection in entity.links) {
    const held = open(entity.links[connection]!.groups)
    for (const name in held)
      held[name] = unpackHeld(held[name] as PackedHeld, shared, (groups[name] as GroupState | undefined)?.value)
  }
  return entity as unknown as EntityDoc
}

export const encodeDocument = (kind: string, value: unknown): string =>
  kind === "entity" ? packEntity(value as EntityDoc) : JSON.stringify(value)

export const decodeDocument = (kind: string, text: string): unknown =>
  kind === "entity" ? unpackEntity(text) : (JSON.parse(text) as unknown)
