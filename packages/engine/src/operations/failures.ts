/** What can be wrong with an operator's question itself. */
import * as Schema from "effect/Schema"

export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {
  what: Schema.Literals([
    "tenant",
    "connection",
    "entity",
    "field",
    "conflict",
    "match",
    "merge",
    "refusal",
    "quarantine",
    "tombstone",
  ]),
  id: Schema.String,
}) {
  override get message(): string {
    return `there is no ${this.what} ${this.id}`
  }
}

/** The request names what is there, and would change nothing, or not what was meant. */
export class NotApplicable extends Schema.TaggedError<NotApplicable>()("NotApplicable", { detail: Schema.String }) {
  override get message(): string {
    return this.detail
  }
}
