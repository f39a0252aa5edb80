/** The lens of a group, made of its slots and what they owe each other. */
import type { GroupValue, Value } from "@concordat/model/canonical/fields"
import { isEmpty } from "@concordat/model/canonical/types"
import type { JsonObject } from "@concordat/model/json"
import { same } from "@concordat/model/values/equivalence"
import * as Result from "effect/Result"
import type { Coherence } from "./coherence.ts"
import { ASIDE, type Got, type GroupLens, NO_VALUE, type Put, type Read, type References, type View } from "./lens.ts"
import type { Slot } from "./slot.ts"

export interface GroupDirection {
  readonly signature: string
  readonly direction: "both" | "in" | "out"
  readonly readOnly: string | null
  readonly onCreate: boolean
  readonly along: string | null
}

const NOBODY: ReadonlyArray<string> = []
const NONE: ReadonlySet<string> = new Set()
const UNKNOWN: Read = { _tag: "Unknown" }

const got = (view: View, waiting: ReadonlyArray<string>): Got => ({ _tag: "View", view, waiting })

/**
 * What a record says at first sight, by the slots of each group: asked for again by whoever looks where it belongs. One
 * weak map for all groups: each of them costs the garbage collector for every record.
 */
const firstReads = new WeakMap<JsonObject, Map<ReadonlyArray<Slot>, Read>>()

/** A slot as the shadow had it, with what stands beside it; an empty one as it is read where it is empty. */
const carry = (slot: Slot, before: View): View => {
  const beside = before[ASIDE + slot.name]
  const value = before[slot.name] ?? null
  return {
    [slot.name]: isEmpty(value) ? (slot.fallback ?? value) : value,
    ...(beside === undefined ? {} : { [ASIDE + slot.name]: beside }),
  }
}

const saysAny = ({ fields }: Slot, value: GroupValue): boolean => {
  for (const field of fields) if (!isEmpty(value[field])) return true
  return false
}

const readsAny = (sources: ReadonlyArray<string>, raw: JsonObject): boolean => {
  for (const source of sources) if (raw[source] !== undefined) return true
  return false
}

export const groupLens = (
  group: string,
  unordered: ReadonlyArray<Slot>,
  coherence: Coherence,
  direction: GroupDirection,
): GroupLens => {
  const slots = unordered.toSorted((a, b) => coherence.order(a.name) - coherence.order(b.name))
  const given = new Set(slots.flatMap((slot) => (slot.given ? [slot.name] : [])))
  const sources = [...new Set(slots.flatMap((slot) => slot.sources))]

  const sameSlot = (slot: Slot, a: Value | undefined, b: Value | undefined): boolean =>
    same(slot.kind, a, b, slot.options)

  const readWith = (raw: JsonObject, before: View | undefined): Read => {
    // Nothing of it was read; the shadow says nothing new.
    if (sources.length > 0 && !readsAny(sources, raw)) return UNKNOWN
    const view: Record<string, Value> = {}
    let news = sources.length === 0
    for (const slot of slots) {
      const found = slot.read(raw, view, before)
      if (found._tag === "Invalid") return found
      if (found._tag === "Unknown") {
        if (before === undefined || !(slot.name in before)) return UNKNOWN
        Object.assign(view, carry(slot, before))
        continue
      }
      news ||= !slot.given
      view[slot.name] = found.value
      if (found.aside !== undefined) view[ASIDE + slot.name] = found.aside
    }
    if (!news) return UNKNOWN
    const settled = coherence.settle(view)
    return Result.isFailure(settled)
      ? { _tag: "Invalid", problem: settled.failure }
      : { _tag: "Known", view: settled.success }
  }

  const read = (raw: JsonObject, before: View | undefined): Read => {
    if (before !== undefined) return readWith(raw, before)
    let reads = firstReads.get(raw)
    if (reads === undefined) firstReads.set(raw, (reads = new Map()))
    let made = reads.get(slots)
    if (made === undefined) reads.set(slots, (made = readWith(raw, undefined)))
    return made
  }

  const getOf = (value: GroupValue, references: References): Got => {
    const coherent = coherence.settle(value)
    if (Result.isFailure(coherent)) return { _tag: "Problem", problem: coherent.failure }
    const view: Record<string, Value> = {}
    let waiting: ReadonlyArray<string> = NOBODY
    for (const slot of slots) {
      const found = slot.hold(coherent.success, view, references)
      if (found._tag === "Problem") {
        const wanted = coherent.success[slot.name] ?? null
        if (!coherence.excused(slot.name, wanted)) return found
        view[slot.name] = wanted
        continue
      }
      if (found.waiting.length > 0) waiting = [...waiting, ...found.waiting]
      if (found._tag === "Waiting") return { _tag: "Waiting", waiting }
      view[slot.name] = found.value
    }
    const settled = coherence.settle(view)
    return Result.isFailure(settled) ? { _tag: "Problem", problem: settled.failure } : got(settled.success, waiting)
  }

  /** Where nothing is known nothing is referred to: what stands there follows from the mapping alone. */
  let gotNothing: Got | undefined
  const get = (value: GroupValue, references: References): Got =>
    value === NO_VALUE ? (gotNothing ??= getOf(value, references)) : getOf(value, references)

  const put = (value: GroupValue, before: View | undefined, view: View, references: References): Put => {
    const current = get(value, references)
    const now = current._tag === "View" ? current.view : undefined
    /** A copy of our own from the first slot on that changes something. */
    let changed: Record<string, Value> | null = null
    let waiting = NOBODY
    for (const slot of slots) {
      const to = view[slot.name] ?? null
      // What it holds already is left as we have it: our value may be the richer one. At first sight an empty value takes
      // what is constant there: it is held whatever our value is.
      const isOurs = before !== undefined || isEmpty(to) || saysAny(slot, value)
      if (isOurs && now !== undefined && sameSlot(slot, now[slot.name], to)) continue
      // Without a view before nothing was taken out of it: a set that is seen for the first time only adds.
      const made = slot.put(value, before?.[slot.name], to, references)
      if (made.waiting.length > 0) waiting = [...waiting, ...made.waiting]
      if (made._tag === "Waiting") return { _tag: "Waiting", waiting }
      changed = Object.assign(changed ?? { ...value }, made.fields)
    }
    return { _tag: "Value", value: changed ?? value, waiting }
  }

  const write = (view: View, before?: View): JsonObject => {
    const unsent = coherence.unsent(view)
    let sent: JsonObject = {}
    for (const slot of slots) {
      if (!slot.given && !unsent.includes(slot.name)) sent = { ...sent, ...slot.write(view, before) }
    }
    return sent
  }

  return {
    group,
    fields: [...new Set(slots.flatMap((slot) => slot.fields))],
    sources,
    ...direction,
    read,
    get,
    put,
    write,
    same: (a, b) => {
      for (const slot of slots) if (!sameSlot(slot, a[slot.name], b[slot.name])) return false
      return true
    },
    lossy: (view) => ({
      ...view,
      ...Object.fromEntries(slots.map((slot) => [slot.name, slot.lossy(view[slot.name] ?? null)])),
    }),
    // A constant beside other fields says nothing of them; one that is the whole group is what there is to say.
    empty: (view) => coherence.empty(view, given.size === slots.length ? NONE : given),
  }
}
