/** What the operator's API answers when it can't do as asked. */
import * as Schema from "effect/Schema"
import { Problem } from "../problems.ts"

/** `detail` says the same in words, with what there is instead. */
export class NotFound extends Schema.TaggedError<NotFound>()(
  "NotFound",
  { what: Schema.String, id: Schema.String, detail: Schema.String },
  { httpApiStatus: 404 },
) {
  override get message(): string {
    return this.detail
  }
}

/** Something in the request is nothing that it could be. `problems`: each with its field, what stands there, what could. */
export class Invalid extends Schema.TaggedError<Invalid>()(
  "Invalid",
  { problems: Schema.Array(Problem) },
  { httpApiStatus: 400 },
) {
  override get message(): string {
    return this.problems.map(({ field, message, value }) => `${field} ${value} ${message}`.trim()).join("; ")
  }
}

/** No token, or not the operator's. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {}, { httpApiStatus: 401 }) {
  override get message(): string {
    return "the operator token is missing or wrong"
  }
}

/** The store can't answer now: the same question later may. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()(
  "StoreUnavailable",
  { detail: Schema.String },
  { httpApiStatus: 503 },
) {
  override get message(): string {
    return `the store does not answer: ${this.detail}`
  }
}

/** The connection is known and nothing works on it in this process. */
export class NotRunning extends Schema.TaggedError<NotRunning>()(
  "NotRunning",
  { connection: Schema.String },
  { httpApiStatus: 409 },
) {
  override get message(): string {
    return `no worker runs for ${this.connection}: it is not in the configuration of this process`
  }
}

/** What is asked for would change nothing, or can't be: `detail` says why. */
export class NotApplicable extends Schema.TaggedError<NotApplicable>()(
  "NotApplicable",
  { detail: Schema.String },
  { httpApiStatus: 409 },
) {
  override get message(): string {
    return this.detail
  }
}
