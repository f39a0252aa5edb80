/**
 * What a compiled mapping gives the reconciler: for each object of a connection, the lenses between its raw values, the
 * view that this connection can hold, and the canonical group. Everything here is a pure function of its arguments.
 */
import type { EntityType, GroupValue, Value } from "@concordat/model/canonical/fields"
import type { JsonObject } from "@concordat/model/json"

/** What is known of a group before anybody has said anything: one and the same, so that what follows from it is too. */
export const NO_VALUE: GroupValue = Object.freeze({})

/** What a connection holds of a group, in its own terms: slot to value. References are external ids (`object:id`). */
export type View = Readonly<Record<string, Value>>

/** Slots that begin so are how a value stands there (which alternate, which of several stages): kept, never compared. */
export const ASIDE = "~"

/** Why a value can't be read, held or written there. `field` is the provider's name, `value` what stands in the way. */
export interface Problem {
  readonly code: "type" | "lookup" | "stage" | "currency" | "owner" | "country" | "unmapped"
  readonly field: string
  readonly value: string
  readonly message: string
}

/** Links as they stand at this moment, for this connection. Keys are `object:externalId`. */
export interface References {
  readonly external: (type: EntityType, entity: string) => string | undefined
  readonly entity: (type: EntityType, external: string) => string | undefined
}

export type Read =
  | { readonly _tag: "Known"; readonly view: View }
  /** Nothing (or, without a shadow, not all) of the group was read: no news. */
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "Invalid"; readonly problem: Problem }

export type Got =
  /** `waiting`: entities that have no record there yet and are left out of a set. */
  | { readonly _tag: "View"; readonly view: View; readonly waiting: ReadonlyArray<string> }
  /** A single reference to an entity that has no record there yet: nothing to hold for now. */
  | { readonly _tag: "Waiting"; readonly waiting: ReadonlyArray<string> }
  | { readonly _tag: "Problem"; readonly problem: Problem }

export type Put =
  /** `waiting`: external references that nothing is linked to yet; they were left out. */
  | { readonly _tag: "Value"; readonly value: GroupValue; readonly waiting: ReadonlyArray<string> }
  /** The reference, and so the view, means nothing yet. */
  | { readonly _tag: "Waiting"; readonly waiting: ReadonlyArray<string> }

export interface GroupLens {
  readonly group: string
  /** Short hash of what this lens was compiled from: shadows taken under another one say nothing. */
  readonly signature: string
  /** Canonical fields that this connection can hold of the group. */
  readonly fields: ReadonlyArray<string>
  /** Provider names that it is read from, associations (`@…`) included. */
  readonly sources: ReadonlyArray<string>
  readonly direction: "both" | "in" | "out"
  /** Why it is read only, where the mapping can't be inverted or the provider's field is read-only. */
  readonly readOnly: string | null
  /** Raw to view. A partly read group is completed from the shadow before. */
  readonly read: (raw: JsonObject, before: View | undefined) => Read
  /** The view this connection can hold of a canonical value. */
  readonly get: (value: GroupValue, references: References) => Got
  /** The canonical value after an edit of this connection's view from `before` to `view`. Sets take the difference. */
  readonly put: (value: GroupValue, before: View | undefined, view: View, references: References) => Put
  /** True where it is read only, but sent once, when the record is created (an Odoo activity's related record). */
  readonly onCreate: boolean
  /** A group with each write of which this one is sent, though it is read only (what is said when a task is done). */
  readonly along: string | null
  /**
   * View to what is sent. With the shadow `before` a value goes back to the alternate it was read from and an
   * association list keeps its other members; after a write whose answer carried nothing the shadow is
   * `read(write(view, before), before)`.
   */
  readonly write: (view: View, before?: View) => JsonObject
  readonly same: (a: View, b: View) => boolean
  /** What declared normalisers make of a view at this provider. */
  readonly lossy: (view: View) => View
  /** True where nothing of the view says anything. */
  readonly empty: (view: View) => boolean
}

export interface ObjectMapping {
  readonly object: string
  readonly type: EntityType
  readonly groups: ReadonlyArray<GroupLens>
  /** Every provider name to read, sorted. */
  readonly sources: ReadonlyArray<string>
  /** Constant raw values that a create there needs (`is_company: true`). */
  readonly constants: JsonObject
  readonly canCreate: boolean
  /** References without which nothing can be created there: an Odoo activity hangs on a record. */
  readonly needs: ReadonlyArray<string>
  /** Whether a record belongs to this object's mapping (`is_company` tells contact from company); null: can't be told. */
  readonly matches: (raw: JsonObject) => boolean | null
  /** Whether an entity with these groups would be created as this object (`kind: call` → `calls`). */
  readonly accepts: (groups: Readonly<Record<string, GroupValue>>) => boolean
  /** Provider fields and values to look a record up by before it is created: e-mail, domain, VAT id. */
  readonly lookup: (groups: Readonly<Record<string, GroupValue>>) => Readonly<Record<string, string>>
}

export interface Mapping {
  /** Of the documents, settings and metadata that it was compiled from. */
  readonly hash: string
  readonly objects: ReadonlyArray<ObjectMapping>
}

export interface MappingProblem {
  /** `hubspot.yaml:12` where a line is known. */
  readonly where: string
  readonly field: string
  readonly value: string
  readonly message: string
}
