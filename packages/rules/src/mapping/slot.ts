/** One slot of a view: how it is read from raw values, held, changed and written. The parts that a group's lens is made of. */
import type { GroupValue, Value, ValueKind } from "@concordat/model/canonical/fields"
import type { Json, JsonObject } from "@concordat/model/json"
import type { ValueOptions } from "@concordat/model/values/equivalence"
import type { Problem, References, View } from "./lens.ts"

export type SlotRead =
  | { readonly _tag: "Known"; readonly value: Value; readonly aside?: Value }
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "Invalid"; readonly problem: Problem }

export type SlotHeld =
  | { readonly _tag: "Held"; readonly value: Value; readonly waiting: ReadonlyArray<string> }
  | { readonly _tag: "Waiting"; readonly waiting: ReadonlyArray<string> }
  | { readonly _tag: "Problem"; readonly problem: Problem }

export type SlotPut =
  | { readonly _tag: "Fields"; readonly fields: GroupValue; readonly waiting: ReadonlyArray<string> }
  | { readonly _tag: "Waiting"; readonly waiting: ReadonlyArray<string> }

export interface Slot {
  readonly name: string
  /** Canonical fields. */
  readonly fields: ReadonlyArray<string>
  readonly kind: ValueKind
  readonly options: ValueOptions
  readonly sources: ReadonlyArray<string>
  /** True where nothing is read or written: a constant, or what follows from the other slots. */
  readonly given: boolean
  /** `view`: the slots before this one. `before`: the whole shadow. */
  /** What stands where it is empty; a reading in parts leaves it out too. */
  readonly fallback?: Value
  readonly read: (raw: JsonObject, view: View, before: View | undefined) => SlotRead
  readonly hold: (value: GroupValue, view: View, references: References) => SlotHeld
  /** `from` and `to` differ. `from`: what the edit started from, where that is known. */
  readonly put: (value: GroupValue, from: Value | undefined, to: Value, references: References) => SlotPut
  readonly write: (view: View, before: View | undefined) => JsonObject
  readonly lossy: (value: Value) => Value
}

const nobody: ReadonlyArray<string> = []

export const held = (value: Value, waiting: ReadonlyArray<string> = nobody): SlotHeld => ({
  _tag: "Held",
  value,
  waiting,
})

export const known = (value: Value, aside?: Value): SlotRead =>
  aside === undefined ? { _tag: "Known", value } : { _tag: "Known", value, aside }

export const unknown: SlotRead = { _tag: "Unknown" }

/** The provider's nothing, in any of its spellings. */
export const isNothing = (raw: Json | undefined, falseIsNothing: boolean): boolean =>
  raw === undefined || raw === null || raw === "" || (raw === false && falseIsNothing)

export type Chosen =
  | { readonly _tag: "Chosen"; readonly raw: Json; readonly source: string }
  | { readonly _tag: "Unknown" }

/**
 * The first alternate that is not empty. One that was not read counts as empty only where the shadow shows that a later
 * one was read then, which it would not have been had this one held anything.
 */
export const chooseAlternate = (
  from: ReadonlyArray<string>,
  raw: JsonObject,
  readBefore: string | undefined,
  falseIsNothing: boolean,
): Chosen => {
  const emptyBefore = readBefore === undefined ? 0 : from.indexOf(readBefore)
  let first: string | undefined
  for (let index = 0; index < from.length; index++) {
    const source = from[index]!
    const value = raw[source]
    if (value === undefined) {
      if (index < emptyBefore) continue
      return { _tag: "Unknown" }
    }
    first ??= source
    if (!isNothing(value, falseIsNothing)) return { _tag: "Chosen", raw: value, source }
  }
  return first === undefined ? { _tag: "Unknown" } : { _tag: "Chosen", raw: null, source: from[0] ?? first }
}
