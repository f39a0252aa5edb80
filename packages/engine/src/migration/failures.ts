/** Why a tenant's journal is not moved. */
import * as Schema from "effect/Schema"

/** The target holds something that the source does not hold at that place. Nothing is changed there. */
export class TenantDiffers extends Schema.TaggedError<TenantDiffers>()("TenantDiffers", {
  tenant: Schema.String,
  stream: Schema.String,
  revision: Schema.Int,
  /** What is wrong, to be read after the place. */
  detail: Schema.String,
}) {
  override get message(): string {
    return `${this.stream}@${this.revision} ${this.detail}: the target holds another history of ${this.tenant}`
  }
}
