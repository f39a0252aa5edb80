/** What can be wrong with an operator's question itself. */
import * as Schema from "effect/Schema"

/** Names listed in one message: more would be no answer any more. */
const SHOWN = 20

const listed = (there: ReadonlyArray<string>): string => {
  if (there.length === 0) return ""
  const sorted = [...new Set(there)].toSorted()
  const more = sorted.length > SHOWN ? ` and ${sorted.length - SHOWN} more` : ""
  return `; there ${sorted.length === 1 ? "is" : "are"}: ${sorted.slice(0, SHOWN).join(", ")}${more}`
}

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
  /** What there is instead, in any order; empty: nothing, or too much to name. */
  there: Schema.Array(Schema.String),
}) {
  override get message(): string {
    return `there is no ${this.what} ${this.id}${listed(this.there)}`
  }
}

/** The request names what is there, and would change nothing, or not what was meant. */
export class NotApplicable extends Schema.TaggedError<NotApplicable>()("NotApplicable", { detail: Schema.String }) {
  override get message(): string {
    return this.detail
  }
}

/** An argument of a question is nothing that it could be. */
export class Invalid extends Schema.TaggedError<Invalid>()("Invalid", {
  field: Schema.String,
  value: Schema.String,
  /** What is wrong and what is allowed, to be read after the field and its value. */
  detail: Schema.String,
}) {
  override get message(): string {
    return `${this.field} ${this.value} ${this.detail}`
  }
}
