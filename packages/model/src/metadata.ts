/** What a provider says of itself: fields, pipelines, stages, owners. Stored whole in `MetadataObserved`. */
import * as Schema from "effect/Schema"

export const FieldMetadata = Schema.Struct({
  /** The provider's own type name, lower-cased. */
  type: Schema.String,
  label: Schema.optionalKey(Schema.String),
  readOnly: Schema.optionalKey(Schema.Boolean),
  unique: Schema.optionalKey(Schema.Boolean),
  required: Schema.optionalKey(Schema.Boolean),
  options: Schema.optionalKey(Schema.Array(Schema.Struct({ value: Schema.String, label: Schema.String }))),
})
export const Stage = Schema.Struct({
  id: Schema.String,
  label: Schema.String,
  closed: Schema.NullOr(Schema.Literals(["won", "lost"])),
})
export const Pipeline = Schema.Struct({
  object: Schema.String,
  id: Schema.String,
  label: Schema.String,
  stages: Schema.Array(Stage),
})
/** `email` is what owners of two systems are known to each other by. */
export const Owner = Schema.Struct({
  id: Schema.String,
  email: Schema.NullOr(Schema.String),
  name: Schema.String,
  active: Schema.Boolean,
})
/** Lists that a provider keeps as records of their own (countries, activity types): id to code. */
export const Lookup = Schema.Record(Schema.String, Schema.String)

export const Metadata = Schema.Struct({
  fields: Schema.Record(Schema.String, Schema.Record(Schema.String, FieldMetadata)),
  pipelines: Schema.Array(Pipeline),
  owners: Schema.Array(Owner),
  /** By name: `countries` (id → ISO 3166-1 alpha-2), `activityTypes`, … */
  lookups: Schema.Record(Schema.String, Lookup),
  /** ISO 4217 code of amounts that name no currency; null where the provider has none. */
  currency: Schema.NullOr(Schema.String),
  version: Schema.optionalKey(Schema.String),
})
export type Metadata = typeof Metadata.Type
export type Pipeline = typeof Pipeline.Type

export const emptyMetadata: Metadata = { fields: {}, pipelines: [], owners: [], lookups: {}, currency: null }
