/** Facts of `partition-` streams: which owner of a share of the reconciling has decided what. */
import * as Schema from "effect/Schema"

/**
 * On the stream of a share's first partition: its owner had decided all up to `from`, and now has up to `to`, or begins to (both
 * null). Positions are those of the journal it was said in; no decision depends on them.
 */
export const BatchDecided = Schema.TaggedStruct("BatchDecided", {
  share: Schema.String,
  from: Schema.NullOr(Schema.String),
  to: Schema.NullOr(Schema.String),
  /** Of the owner's lease. */
  epoch: Schema.Finite,
})
export type BatchDecided = typeof BatchDecided.Type

export const batchEvents = { BatchDecided }
