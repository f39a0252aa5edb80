/** What the oracle judges: who is who (from the data set), what each system holds, and what Concordat says of it. */
import type { EntityType } from "@concordat/model/canonical/fields"
import type { System } from "../dataset/sizes.ts"
import type { Truth } from "../dataset/truth.ts"

/**
 * One record as its system holds it, in comparable terms. A field that is absent can't be held there (or not in this
 * kind of record); `null` is held as empty. Values are normalised texts, see `normalise.ts`.
 */
export interface StoredRecord {
  readonly system: System
  readonly object: string
  readonly id: string
  readonly type: EntityType
  readonly fields: Readonly<Record<string, string | null>>
  /** Keys (`recordKey`) of the records that it points to; absent as with fields. */
  readonly refs: Readonly<Record<string, ReadonlyArray<string>>>
  /** Of an activity: call, task, note, meeting, email. */
  readonly kind?: string
  /** A subject that the record only speaks of: of an activity that became a message when it was done. */
  readonly said?: string
  /** Ids of the same object that were merged into this one. */
  readonly absorbed: ReadonlyArray<string>
}

/** A connection's record that Concordat holds for (a part of) the entity. `primary` is false for a listed duplicate. */
export interface LinkedRecord {
  readonly connection: string
  readonly object: string
  readonly id: string
  readonly primary?: boolean
}

export interface EntityLinks {
  readonly entity: string
  readonly type: EntityType
  readonly records: ReadonlyArray<LinkedRecord>
}

/** What Concordat lists for people to see, as the operator's API has it. */
export interface Listed {
  /** Parked matches: a record, and the entities that it may be. */
  readonly questions: ReadonlyArray<{
    readonly connection: string
    readonly object: string
    readonly id: string
    readonly candidates: ReadonlyArray<string>
  }>
  /** Parked groups. */
  readonly conflicts: ReadonlyArray<ListedGroup>
  /** Refused, quarantined, not mappable, waiting. `group: null` is the record as a whole (a refused create). */
  readonly issues: ReadonlyArray<ListedGroup>
  /** Records that belong to no entity yet, for a reason that is shown. */
  readonly waiting: ReadonlyArray<{ readonly connection: string; readonly object: string; readonly id: string }>
  /** Entities that are not to be created again where somebody removed them. */
  readonly tombstones: ReadonlyArray<{ readonly connection: string; readonly entity: string }>
}

export interface ListedGroup {
  readonly connection: string
  readonly entity: string
  readonly group: string | null
}

/** Per system and type: whether things that came from elsewhere are created there; a list: only these kinds. */
export type Admission = Readonly<Record<System, Readonly<Partial<Record<EntityType, boolean | ReadonlyArray<string>>>>>>

export interface Evidence {
  readonly truth: Truth
  readonly records: ReadonlyArray<StoredRecord>
  readonly entities: ReadonlyArray<EntityLinks>
  readonly listed: Listed
  readonly admission: Admission
  /** Which system each connection is. */
  readonly connections: Readonly<Record<string, System>>
}

export const nothingListed: Listed = { questions: [], conflicts: [], issues: [], waiting: [], tombstones: [] }
