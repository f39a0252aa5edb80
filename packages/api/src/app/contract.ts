/**
 * What the product that embeds Concordat speaks over HTTP: it puts its records, and follows what was written to them.
 * Contract only: schemas and paths, for the server, the typed client and the OpenAPI page alike.
 */
import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"
import { JsonObject as Values } from "@concordat/model/json"
import { Problem } from "../problems.ts"

export { Problem }

/** Rows in one batch, changes in one page, seconds that one request may wait. */
export const MOST_ROWS = 500
export const MOST_CHANGES = 500
export const MOST_WAIT_SECONDS = 60
/** Bytes that a request may have: 500 rows of 10 kB. A larger one is answered 413. */
export const MOST_BYTES = 5 * 1_048_576

/** No token, or not this connection's: the same answer for a connection that doesn't exist. */
export class Unauthorised extends Schema.TaggedError<Unauthorised>()(
  "Unauthorised",
  { message: Schema.String },
  { httpApiStatus: 401 },
) {}

/**
 * Concordat wrote into the record after `basedOn`. `values` are what is known of it by now (an absent field is as the app
 * has it): apply them, put the person's own edit on top, and send that with `basedOn: revision`. Where a change has brought
 * a later revision while the answer was on its way, leave the values out and send the edit on that. Nothing was taken.
 */
export class Stale extends Schema.TaggedError<Stale>()(
  "Stale",
  { message: Schema.String, revision: Schema.Int, values: Values },
  { httpApiStatus: 409 },
) {}

/** Sending it again as it is will not help. Nothing was taken. */
export class Invalid extends Schema.TaggedError<Invalid>()(
  "Invalid",
  { message: Schema.String, problems: Schema.Array(Problem) },
  { httpApiStatus: 422 },
) {}

/**
 * The journal was restored from a backup: what the app has seen since is of a history that is lost. Drop what is still to be
 * sent, forget all revisions, send every record as it is now (`basedOn: null`; a 409 tells what the journal holds: send
 * the app's own values again, on its revision) and a DELETE for each that was deleted, `POST ready`, and only then follow
 * again, without a position. Nothing is written to the app until `ready`; revisions of before mean nothing after.
 */
export class Restored extends Schema.TaggedError<Restored>()(
  "Restored",
  { message: Schema.String },
  { httpApiStatus: 410 },
) {}

/** Nobody can say whether it was taken: send it again, with the same key, not before `retryAfterSeconds`. */
export class Unavailable extends Schema.TaggedError<Unavailable>()(
  "Unavailable",
  { message: Schema.String, retryAfterSeconds: Schema.Finite },
  { httpApiStatus: 503 },
) {}

/** Whom the token speaks for. */
export class AppConnection extends Context.Service<
  AppConnection,
  { readonly tenant: string; readonly connection: string }
>()("@concordat/api/app/AppConnection") {}

export class AppAuthorisation extends HttpApiMiddleware.Service<
  AppAuthorisation,
  { provides: AppConnection; requires: never }
>()("@concordat/api/app/AppAuthorisation", {
  requiredForClient: true,
  security: { bearer: HttpApiSecurity.bearer },
  error: [Unauthorised, Unavailable],
}) {}

/** Says what is wrong with a request whose shape is not the contract's. */
export class AppInput extends HttpApiMiddleware.Service<AppInput>()("@concordat/api/app/AppInput", {
  error: Invalid,
}) {}

const connection = { tenant: Schema.String, connection: Schema.String }
const record = { ...connection, object: Schema.String, id: Schema.String }
/** The same key and the same body: taken once. Unique per edit, 1 to 200 characters. */
const headers = { "idempotency-key": Schema.String }

/**
 * A missing field stays as it is; `null` empties. `custom.<name>` is a field of the app's own. Of a record that was not
 * there before (its first edit, by PUT or as a row of a batch, and the first one after its deletion) nothing stays as it is:
 * a field that is missing there is empty, and gets what other systems have. A missing `custom.<name>` is unknown until it is
 * named. Records that Concordat created (`cc-…`) were there before.
 */
export const Edit = Schema.Struct({
  values: Values,
  /**
   * The record's revision that the app last saw, in an answer or in a change; null: none yet. The answer to a DELETE shows nothing of
   * it: a record that is taken back is as it was last seen before.
   */
  basedOn: Schema.NullOr(Schema.Int),
  /** When the edit was made, ms since 1970 by the app's clock. */
  stamp: Schema.optionalKey(Schema.Finite),
  /**
   * Who has made the edit; absent: a person. What the product's own code makes of a value that was written to it is `automation`:
   * a field that answers our writes so more than three times in a row is quarantined there and listed, and not written for ever.
   */
  by: Schema.optionalKey(Schema.Literals(["person", "automation"])),
})

export const Row = Schema.Struct({ object: Schema.String, id: Schema.String, key: Schema.String, ...Edit.fields })
const of = { object: Schema.String, id: Schema.String }
/** One for each row, in the order of the rows: a row that is refused holds up no other. */
export const RowResult = Schema.Union([
  Schema.Struct({ ...of, status: Schema.Literal(200), revision: Schema.Int }),
  Schema.Struct({ ...of, status: Schema.Literal(409), revision: Schema.Int, values: Values }),
  Schema.Struct({ ...of, status: Schema.Literal(422), problems: Schema.Array(Problem) }),
])
export type RowResult = typeof RowResult.Type

/** What Concordat wrote into a record of the app's. `revision` is what the next edit of the record is based on. */
export const Change = Schema.Struct({
  object: Schema.String,
  id: Schema.String,
  /** Concordat's own id of the contact, company, deal or activity. */
  entity: Schema.String,
  revision: Schema.Int,
  /** Only what was written; for `archive` empty. */
  values: Values,
  kind: Schema.Literals(["create", "update", "archive"]),
  /** Names the write: a change that comes again has the same key. */
  key: Schema.String,
})
export type Change = typeof Change.Type

export const Changes = Schema.Struct({
  /** Keep it with what it brought, and ask for what comes `after` it. */
  position: Schema.String,
  changes: Schema.Array(Change),
})

const taken = Schema.Struct({ revision: Schema.Int })
const refusals = [Stale, Invalid, Unavailable] as const

export class AppGroup extends HttpApiGroup.make("app")
  .add(
    HttpApiEndpoint.put("put", "/:object/:id", {
      params: record,
      headers,
      payload: Edit,
      success: taken,
      error: refusals,
    }),
    HttpApiEndpoint.delete("remove", "/:object/:id", {
      params: record,
      headers,
      success: taken,
      error: [Invalid, Unavailable],
    }),
    HttpApiEndpoint.post("batch", "/batch", {
      params: connection,
      payload: Schema.Struct({ rows: Schema.Array(Row) }),
      success: Schema.Struct({ results: Schema.Array(RowResult) }),
      error: [Invalid, Unavailable],
    }),
    HttpApiEndpoint.post("ready", "/ready", {
      params: connection,
      success: HttpApiSchema.NoContent,
      error: Unavailable,
    }),
    HttpApiEndpoint.get("changes", "/changes", {
      params: connection,
      query: {
        after: Schema.optionalKey(Schema.String),
        wait: Schema.optionalKey(Schema.Finite),
        limit: Schema.optionalKey(Schema.Int),
      },
      success: Changes,
      error: [Invalid, Restored, Unavailable],
    }),
  )
  .prefix("/v1/:tenant/:connection")
  .middleware(AppInput)
  .middleware(AppAuthorisation)
  .annotateMerge(
    OpenApi.annotations({
      title: "App",
      description: "The product's own records: put them, follow what was written to them.",
    }),
  ) {}

export class AppApi extends HttpApi.make("app-api")
  .add(AppGroup)
  .annotateMerge(OpenApi.annotations({ title: "Concordat, for the product", version: "1" })) {}
