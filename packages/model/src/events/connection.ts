/** Facts of `connection-` streams (never a credential), and what people ask for on `request-` streams. */
import * as Schema from "effect/Schema"
import { JsonObject } from "../json.ts"
import { Metadata } from "../metadata.ts"
import { EntityRef, RecordId } from "./record.ts"

const connection = Schema.String
const by = Schema.String

/** `settings` hold no secret; `limits` are what the reconciler has to know of the provider. */
export const ConnectionOpened = Schema.TaggedStruct("ConnectionOpened", {
  connection,
  provider: Schema.String,
  class: Schema.Literals(["peer", "table", "enrichment", "leads"]),
  isApp: Schema.Boolean,
  settings: Schema.Record(Schema.String, Schema.String),
  /** Per entity type: whether and when records are created there. */
  create: Schema.Record(Schema.String, Schema.Literals(["never", "linkOnly", "afterPlan", "always"])),
  pollEveryMs: Schema.Finite,
  /** Names this installation and tenant in the ids that we leave in records: `[a-z0-9]{8}`. */
  mark: Schema.String,
  /** The app has nothing to be planned: it may start armed. */
  armed: Schema.Boolean,
  /** Of the rules that decide the tenant's facts from here on, unless a later one does already. Version 1 had none: it was 1. */
  edition: Schema.Finite,
})
export const MetadataObserved = Schema.TaggedStruct("MetadataObserved", { connection, metadata: Metadata })
/** The whole document, as it is applied (defaults and the tenant's override merged). */
export const MappingChanged = Schema.TaggedStruct("MappingChanged", { connection, document: JsonObject })
/** The tenant's rules, whole. `connection` is the empty string: they are the tenant's. */
export const RulesChanged = Schema.TaggedStruct("RulesChanged", { connection, document: JsonObject })
export const BackfillStarted = Schema.TaggedStruct("BackfillStarted", {
  connection,
  objects: Schema.Array(Schema.String),
})
/** Everything was read and the delta since has been caught up with. */
export const BackfillFinished = Schema.TaggedStruct("BackfillFinished", { connection, records: Schema.Finite })
/**
 * Entities, as `type:id`, that were there before this connection was read: what is due of them there is computed now.
 * Said in pages after a first sync, since no observation of the connection names what it lacks.
 */
export const EntitiesListed = Schema.TaggedStruct("EntitiesListed", {
  connection,
  entities: Schema.Array(Schema.String),
})
export const ConnectionClosed = Schema.TaggedStruct("ConnectionClosed", { connection })
/** Faults that stop a connection as a whole, and their end. */
export const ConnectionPaused = Schema.TaggedStruct("ConnectionPaused", { connection, reason: Schema.String })
export const ConnectionResumed = Schema.TaggedStruct("ConnectionResumed", { connection, reason: Schema.String })

export const ArmRequested = Schema.TaggedStruct("ArmRequested", {
  connection,
  by,
  writesPerHour: Schema.NullOr(Schema.Finite),
})
export const PauseRequested = Schema.TaggedStruct("PauseRequested", { connection, by })
export const ResumeRequested = Schema.TaggedStruct("ResumeRequested", { connection, by })
/** Settles a parked group: the entity's value stays, or the connection's is taken. */
export const ResolveRequested = Schema.TaggedStruct("ResolveRequested", {
  connection,
  by,
  entity: EntityRef,
  group: Schema.String,
  keep: Schema.Literals(["entity", "connection"]),
})
/** Settles a parked match: links the record to an entity, or (`null`) makes it one of its own. */
export const MatchRequested = Schema.TaggedStruct("MatchRequested", {
  connection,
  by,
  record: RecordId,
  entity: Schema.NullOr(EntityRef),
})
export const MergeRequested = Schema.TaggedStruct("MergeRequested", { by, from: EntityRef, into: EntityRef })
export const SplitRequested = Schema.TaggedStruct("SplitRequested", { by, entity: EntityRef, merged: Schema.String })
/** Makes a refused value due again. */
export const ReplayRequested = Schema.TaggedStruct("ReplayRequested", { connection, by, entity: EntityRef })
/** Lifts quarantine of a group, or the tombstone (`group: null`). */
export const ReleaseRequested = Schema.TaggedStruct("ReleaseRequested", {
  connection,
  by,
  entity: EntityRef,
  group: Schema.NullOr(Schema.String),
})

export const connectionEvents = {
  ConnectionOpened,
  MetadataObserved,
  MappingChanged,
  RulesChanged,
  BackfillStarted,
  BackfillFinished,
  EntitiesListed,
  ConnectionClosed,
  ConnectionPaused,
  ConnectionResumed,
  ArmRequested,
  PauseRequested,
  ResumeRequested,
  ResolveRequested,
  MatchRequested,
  MergeRequested,
  SplitRequested,
  ReplayRequested,
  ReleaseRequested,
}
export type ConnectionOpened = typeof ConnectionOpened.Type
export type MatchRequested = typeof MatchRequested.Type
export type ResolveRequested = typeof ResolveRequested.Type
