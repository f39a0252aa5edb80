/** What can go wrong at a provider: a closed list, so that the engine alone decides what is tried again. */
import * as Schema from "effect/Schema"

/** Too many calls. `retryAfterMs` where the provider says; `scope` tells how much of the connection has to wait. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  retryAfterMs: Schema.NullOr(Schema.Finite),
  scope: Schema.Literals(["bucket", "connection", "day"]),
  bucket: Schema.NullOr(Schema.String),
}) {}
/** Credentials no longer work; a person has to authorise again. */
export class AuthLost extends Schema.TaggedError<AuthLost>()("AuthLost", { detail: Schema.String }) {}
/** Credentials work and lack a right: names the scope or right where the provider does. */
export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", { detail: Schema.String }) {}
/** No answer, 5xx, maintenance. `effect` is `unknown` when a write may have been taken. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", {
  detail: Schema.String,
  effect: Schema.Literals(["none", "unknown"]),
}) {}
/** The cursor is too old or foreign: start the walk of that object again. */
export class CursorExpired extends Schema.TaggedError<CursorExpired>()("CursorExpired", { object: Schema.String }) {}
/** The provider refuses the request as a whole (an unknown field, a model that is not installed). Not retried. */
export class RequestRefused extends Schema.TaggedError<RequestRefused>()("RequestRefused", {
  code: Schema.String,
  detail: Schema.String,
}) {}
/** The answer has a shape that nobody described: kept apart from refusals so that it is seen and not retried blindly. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { detail: Schema.String }) {}

export const Reason = Schema.Union([
  RateLimited,
  AuthLost,
  Forbidden,
  Unavailable,
  CursorExpired,
  RequestRefused,
  Unreadable,
])
export type Reason = typeof Reason.Type

export class ProviderError extends Schema.TaggedError<ProviderError>()("ProviderError", {
  provider: Schema.String,
  operation: Schema.String,
  reason: Reason,
}) {
  /** Faults of the connection that pass by themselves. */
  get transient(): boolean {
    return this.reason._tag === "RateLimited" || this.reason._tag === "Unavailable"
  }
  override get message(): string {
    const detail = "detail" in this.reason ? `: ${this.reason.detail}` : ""
    return `${this.provider} ${this.operation}: ${this.reason._tag}${detail}`
  }
}
