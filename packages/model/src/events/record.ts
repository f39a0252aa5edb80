/** Facts of `record-` and `create-` streams: what a provider held, what we set out to write, what came of it. */
import * as Schema from "effect/Schema"
import { Json, JsonObject } from "../json.ts"
import { Personal } from "./envelope.ts"

const at = { connection: Schema.String, object: Schema.String, externalId: Schema.String }
export const EntityRef = Schema.Struct({
  type: Schema.Literals(["contact", "company", "deal", "activity"]),
  id: Schema.String,
})
export type EntityRef = typeof EntityRef.Type
export const RecordId = Schema.Struct({ object: Schema.String, id: Schema.String })

/** This record held these raw values. A name that is absent was not read: unknown, never empty. */
export const RecordObserved = Schema.TaggedStruct("RecordObserved", {
  ...at,
  /** Provider names to provider values; `@` names are associations. */
  values: Personal,
  /** ms since 1970 by our clock: the read began then and not earlier. */
  readStartedAt: Schema.Finite,
  /** When it was read before, 0 if never: an edit lies between the two. */
  readBefore: Schema.Finite,
  /** The provider's own time of the last change, ms since 1970. */
  stamp: Schema.NullOr(Schema.Finite),
  by: Schema.NullOr(Schema.Literals(["person", "integration", "automation", "us"])),
  via: Schema.Literals(["backfill", "poll", "read", "webhook", "write", "census"]),
  /** Our own id, where the record carries it. */
  ownId: Schema.NullOr(Schema.String),
})

/** A write that is about to be made. In the journal before the call. */
export const WriteIntended = Schema.TaggedStruct("WriteIntended", {
  connection: Schema.String,
  object: Schema.String,
  externalId: Schema.NullOr(Schema.String),
  entity: EntityRef,
  /** The due sequence that it answers. */
  due: Schema.Finite,
  key: Schema.String,
  kind: Schema.Literals(["create", "update", "archive"]),
  /** `groups`: the views that are sent, by group; `values`: the raw values that say so. */
  sent: Personal,
})

/** The write was taken. `held` is what the answer itself carried of what was sent. */
export const RecordWritten = Schema.TaggedStruct("RecordWritten", {
  ...at,
  entity: EntityRef,
  due: Schema.Finite,
  key: Schema.String,
  kind: Schema.Literals(["create", "update", "archive"]),
  held: Schema.NullOr(Personal),
  stamp: Schema.NullOr(Schema.Finite),
  /** A create that found its record there already. */
  adopted: Schema.Boolean,
  /** Of such a one that an earlier try of the same create has made: names of what that set of what was sent, all at once. */
  made: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Names of what was sent and not taken, with the provider's words. */
  refused: Schema.Array(Schema.Struct({ name: Schema.String, code: Schema.String, message: Schema.String })),
  /** Tries it took. */
  attempts: Schema.Finite,
})

/**
 * What somebody else had set between our last read and our write, which stood over it: found afterwards in the history that
 * the provider keeps.
 */
export const EditOverwritten = Schema.TaggedStruct("EditOverwritten", {
  ...at,
  entity: EntityRef,
  /** Of the write. */
  key: Schema.String,
  /** Provider names to the values that stood there. */
  values: Personal,
  /** When the record was last read before the write, ms since 1970 by our clock. */
  readBefore: Schema.Finite,
  /** The provider's own time of the edit, ms since 1970. */
  stamp: Schema.NullOr(Schema.Finite),
  by: RecordObserved.fields.by,
})

/**
 * The code of a write that is not wanted any more, and that certainly never was taken (`effect: none`) or was so long ago that what its
 * record shows by then counts (`unknown`): nobody refused it, and nothing stands for it.
 */
export const SUPERSEDED = "superseded"

/** Given up: a dead letter that stands for this value only. `effect: unknown` leaves the intent unresolved. */
export const WriteRefused = Schema.TaggedStruct("WriteRefused", {
  connection: Schema.String,
  object: Schema.String,
  externalId: Schema.NullOr(Schema.String),
  entity: EntityRef,
  due: Schema.Finite,
  key: Schema.String,
  code: Schema.String,
  field: Schema.NullOr(Schema.String),
  message: Schema.String,
  effect: Schema.Literals(["none", "unknown"]),
  /** The record that holds the unique value, where the provider names it. */
  existing: Schema.NullOr(Schema.String),
  attempts: Schema.Finite,
})

export const RecordGone = Schema.TaggedStruct("RecordGone", {
  ...at,
  reason: Schema.Literals(["deleted", "archived", "invisible"]),
  readStartedAt: Schema.Finite,
})
export const RecordMerged = Schema.TaggedStruct("RecordMerged", {
  ...at,
  into: Schema.String,
  readStartedAt: Schema.Finite,
})
export const RecordConverted = Schema.TaggedStruct("RecordConverted", {
  ...at,
  into: Schema.Array(RecordId),
  readStartedAt: Schema.Finite,
})

/** A verified webhook was taken: what it names, not what it says. Expires. */
export const DeliveryAccepted = Schema.TaggedStruct("DeliveryAccepted", {
  connection: Schema.String,
  hints: Schema.Array(
    Schema.Struct({
      object: Schema.String,
      id: Schema.String,
      kind: Schema.String,
      /** The facet that changed: `fields`, or the name of an association. */
      about: Schema.optionalKey(Schema.String),
    }),
  ),
})

/** A page is durable and the cursor after it: cursors can be rebuilt from these. */
export const PageCommitted = Schema.TaggedStruct("PageCommitted", {
  connection: Schema.String,
  walk: Schema.Literals(["backfill", "changes", "census"]),
  object: Schema.String,
  cursor: Json,
  /** Records of the walk so far, and of how many where known. */
  done: Schema.Finite,
  total: Schema.NullOr(Schema.Finite),
  /**
   * Said when an object is to be read whole: the hash of what its fields mean from here on, and whether what was read of it
   * before is to be shown again, since it was shown under another meaning.
   */
  meaning: Schema.optionalKey(Schema.Struct({ hash: Schema.String, isChanged: Schema.Boolean })),
})

export const recordEvents = {
  RecordObserved,
  WriteIntended,
  RecordWritten,
  WriteRefused,
  EditOverwritten,
  RecordGone,
  RecordMerged,
  RecordConverted,
  DeliveryAccepted,
  PageCommitted,
}
export type RecordObserved = typeof RecordObserved.Type
export type WriteIntended = typeof WriteIntended.Type
export type RecordWritten = typeof RecordWritten.Type
export type WriteRefused = typeof WriteRefused.Type
export type EditOverwritten = typeof EditOverwritten.Type
export type RecordGone = typeof RecordGone.Type
export type RecordMerged = typeof RecordMerged.Type
export type RecordConverted = typeof RecordConverted.Type
export { JsonObject }
