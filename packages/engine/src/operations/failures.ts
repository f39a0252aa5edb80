/** What can be wrong with an operator's question itself. */
import * as Schema from "effect/Schema"

export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {
  what: Schema.Literals(["tenant", "connection", "entity", "field", "conflict", "match", "merge", "refusal"]),
  id: Schema.String,
}) {
  override get message(): string {
    return `there is no ${this.what} ${this.id}`
  }
}
