/** Why nothing can be verified. */
import * as Schema from "effect/Schema"

export class VerificationImpossible extends Schema.TaggedError<VerificationImpossible>()("VerificationImpossible", {
  detail: Schema.String,
}) {
  override get message(): string {
    return this.detail
  }
}
