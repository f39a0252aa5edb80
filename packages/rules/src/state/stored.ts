/**
 * Documents as text. An entity says the same few things of its connections again and again (where a value was seen, under
 * which lens): in its text each is said once and referred to by number, or most of the state would be repetition.
 */
import type { EntityDoc, GroupState, HeldState } from "./documents.ts"

/** Numbers for values, in the order of first use; the same value has the same number. */
class Shared {
  readonly values: Array<unknown> = []
  readonly #byIdentity = new Map<unknown, number>()
  readonly #byText = new Map<string, number>()

  numberOf(value: unknown): number {
    const known = this.#byIdentity.get(value)
    if (known !== undefined) return known
    const text = JSON.stringify(value)
    let number = this.#byText.get(text)
    if (number === undefined) {
      number = this.values.push(value) - 1
      this.#byText.set(text, number)
    }
    this.#byIdentity.set(value, number)
    return number
  }
}

const mapped = <A, B>(record: Readonly<Record<string, A>>, to: (value: A) => B): Record<string, B> => {
  const made: Record<string, B> = {}
  for (const key of Object.keys(record)) made[key] = to(record[key]!)
  return made
}

const packEntity = (doc: EntityDoc): string => {
  const shared = new Shared()
  const groups = mapped(doc.groups, (state) => ({ ...state, provenance: shared.numberOf(state.provenance) }))
  const held = (one: HeldState) => ({
    ...one,
    signature: shared.numberOf(one.signature),
    ...(one.seen === undefined ? {} : { seen: shared.numberOf(one.seen) }),
  })
  const links = mapped(doc.links, (link) => ({ ...link, groups: mapped(link.groups, held) }))
  return JSON.stringify({ shared: shared.values, entity: { ...doc, groups, links } })
}

/** The text is ours, so its shape is known: numbers are replaced where they stand. */
const unpackEntity = (text: string): EntityDoc => {
  const { entity, shared } = JSON.parse(text) as { readonly entity: EntityDoc; readonly shared: ReadonlyArray<unknown> }
  type Open<A> = { -readonly [K in keyof A]: unknown }
  for (const state of Object.values(entity.groups) as Array<Open<GroupState>>)
    state.provenance = shared[state.provenance as number]
  for (const link of Object.values(entity.links)) {
    for (const held of Object.values(link.groups) as Array<Open<HeldState>>) {
      held.signature = shared[held.signature as number]
      if (held.seen !== undefined) held.seen = shared[held.seen as number]
    }
  }
  return entity
}

export const encodeDocument = (kind: string, value: unknown): string =>
  kind === "entity" ? packEntity(value as EntityDoc) : JSON.stringify(value)

export const decodeDocument = (kind: string, text: string): unknown =>
  kind === "entity" ? unpackEntity(text) : (JSON.parse(text) as unknown)
