/** What the reconciler decides: events of entity streams, and of `decision-` where they are no entity's alone. */
import * as Schema from "effect/Schema"
import { Personal } from "./envelope.ts"
import { RecordId } from "./record.ts"

const type = Schema.Literals(["contact", "company", "deal", "activity"])

/** Where a value came from. The edit lies after `after` and not after `until` (ms since 1970). */
export const Provenance = Schema.Struct({
  connection: Schema.String,
  record: RecordId,
  /** The observation's event id, or that of the request. */
  event: Schema.String,
  after: Schema.Finite,
  until: Schema.Finite,
  /** Whether `until` is the provider's own time. */
  provider: Schema.Boolean,
})
export type Provenance = typeof Provenance.Type

/**
 * `values` holds, by group, the new canonical value under `value` and, where a conflict was settled, the losing one
 * under `loser`. `changes` says the same without values, in order: which groups moved, by which rule, who won, who lost.
 */
const Change = Schema.Struct({
  groups: Schema.Array(Schema.String),
  rule: Schema.String,
  provenance: Provenance,
  loser: Schema.NullOr(Provenance),
})
export type Change = typeof Change.Type

const Link = Schema.Struct({ connection: Schema.String, record: RecordId, primary: Schema.Boolean, how: Schema.String })
export type Link = typeof Link.Type

export const EntityCreated = Schema.Struct({ type, link: Link, values: Personal, changes: Schema.Array(Change) })
export const EntityChanged = Schema.Struct({ type, values: Personal, changes: Schema.Array(Change) })
export const EntityLinked = Schema.Struct({ type, link: Link })
export const EntityUnlinked = Schema.Struct({ type, link: Link, reason: Schema.String })
export const EntityMerged = Schema.Struct({
  type,
  from: Schema.String,
  values: Personal,
  links: Schema.Array(Link),
  by: Schema.String,
})
/** On the loser's stream. */
export const EntityMergedAway = Schema.Struct({ type, into: Schema.String, by: Schema.String })
export const EntitySplit = Schema.Struct({
  type,
  off: Schema.String,
  values: Personal,
  links: Schema.Array(Link),
  by: Schema.String,
})
export const EntityArchived = Schema.Struct({ type, reason: Schema.String })
export const EntityRestored = Schema.Struct({ type, reason: Schema.String })
/** `values`: `ours` and `theirs` of the group. */
export const ConflictParked = Schema.Struct({
  type,
  connection: Schema.String,
  group: Schema.String,
  rule: Schema.String,
  values: Personal,
  ours: Schema.NullOr(Provenance),
  theirs: Provenance,
})
export const ConflictSettled = Schema.Struct({
  type,
  connection: Schema.String,
  group: Schema.String,
  how: Schema.String,
})

export const MatchParked = Schema.TaggedStruct("MatchParked", {
  connection: Schema.String,
  record: RecordId,
  type,
  candidates: Schema.Array(Schema.String),
  reason: Schema.String,
})
export const MatchSettled = Schema.TaggedStruct("MatchSettled", {
  connection: Schema.String,
  record: RecordId,
  type,
  entity: Schema.NullOr(Schema.String),
  how: Schema.String,
})
export const OscillationDetected = Schema.TaggedStruct("OscillationDetected", {
  connection: Schema.String,
  type,
  entity: Schema.String,
  group: Schema.String,
  hops: Schema.Finite,
})
export const TombstoneSet = Schema.TaggedStruct("TombstoneSet", {
  connection: Schema.String,
  type,
  entity: Schema.String,
  record: RecordId,
  reason: Schema.String,
})
export const TombstoneLifted = Schema.TaggedStruct("TombstoneLifted", {
  connection: Schema.String,
  type,
  entity: Schema.String,
  reason: Schema.String,
})
export const Armed = Schema.TaggedStruct("Armed", { connection: Schema.String, by: Schema.String })
export const Paused = Schema.TaggedStruct("Paused", { connection: Schema.String, reason: Schema.String })
export const Resumed = Schema.TaggedStruct("Resumed", { connection: Schema.String, reason: Schema.String })

/** Stored type names are `ContactCreated`, `DealChanged`, …: one per canonical type. */
export const entityEvents = {
  Created: EntityCreated,
  Changed: EntityChanged,
  Linked: EntityLinked,
  Unlinked: EntityUnlinked,
  Merged: EntityMerged,
  MergedAway: EntityMergedAway,
  Split: EntitySplit,
  Archived: EntityArchived,
  Restored: EntityRestored,
}
export type EntityEventKind = keyof typeof entityEvents
export const decisionEvents = {
  ConflictParked,
  ConflictSettled,
  MatchParked,
  MatchSettled,
  OscillationDetected,
  TombstoneSet,
  TombstoneLifted,
  Armed,
  Paused,
  Resumed,
}
