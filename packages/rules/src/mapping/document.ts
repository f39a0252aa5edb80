/** A mapping as it was written, checked but not yet bound to a connection: what of a provider stands for what of ours. */
import type { EntityType, Value, ValueKind } from "@concordat/model/canonical/fields"
import type { Json, JsonObject } from "@concordat/model/json"

export type Direction = "both" | "in" | "out" | "create"
export const DIRECTIONS = ["both", "in", "out", "create"] as const satisfies ReadonlyArray<Direction>

export interface TransformSpec {
  readonly name: string
  /** What stands after the colon: a table, a name; null where nothing does. */
  readonly option: Json
  /** What a value without counterpart becomes: a problem, or empty there. */
  readonly missing: "problem" | "empty"
  readonly where: string
}

export interface NormaliserSpec {
  readonly name: string
  readonly argument: number | null
}

export interface FieldSpec {
  /** Canonical fields it holds: one, or those of a name that stands there in one piece. */
  readonly fields: ReadonlyArray<string>
  /** Alternates: the first that is not empty is read, and written back to; empty for a constant. */
  readonly from: ReadonlyArray<string>
  /** Read and written together, as one list (`from: [street, street2]`). */
  readonly together: boolean
  readonly direction: Direction
  readonly transforms: ReadonlyArray<TransformSpec>
  readonly normalise: ReadonlyArray<NormaliserSpec>
  readonly kind: ValueKind
  readonly of?: ValueKind
  /** Of references: the entity type, and the provider's object names. */
  readonly refersTo?: EntityType
  readonly to: ReadonlyArray<string>
  /** Of references: the provider has room for one. */
  readonly single: boolean
  /** Stands there always; `$currency` is the connection's home currency. */
  readonly constant?: Value
  /** What an empty field is read as. */
  readonly default?: Value
  /** What an empty field means, and is written as empty. */
  readonly absent?: Value
  /** A field of the same object: with each write of that one this one is sent too, since it is taken then and no sooner. */
  readonly with?: string
  /** Left out where the provider lacks it; that it has no place there is told, and is no problem. */
  readonly optional: boolean
  /** Edited also in an object that is otherwise never edited: a field beside what the provider writes once. */
  readonly update?: boolean
  readonly where: string
}

/** Wanted values by canonical field; any of the alternatives suffices. */
export type Acceptance = ReadonlyArray<Readonly<Record<string, ReadonlyArray<Value>>>>

export interface ObjectSpec {
  /** Its key in the document; two may share a provider's object (`res.partner`). */
  readonly name: string
  readonly object: string
  readonly type: EntityType
  /** Raw values that a record must hold to belong here. */
  readonly when: JsonObject
  readonly constants: JsonObject
  readonly accepts: Acceptance
  readonly create: boolean
  /** False where the provider's records are never edited by us. */
  readonly update: boolean
  /** Canonical fields to look a record up by before it is created. */
  readonly lookup: ReadonlyArray<string>
  /** By key; null takes a field of the document below out. */
  readonly fields: Readonly<Record<string, FieldSpec | null>>
  /** Canonical fields that the provider has no place for, and why. A field that is mapped all the same has one. */
  readonly nowhere?: Readonly<Record<string, string>>
  readonly where: string
}

export interface MappingDocument {
  readonly name: string
  /** What the provider holds, and is sent, where there is nothing. */
  readonly empty: null | false | ""
  /** The provider writes numbers and booleans as text (HubSpot). */
  readonly strings: boolean
  readonly objects: ReadonlyArray<ObjectSpec>
  /** What the document itself said, as against what it left open: a merge takes only that. */
  readonly said: ReadonlyArray<string>
}

export interface MappingSettings {
  /** ISO 3166-1 alpha-2, for phone numbers that name no country. */
  readonly region: string
  /** ISO 4217; the connection's home currency where its metadata names none. */
  readonly currency: string | null
}
