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
  createdAt: Schema.optionalKey(Schema.NullOr(Schema.String)),
  updatedAt: Schema.optionalKey(Schema.NullOr(Schema.String)),
  archived: Schema.optionalKey(Schema.Boolean),
  archivedAt: Schema.optionalKey(Schema.NullOr(Schema.String)),
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

/**
 * Read part by part: any may be missing (recorded), null, or of another type than the specification's; what is done to the rows of a
 * batch must not become unknown for how a sentence about one of them is put.
 */
export interface WireError {
  readonly message?: string | undefined
  readonly category?: string | undefined
  readonly subCategory?: unknown
  readonly correlationId?: string | undefined
  readonly policyName?: string | undefined
  readonly context?: Readonly<Record<string, unknown>> | undefined
  readonly errors?: ReadonlyArray<WireErrorDetail> | undefined
}

interface WireErrorDetail {
  readonly message?: string | undefined
  readonly code?: string | undefined
  readonly context?: Readonly<Record<string, unknown>> | undefined
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const textIn = (raw: Readonly<Record<string, unknown>>, name: string): string | undefined =>
  typeof raw[name] === "string" ? raw[name] : undefined
const contextIn = ({ context }: Readonly<Record<string, unknown>>) => (isRecord(context) ? context : undefined)

export const errorIn = (raw: unknown): WireError => {
  if (!isRecord(raw)) return {}
  const details = Array.isArray(raw["errors"]) ? raw["errors"].filter(isRecord) : []
  return {
    message: textIn(raw, "message"),
    category: textIn(raw, "category"),
    subCategory: raw["subCategory"],
    correlationId: textIn(raw, "correlationId"),
    policyName: textIn(raw, "policyName"),
    context: contextIn(raw),
    errors: details.map((one) => ({
      message: textIn(one, "message"),
      code: textIn(one, "code"),
      context: contextIn(one),
    })),
  }
}

const errors = Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Unknown)))

export const errorsIn = (body: { readonly errors?: ReadonlyArray<unknown> | null }): ReadonlyArray<WireError> =>
  (body.errors ?? []).map(errorIn)

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
