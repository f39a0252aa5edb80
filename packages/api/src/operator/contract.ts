/** The operator's HTTP API: questions about a tenant's sync and requests to change its course. */
import { Metadata } from "@concordat/model/metadata"
import { NAME } from "@concordat/model/streams"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { Invalid, NotApplicable, NotFound, NotRunning, StoreUnavailable, Unauthorized } from "./failures.ts"
import { Accepted, Request } from "./requests.ts"
import {
  Conflicts,
  EntityType,
  Explanation,
  Issues,
  IssueKind,
  Links,
  Matches,
  Plan,
  Requested,
  Tailed,
  TenantStatus,
  Waiting,
  WaitingKind,
} from "./views.ts"

/** `Authorization: Bearer <operator token>`. */
export class OperatorToken extends HttpApiMiddleware.Service<OperatorToken>()("@concordat/api/OperatorToken", {
  requiredForClient: true,
  security: { bearer: HttpApiSecurity.bearer },
  error: Unauthorized,
}) {}

/** Says what is wrong with a request that is none: a member that is missing, or can't be that. */
export class OperatorInput extends HttpApiMiddleware.Service<OperatorInput>()("@concordat/api/OperatorInput", {
  error: Invalid,
}) {}

const Name = Schema.String.check(Schema.isPattern(NAME, { expected: "a name of a-z, 0-9 and _" }))
const tenant = { tenant: Name }
const connection = { tenant: Name, connection: Name }
/** Rows of a list in one page. */
export const MOST_LISTED = 1_000

const page = {
  after: Schema.optional(Schema.String),
  /** 100 where nothing is said. */
  limit: Schema.optional(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MOST_LISTED }, { expected: `1 to ${MOST_LISTED}` })),
  ),
}
const ofConnection = { ...page, connection: Schema.optional(Name) }
const error = [NotFound, StoreUnavailable]
const ofPlace = [Invalid, ...error]

export class OperatorGroup extends HttpApiGroup.make("operator")
  .add(
    HttpApiEndpoint.get("tenants", "/tenants", { success: Schema.Array(Schema.String), error: StoreUnavailable }),
    HttpApiEndpoint.get("status", "/tenants/:tenant/status", { params: tenant, success: TenantStatus, error }),
    HttpApiEndpoint.get("plan", "/tenants/:tenant/connections/:connection/plan", {
      params: connection,
      success: Plan,
      error,
    }),
    HttpApiEndpoint.get("metadata", "/tenants/:tenant/connections/:connection/metadata", {
      params: connection,
      success: Schema.NullOr(Metadata),
      error,
    }),
    HttpApiEndpoint.post("backfill", "/tenants/:tenant/connections/:connection/backfill", {
      params: connection,
      success: HttpApiSchema.Accepted,
      error: [NotFound, NotRunning, StoreUnavailable],
    }),
    HttpApiEndpoint.post("request", "/tenants/:tenant/requests", {
      params: tenant,
      payload: Request,
      success: Accepted,
      error: [NotApplicable, NotFound, StoreUnavailable],
    }),
    HttpApiEndpoint.get("requested", "/tenants/:tenant/requests", {
      params: tenant,
      query: page,
      success: Requested,
      error: ofPlace,
    }),
    HttpApiEndpoint.get("conflicts", "/tenants/:tenant/conflicts", {
      params: tenant,
      query: ofConnection,
      success: Conflicts,
      error,
    }),
    HttpApiEndpoint.get("matches", "/tenants/:tenant/matches", {
      params: tenant,
      query: ofConnection,
      success: Matches,
      error,
    }),
    HttpApiEndpoint.get("issues", "/tenants/:tenant/issues", {
      params: tenant,
      query: { ...ofConnection, kind: Schema.optional(IssueKind) },
      success: Issues,
      error,
    }),
    HttpApiEndpoint.get("waiting", "/tenants/:tenant/waiting", {
      params: tenant,
      query: { ...ofConnection, kind: Schema.optional(WaitingKind) },
      success: Waiting,
      error: ofPlace,
    }),
    HttpApiEndpoint.get("links", "/tenants/:tenant/links", {
      params: tenant,
      query: { ...page, type: Schema.optional(EntityType) },
      success: Links,
      error,
    }),
    HttpApiEndpoint.get("explain", "/tenants/:tenant/entities/:type/:id/explanation", {
      params: { ...tenant, type: EntityType, id: Schema.String },
      query: { field: Schema.optional(Schema.String) },
      success: Explanation,
      error,
    }),
    HttpApiEndpoint.get("tail", "/tenants/:tenant/events", {
      params: tenant,
      /** A position, `start`, or `end` (what comes from now on), which is the default. */
      query: { after: Schema.optional(Schema.String) },
      success: HttpApiSchema.StreamSse({ data: Tailed, error: StoreUnavailable }),
      error: ofPlace,
    }),
  )
  .prefix("/operator")
  .middleware(OperatorInput)
  .middleware(OperatorToken)
  .annotateMerge(
    OpenApi.annotations({ title: "Operator", description: "How the sync does, and what to do about it" }),
  ) {}

export class OperatorApi extends HttpApi.make("concordat-operator")
  .add(OperatorGroup)
  .annotateMerge(OpenApi.annotations({ title: "Concordat, for its operators", version: "1" })) {}
