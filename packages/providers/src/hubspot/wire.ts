/** The shapes of HubSpot's answers, as far as they are read. Any member may be absent that is optional here. */
import * as Schema from "effect/Schema"

/** Ids are strings in records and numbers in recorded association reads. */
export const Id = Schema.Union([Schema.String, Schema.Finite])
export const idText = (id: typeof Id.Type): string => String(id)

const Next = Schema.Struct({ next: Schema.optionalKey(Schema.NullOr(Schema.Struct({ after: Id }))) })
const Paging = Schema.optionalKey(Schema.NullOr(Next))

export const WireRecord = Schema.Struct({
  id: Schema.String,
  properties: Schema.Record(Schema.String, Schema.NullOr(Schema.String)),
  createdAt: Schema.optionalKey(Schema.String),
  updatedAt: Schema.optionalKey(Schema.String),
  archived: Schema.optionalKey(Schema.Boolean),
  archivedAt: Schema.optionalKey(Schema.String),
  objectWriteTraceId: Schema.optionalKey(Schema.NullOr(Schema.String)),
  new: Schema.optionalKey(Schema.Boolean),
  propertiesWithHistory: Schema.optionalKey(
    Schema.NullOr(
      Schema.Record(
        Schema.String,
        Schema.Array(
          Schema.Struct({
            value: Schema.optionalKey(Schema.NullOr(Schema.String)),
            timestamp: Schema.String,
            sourceType: Schema.String,
            sourceId: Schema.optionalKey(Schema.NullOr(Schema.String)),
          }),
        ),
      ),
    ),
  ),
  associations: Schema.optionalKey(
    Schema.Record(
      Schema.String,
      Schema.Struct({
        results: Schema.Array(Schema.Struct({ id: Id, type: Schema.optionalKey(Schema.NullOr(Schema.String)) })),
        paging: Paging,
      }),
    ),
  ),
})
export type WireRecord = typeof WireRecord.Type

export const WireError = Schema.Struct({
  message: Schema.optionalKey(Schema.String),
  category: Schema.optionalKey(Schema.String),
  subCategory: Schema.optionalKey(Schema.Unknown),
  correlationId: Schema.optionalKey(Schema.String),
  policyName: Schema.optionalKey(Schema.String),
  context: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  errors: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        message: Schema.optionalKey(Schema.String),
        code: Schema.optionalKey(Schema.String),
        in: Schema.optionalKey(Schema.String),
        context: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
      }),
    ),
  ),
})
export type WireError = typeof WireError.Type

const errors = Schema.optionalKey(Schema.Array(WireError))

export const WirePage = Schema.Struct({
  results: Schema.Array(WireRecord),
  paging: Paging,
  total: Schema.optionalKey(Schema.Finite),
})
export const WireBatch = Schema.Struct({ results: Schema.Array(WireRecord), errors })

export const WireLinks = Schema.Struct({
  results: Schema.Array(
    Schema.Struct({
      from: Schema.Struct({ id: Id }),
      to: Schema.Array(
        Schema.Struct({
          toObjectId: Id,
          associationTypes: Schema.optionalKey(
            Schema.NullOr(Schema.Array(Schema.Struct({ typeId: Schema.optionalKey(Schema.Finite) }))),
          ),
        }),
      ),
      paging: Paging,
    }),
  ),
  errors,
})
export const WireErrors = Schema.Struct({ errors })

export const nextOf = (paging: typeof Paging.Type | undefined): string | null => {
  const after = paging?.next?.after
  return after === undefined ? null : String(after)
}

/** A text list out of an error's context, whatever else is in there. */
export const contextOf = (error: WireError, name: string): ReadonlyArray<string> => {
  const held = error.context?.[name]
  return Array.isArray(held) ? held.map(String) : typeof held === "string" ? [held] : []
}
